"""Rule 3: the stability wait, its clock, and what breaks it."""

from datetime import timedelta

import pytest

from muster.domain import commands as c
from muster.domain.alerts import Alert
from muster.domain.deciding import Decision
from muster.domain.lifecycle import Phase
from muster.domain.policy import Alerts, Definition, Policy, Regression, Severities
from muster.domain.severity import Severity
from tests.domain.life import START, Life, alert

S1, S2, S3, S4 = Severity


def fired(life: Life, name: str = "HighErrorRate") -> Alert:
    return alert(name, at=life.now)


def stopped(one: Alert) -> Alert:
    return one.model_copy(update={"firing": False})


@pytest.mark.parametrize("severity", [S1, S2])
@pytest.mark.parametrize(("waited", "phase"), [("1799s", Phase.RESOLVED), ("30m", Phase.CLOSED)])
def test_s1_and_s2_close_after_thirty_minutes_and_not_before(
    severity: Severity, waited: str, phase: Phase
) -> None:
    life = Life(severity)
    life.must(c.Resolve)
    assert life.state.closes_at == life.now + timedelta(minutes=30)
    assert life.after(waited).phase is phase


@pytest.mark.parametrize("severity", [S3, S4])
def test_s3_and_s4_close_at_resolution(severity: Severity) -> None:
    life = Life(severity)
    life.must(c.Resolve)
    assert life.phase is Phase.CLOSED


def test_policy_can_give_s3_a_wait_too() -> None:
    waits = Severities(
        S3=Definition(name="n", users="u", service="s", performance="p", stability="10m")
    )
    life = Life(S3, policy=Policy(severity=waits))
    life.must(c.Resolve)
    assert life.after("599s").phase is Phase.RESOLVED
    assert life.after("1s").phase is Phase.CLOSED


def test_lowering_before_resolve_does_not_lift_the_wait() -> None:
    life = Life(S1)
    life.must(c.ChangeSeverity, severity="S4", reason="not so bad")
    life.must(c.Resolve)
    assert life.phase is Phase.RESOLVED
    assert life.after("1799s").phase is Phase.RESOLVED


def test_lowering_in_the_wait_does_not_lift_it_and_raising_does_not_restart_it() -> None:
    life = Life(S2)
    life.must(c.Resolve)
    life.after("10m").must(c.ChangeSeverity, severity="S4", reason="smaller than thought")
    life.after("10m").must(c.ChangeSeverity, severity="S1", reason="data loss found")
    assert life.after("599s").phase is Phase.RESOLVED
    assert life.after("1s").phase is Phase.CLOSED


def test_raising_a_short_wait_lengthens_it_from_where_it_began() -> None:
    waits = Severities(
        S3=Definition(name="n", users="u", service="s", performance="p", stability="10m")
    )
    life = Life(S3, policy=Policy(severity=waits))
    life.must(c.Resolve)
    life.after("9m").must(c.ChangeSeverity, severity="S1", reason="data loss found")
    assert life.after("20m").phase is Phase.RESOLVED
    assert life.after("1m").phase is Phase.CLOSED


def test_an_alert_that_still_fires_at_resolve_holds_the_clock_and_is_named() -> None:
    life = Life(S1, alerts=(alert(),))
    answer = life.must(c.Resolve)
    assert "HighErrorRate" in answer.result.message
    assert life.state.closes_at is None
    assert life.after("2h").phase is Phase.RESOLVED
    life.report(stopped(alert()))
    assert life.state.closes_at == life.now + timedelta(minutes=30)
    assert life.after("30m").phase is Phase.CLOSED


def test_an_alert_of_the_incident_that_fires_again_at_minute_29_takes_it_back_to_active() -> None:
    life = Life(S1, alerts=(alert(),))
    life.report(stopped(alert()))
    life.must(c.Resolve)
    life.after("29m").report(fired(life))
    assert life.phase is Phase.ACTIVE
    assert life.after("1h").phase is Phase.ACTIVE
    life.report(
        stopped(fired(life)).model_copy(
            update={"starts_at": life.state.alerts["HighErrorRate"].starts_at}
        )
    )
    life.must(c.Resolve)
    assert life.after("1799s").phase is Phase.RESOLVED
    assert life.after("1s").phase is Phase.CLOSED


def test_another_alert_on_the_service_stops_the_clock_and_asks() -> None:
    life = Life(S1)
    life.must(c.Resolve)
    life.after("20m").report(fired(life, "DiskFull"))
    assert life.phase is Phase.RESOLVED
    assert life.state.closes_at is None
    assert "clock_stopped" in life.kinds()
    life.must(c.Resolve, despite="DiskFull", reason="another team's disk")
    assert life.after("1799s").phase is Phase.RESOLVED
    assert life.after("1s").phase is Phase.CLOSED


