"""Alerts as evidence: what is remembered of them, what comes too late, and what resolves by itself."""

from datetime import timedelta

import pytest

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.effects import Op
from muster.domain.evolve import ALERTS_ROOM
from muster.domain.lifecycle import Phase
from muster.domain.plan import plan
from muster.domain.policy import Alerts, Policy
from muster.domain.record import PART_BYTES, export
from muster.domain.severity import Severity
from tests.domain.life import Life, alert

S1, S2, S3, S4 = Severity
MACHINE = "automation:alertmanager"
BY_ITSELF = Policy(alerts=Alerts(resolve_after="10m"))


def test_an_alert_that_comes_after_the_end_is_given_back_to_its_service() -> None:
    life = Life(S3)
    life.must(c.Resolve)
    assert life.phase is Phase.CLOSED
    life.report(alert("Late", at=life.now))
    unheard = life.state.facts[-1]
    assert isinstance(unheard, f.AlertsUnheard)
    (told,) = plan(life.state, unheard, life.policy)
    assert (told.op, told.body.event, told.body.service) == (Op.SERVICE_TELL, "unheard", "web")


def test_what_it_knew_or_what_has_stopped_is_not_given_back() -> None:
    life = Life(S3, alerts=(alert("Known"),))
    life.must(c.Resolve)
    facts = len(life.state.facts)
    life.report(alert("Known"), alert("Stopped", firing=False))
    assert len(life.state.facts) == facts


def test_all_that_fires_is_remembered_and_what_has_stopped_goes_first() -> None:
    life = Life(S2)
    room = ALERTS_ROOM // alert("0000").weight
    firing = [f"f{index}" for index in range(room // 2)]
    stopped = [f"s{index}" for index in range(room)]
    for names, is_firing in ((firing, True), (stopped, True), (stopped, False)):
        for start in range(0, len(names), 100):
            life.report(*(alert(name, firing=is_firing) for name in names[start : start + 100]))
            life.state = life.state.model_copy(update={"facts": ()})
    assert set(firing) <= set(life.state.alerts)
    assert stopped[-1] in life.state.alerts
    assert stopped[0] not in life.state.alerts


def test_the_record_is_exported_in_notes_that_a_tracker_takes() -> None:
    life = Life(S2)
    summary = "x" * 1_000
    for index in range(20):
        batch = [
            alert(f"a{index}.{one}").model_copy(update={"summary": summary}) for one in range(100)
        ]
        life.report(*batch)
    notes = [one.body.text for one in export(life.state)]
    assert len(notes) > 5
    assert max(map(len, notes)) < PART_BYTES + 200_000
    lines = [line for note in notes for line in note.splitlines()[1:]]
    assert lines == [fact.model_dump_json() for fact in life.state.facts]


def test_what_fires_when_it_is_reopened_belongs_to_it() -> None:
    life = Life(S2, alerts=(alert("Mine"),))
    life.report(alert("Mine", firing=False))
    life.must(c.Resolve)
    life.report(alert("Other", at=life.now))
    assert not life.state.alerts["Other"].linked
    life.must(c.Reopen, reason="it is the same")
    assert life.state.alerts["Other"].linked


def test_what_has_stopped_while_it_was_closed_holds_no_clock_after_it_was_reopened() -> None:
    life = Life(S3, alerts=(alert("A"), alert("B")))
    life.must(c.Resolve)
    assert life.phase is Phase.CLOSED
    life.must(c.Reopen, reason="it fails again")
    life.report(alert("B"))
    assert [one.name for one in life.state.counting()] == ["B"]
    assert life.state.alerts["B"].linked
    life.report(alert("B", firing=False))
    life.must(c.Resolve)
    assert life.state.closes_at is not None


@pytest.mark.parametrize(("severity", "phase"), [(S3, Phase.CLOSED), (S4, Phase.CLOSED)])
def test_what_only_machines_have_touched_resolves_by_itself_where_policy_lets_it(
    severity: Severity, phase: Phase
) -> None:
    life = Life(severity, policy=BY_ITSELF, actor=MACHINE, alerts=(alert("A"),))
    life.report(alert("A", firing=False))
    assert life.after("9m").phase is Phase.ACTIVE
    assert life.after("1m").phase is phase


@pytest.mark.parametrize("severity", [S1, S2])
def test_an_s1_or_s2_never_resolves_by_itself(severity: Severity) -> None:
    life = Life(severity, policy=BY_ITSELF, actor=MACHINE, alerts=(alert("A"),))
    life.report(alert("A", firing=False))
    assert life.after("5h").phase is Phase.ACTIVE


def test_neither_by_default_nor_once_a_person_has_touched_it_nor_while_something_fires() -> None:
    default = Life(S3, actor=MACHINE, alerts=(alert("A"),))
    touched = Life(S3, policy=BY_ITSELF, actor=MACHINE, alerts=(alert("A"),))
    touched.must(c.AddNote, text="I look into it")
    for life in (default, touched):
        life.report(alert("A", firing=False))
        assert life.after("5h").phase is Phase.ACTIVE
    again = Life(S3, policy=BY_ITSELF, actor=MACHINE, alerts=(alert("A"),))
    again.report(alert("A", firing=False))
    again.report(alert("A", at=again.now + timedelta(seconds=1)))
    assert again.after("5h").phase is Phase.ACTIVE


def test_a_service_that_joins_makes_the_imoc_confirm_the_rating() -> None:
    life = Life(S2)
    absorbed = {
        "duplicate": 43,
        "duplicate_workflow": "incident-43",
        "severity": S2,
        "declared_at": life.now,
        "wait_owed": True,
    }
    life.must(c.Absorb, **absorbed, services=("web",))
    assert "confirmation_asked" not in life.kinds()
    life.must(c.Absorb, **absorbed, services=("db",))
    assert life.kinds().count("confirmation_asked") == 1


def test_once_resolved_with_a_wait_it_is_no_false_alarm_any_more() -> None:
    life = Life(S2)
    life.must(c.Resolve)
    life.must(c.Reopen, reason="it fails again")
    assert life.refused(c.Cancel, reason="to get it closed").code == "wait_begun"
    life.must(c.Resolve)
    life.after("30m").must(c.Reopen, reason="something else")
    life.must(c.Cancel, reason="a false alarm this time")
