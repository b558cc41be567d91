"""The command most likely needed next, as an incident goes on."""

from typing import Any

from muster.domain import commands as c
from muster.domain.next_step import next_command
from muster.domain.severity import Severity
from tests.domain.life import Life, alert

S1, S2 = Severity.S1, Severity.S2


def following(life: Life) -> str:
    return next_command(life.state)


def led(severity: Severity = S2, **given: Any) -> Life:
    """Return an incident with IMOC and OCIT, whose IMOC was just asked for the rating."""
    life = Life(severity, **given)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AssignRole, role="ocit", person="ben")
    return life


def told(life: Life, **more: Any) -> None:
    life.must(c.PostUpdate, message="We look.", to=("support", "estaff"), **more)


def test_people_come_first_then_words_then_the_rating_then_the_end() -> None:
    life = Life(S1)
    assert following(life) == "muster assign 42 imoc me"
    life.must(c.AssignRole, role="imoc", person="ana")
    assert following(life) == "muster assign 42 ocit SOMEONE"
    life.must(c.AssignRole, role="ocit", person="ben")
    assert following(life) == 'muster update 42 "..." --to support --status investigating'
    told(life)
    assert following(life) == "muster assign 42 cmoc SOMEONE"
    life.must(c.AssignRole, role="cmoc", person="cem")
    assert following(life) == 'muster severity 42 S1 --reason "..."'
    life.must(c.ChangeSeverity, severity="S1", reason="still so")
    assert following(life) == 'muster resolve 42 --message "..."'


def test_a_rating_that_is_late_comes_before_words() -> None:
    life = led()
    assert following(life).startswith("muster update")
    assert following(life.after("30m")) == 'muster severity 42 S2 --reason "..."'


def test_a_promise_or_an_attempt_that_is_late_is_answered_first() -> None:
    life = led()
    told(life, next_at=life.now.replace(minute=10))
    life.must(c.AddNote, "eve", text="failing over", kind="trying", lasts=1_200)
    assert following(life.after("10m")) == 'muster update 42 "..." --to support,estaff'
    told(life)
    assert following(life.after("10m")) == 'muster note 42 "..." --tried --by eve'
    life.must(c.AddNote, "eve", text="no change", kind="tried")
    assert following(life) == 'muster severity 42 S2 --reason "..."'


def test_when_nothing_fires_any_more_the_rating_waits() -> None:
    life = led(alerts=(alert(),))
    told(life)
    assert following(life).startswith("muster severity")
    life.after("5m").report(alert(firing=False))
    assert following(life) == 'muster resolve 42 --message "..."'


def test_a_request_comes_before_all() -> None:
    life = led()
    life.must(c.Cancel, "ben", reason="a test")
    assert following(life) == "muster cancel 42 --reason 'a test'"


def test_the_end_is_told_once_and_to_whom_it_concerns() -> None:
    life = led()
    told(life)
    life.must(c.Resolve)
    assert following(life) == 'muster reopen 42 --reason "..."'
    life.after("30m")
    assert following(life) == 'muster update 42 "..." --to support,estaff --status resolved'
    told(life, status="resolved")
    assert following(life) == "muster timeline 42"


def test_nobody_is_told_the_end_of_what_nobody_heard_of() -> None:
    life = led()
    life.must(c.Resolve)
    assert following(life.after("30m")) == "muster timeline 42"


def test_without_a_number_it_is_the_workflow_id() -> None:
    life = Life(S2, number=None)
    assert following(life) == "muster assign incident-1 imoc me"
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.Cancel, "ben", reason="a test")
    assert following(life) == "muster cancel incident-1 --reason 'a test'"


def test_whom_a_private_one_tells_is_not_suggested() -> None:
    life = led()
    life.state = life.state.model_copy(update={"private": True})
    assert following(life) == 'muster severity 42 S2 --reason "..."'