def test_policy_can_let_any_alert_break_the_wait() -> None:
    life = Life(S1, policy=Policy(alerts=Alerts(regression=Regression.ANY)))
    life.must(c.Resolve)
    life.after("20m").report(fired(life, "DiskFull"))
    assert life.phase is Phase.ACTIVE


def test_an_alert_heard_of_late_that_fired_before_resolve_is_no_regression() -> None:
    life = Life(S1, alerts=(alert(),))
    life.report(stopped(alert()))
    life.after("1m").must(c.Resolve)
    late = alert("HighErrorRate", at=START + timedelta(seconds=30))
    life.after("1s").report(late)
    assert life.phase is Phase.RESOLVED
    assert life.state.closes_at is None


def test_an_alert_set_aside_counts_again_when_it_fires_anew() -> None:
    life = Life(S1, alerts=(alert(),))
    life.must(c.Resolve, despite="HighErrorRate", reason="known noise")
    assert life.state.closes_at is not None
    life.after("5m").report(fired(life))
    assert life.phase is Phase.ACTIVE


def test_despite_needs_a_firing_alert_and_names_those_that_fire() -> None:
    life = Life(S1, alerts=(alert(),))
    refusal = life.refused(c.Resolve, despite="Other", reason="noise")
    assert refusal.field == "despite"
    assert "HighErrorRate" in refusal.message


def test_a_delivery_twice_or_out_of_order_changes_nothing() -> None:
    life = Life(S1, alerts=(alert(),))
    newer = alert(at=START + timedelta(minutes=5))
    life.after("6m").report(newer)
    life.report(stopped(newer))
    before = life.state.alerts
    for repeated in (newer, stopped(newer), alert(), stopped(alert())):
        verdict = life.report(repeated)
        assert isinstance(verdict, Decision)
        assert not verdict.facts
    assert life.state.alerts == before


@pytest.mark.parametrize("mistake", [True, False])
def test_reopening_a_closed_incident_owes_a_new_wait(mistake: bool) -> None:
    life = Life(S1)
    life.must(c.Resolve)
    assert life.after("30m").phase is Phase.CLOSED
    life.must(c.Reopen, reason="it fails again", closed_by_mistake=mistake)
    assert life.phase is Phase.ACTIVE
    life.must(c.Resolve)
    assert life.after("1799s").phase is Phase.RESOLVED


def test_reopening_in_the_wait_takes_the_clock_to_zero_and_keeps_what_is_owed() -> None:
    life = Life(S1)
    life.must(c.ChangeSeverity, severity="S3", reason="smaller")
    life.must(c.Resolve)
    life.after("29m").must(c.Reopen, reason="errors are back")
    life.must(c.Resolve)
    assert life.after("1799s").phase is Phase.RESOLVED


def test_a_cancel_or_merge_is_refused_once_a_wait_has_begun() -> None:
    life = Life(S1)
    life.must(c.Resolve)
    assert life.refused(c.Cancel, reason="false alarm").code == "wrong_phase"
    assert life.refused(c.Merge, into=1, into_workflow="incident-0").code == "wrong_phase"


def test_a_closed_incident_can_be_reopened_for_three_hours_inclusive() -> None:
    life = Life(S4)
    life.must(c.Resolve)
    life.tell(c.ClosingRecorded(closed_at=life.now))
    life.after("3h").must(c.AddNote, text="still here")
    life.after("1s")
    assert life.state.window_ended
    assert life.refused(c.Reopen, reason="too late").code == "ended"


def test_a_late_word_on_an_earlier_closing_is_not_taken_for_the_last_one() -> None:
    life = Life(S4)
    life.must(c.Resolve)
    life.must(c.Reopen, reason="failed again")
    life.must(c.Resolve)
    life.tell(c.ClosingRecorded(closed_at=life.now, life=0))
    assert not life.state.closing_recorded
    life.tell(c.ClosingRecorded(closed_at=life.now, life=1))
    assert life.state.closing_recorded


def test_the_window_does_not_end_before_the_ledger_has_recorded_the_closing() -> None:
    life = Life(S2)
    life.must(c.Resolve)
    life.after("30m").after("9h")
    assert not life.state.window_ended
    life.tell(c.ClosingRecorded(closed_at=life.now))
    assert not life.after("3h").state.window_ended
    assert life.after("1s").state.window_ended
