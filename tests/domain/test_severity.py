"""Rules 1 and 4: rating, confirmation, and the upgrade window."""

from datetime import timedelta

import pytest

from muster.domain import commands as c
from muster.domain.deadlines import deadlines, overdue
from muster.domain.deciding import Decision
from muster.domain.severity import Severity, highest, parse
from tests.domain.life import START, Life

S1, S2, S3, S4 = Severity
BEFORE = c.Predecessor(number=41, severity=S3, closed_at=START - timedelta(hours=1))


@pytest.mark.parametrize("text", ["S1", "s1", "sev1", "SEV1", "1", " s1 ", "sev-1", "severity 1"])
def test_a_severity_is_read_in_every_usual_spelling(text: str) -> None:
    assert parse(text) is S1


@pytest.mark.parametrize("text", ["S5", "", "0", "high", "S11", "1 2", None])
def test_anything_else_is_an_error_that_names_what_is_allowed(text: object) -> None:
    with pytest.raises(ValueError, match="S1, S2, S3, S4"):
        parse(text)


def test_in_doubt_the_higher_one_holds() -> None:
    assert highest(S3, S1, S4) is S1


@pytest.mark.parametrize(
    ("declared", "becomes", "predecessor"),
    [(S1, S1, None), (S2, S2, 41), (S3, S2, 41), (S4, S4, None)],
)
def test_a_declaration_in_an_open_window(
    declared: Severity, becomes: Severity, predecessor: int | None
) -> None:
    life = Life(declared, number=None)
    life.tell(c.Registered(number=42, predecessor=BEFORE))
    assert life.state.severity is becomes
    assert life.state.predecessor == predecessor
    assert ("upgraded" in life.kinds()) is (predecessor is not None)


@pytest.mark.parametrize("severity", list(Severity))
def test_without_a_predecessor_nothing_is_upgraded(severity: Severity) -> None:
    assert Life(severity).state.severity is severity


@pytest.mark.parametrize("raised", [S3, S2])
def test_an_s4_of_the_window_that_is_raised_later_becomes_s2_likewise(raised: Severity) -> None:
    life = Life(S4, number=None)
    life.tell(c.Registered(number=42, predecessor=BEFORE))
    life.after("5h").must(c.ChangeSeverity, severity=raised, reason="worse than thought")
    assert life.state.severity is S2
    assert life.state.predecessor == 41
    assert "after #41" in life.state.severity_reason


def test_lowering_an_upgraded_incident_stays() -> None:
    life = Life(S3, number=None)
    life.tell(c.Registered(number=42, predecessor=BEFORE))
    life.must(c.ChangeSeverity, severity="S3", reason="it really is small")
    assert life.state.severity is S3
    life.must(c.ChangeSeverity, severity="S4", reason="cosmetic")
    life.must(c.ChangeSeverity, severity="S3", reason="acceptable workaround")
    assert life.state.severity is S3


def test_an_s3_that_fails_again_after_its_closing_becomes_s2() -> None:
    life = Life(S3)
    life.must(c.Resolve)
    life.after("1h").must(c.Reopen, reason="down again")
    assert life.state.severity is S2
    assert life.state.worst is S2


def test_an_s3_closed_by_mistake_stays_s3() -> None:
    life = Life(S3)
    life.must(c.Resolve)
    life.after("1h").must(c.Reopen, reason="wrong number", closed_by_mistake=True)
    assert life.state.severity is S3


def test_anyone_raises_with_a_reason_and_only_the_imoc_lowers() -> None:
    life = Life(S2)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.ChangeSeverity, "ben", severity="S1", reason="data loss")
    asked = life.must(c.ChangeSeverity, "ben", severity="S3", reason="all fine")
    assert asked.result.outcome == "requested"
    assert life.state.severity is S1
    assert life.state.requests == ("muster severity 42 S3 --reason 'all fine'",)
    life.must(c.ChangeSeverity, "ana", severity="S3", reason="all fine")
    assert life.state.severity is S3
    assert not life.state.requests


def test_without_an_imoc_lowering_is_done_and_kept_for_the_next_one() -> None:
    life = Life(S1)
    life.must(c.ChangeSeverity, "ben", severity="S3", reason="all fine")
    assert life.state.severity is S3
    assert life.state.for_next_imoc == ("ben: lower to S3: all fine",)
    life.must(c.AssignRole, role="imoc", person="ana")
    assert not life.state.for_next_imoc


def test_the_imoc_is_asked_to_confirm_every_thirty_minutes_and_an_unanswered_rating_stands() -> (
    None
):
    life = Life(S3)
    life.must(c.ChangeSeverity, severity="S1", reason="worse")
    life.after("30m")
    assert life.kinds().count("confirmation_asked") == 1
    life.after("30m")
    asked = [fact for fact in life.state.facts if fact.kind == "confirmation_asked"]
    assert [one.unanswered for one in asked] == [False, True]
    life.must(c.ChangeSeverity, severity="S1", reason="still so")
    assert not life.state.confirm_asked
    assert life.after("29m").kinds().count("confirmation_asked") == 2


def late(life: Life) -> list[str]:
    return [f"{one.kind}: {one.text}" for one in overdue(life.state)]


def test_an_imoc_who_was_just_asked_is_not_late() -> None:
    life = Life(S1)
    life.must(c.AssignRole, role="imoc", person="ana")
    due = next(one for one in deadlines(life.state, life.policy) if one.kind == "confirm")
    assert due.text == "IMOC is asked: is it still S1?"
    assert not late(life.after("29m"))
    assert late(life.after("1m")) == ["confirm: IMOC has not confirmed S1"]
    life.must(c.ChangeSeverity, severity="S1", reason="still so")
    assert not late(life)


def test_who_takes_over_is_asked_anew_and_is_not_late_for_another() -> None:
    life = Life(S1)
    life.must(c.AssignRole, role="imoc", person="ana")
    assert late(life.after("30m"))
    life.must(c.AssignRole, role="imoc", person="ben")
    asked = [fact for fact in life.state.facts if fact.kind == "confirmation_asked"]
    assert [one.unanswered for one in asked] == [False, True, False]
    assert not late(life.after("29m"))
    assert late(life.after("1m"))


@pytest.mark.parametrize("end", [c.Cancel, c.Resolve])
def test_nobody_is_late_for_what_is_over(end: type[c.Command]) -> None:
    life = Life(S1)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.after("30m").must(end, **({"reason": "a test"} if end is c.Cancel else {}))
    assert not late(life)


def test_a_raise_takes_the_sooner_of_what_is_left_and_the_new_interval() -> None:
    life = Life(S3)
    life.must(c.ChangeSeverity, severity="S3", reason="confirmed")
    assert life.state.confirm_at == START + timedelta(hours=2)
    life.after("110m").must(c.ChangeSeverity, severity="S1", reason="worse")
    assert life.state.confirm_at == START + timedelta(hours=2)


def test_the_same_command_twice_counts_once_and_is_answered_alike() -> None:
    life = Life(S3)
    command = c.ChangeSeverity(command_id="same", actor="ana", severity="S2", reason="worse")
    first, facts = life.tell(command), life.state.facts
    second = life.tell(command)
    assert isinstance(first, Decision)
    assert isinstance(second, Decision)
    assert second.result == first.result
    assert not second.facts
    assert life.state.facts == facts
