"""The ledger answers late: what an incident does without its number, and what the answer then changes."""

import pytest

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.effects import Effect, EffectState, Op
from muster.domain.evolve import born, evolve
from muster.domain.lifecycle import Phase
from muster.domain.naming import name_of
from muster.domain.plan import plan
from muster.domain.policy import Chat, Policy
from muster.domain.severity import Severity
from tests.domain.life import START, Life

S1, S2, S3, S4 = Severity
BEFORE = c.Predecessor(number=41, severity=S3, closed_at=START)
IN_WINDOW = c.Registered(number=42, predecessor=BEFORE)
OUTSIDE = c.Registered(number=42)


def test_a_resolved_s3_closes_only_once_the_ledger_has_said_that_it_is_no_s2() -> None:
    life = Life(S3, number=None)
    answer = life.must(c.Resolve)
    assert life.state.phase.value == "resolved"
    assert "ledger" in answer.result.message
    assert life.state.closes_at is None
    life.after("5h").tell(OUTSIDE)
    assert life.phase is Phase.CLOSED


def test_a_resolved_s3_that_the_ledger_makes_an_s2_owes_the_wait_from_its_resolution() -> None:
    life = Life(S3, number=None)
    life.must(c.Resolve)
    life.after("10m").tell(IN_WINDOW)
    assert (life.state.severity, life.state.predecessor) == (S2, 41)
    assert life.phase is Phase.RESOLVED
    assert life.after("19m").phase is Phase.RESOLVED
    assert life.after("1m").phase is Phase.CLOSED


def test_an_s2_in_its_wait_still_names_its_predecessor() -> None:
    life = Life(S2, number=None)
    life.must(c.Resolve)
    closes_at = life.state.closes_at
    life.after("10m").tell(IN_WINDOW)
    assert life.state.predecessor == 41
    assert life.state.closes_at == closes_at


@pytest.mark.parametrize("severity", [S1, S2, S4])
def test_others_close_without_the_ledgers_word(severity: Severity) -> None:
    life = Life(severity, number=None)
    life.must(c.Resolve)
    assert life.after("30m").phase is Phase.CLOSED


def test_one_that_was_lowered_by_a_person_stays_so_when_the_ledger_answers() -> None:
    life = Life(S2, number=None)
    life.must(c.ChangeSeverity, severity="S3", reason="a workaround is there")
    life.tell(IN_WINDOW)
    assert life.state.severity is S3
    life.must(c.ChangeSeverity, severity="S2", reason="it does not work")
    assert life.state.predecessor == 41


def test_reopening_one_without_a_number_names_no_number_as_its_cause() -> None:
    life = Life(S4, number=None)
    life.must(c.ChangeSeverity, severity="S3", reason="more of them")
    life.tell(OUTSIDE)
    life.must(c.Resolve)
    life.must(c.Reopen, reason="down again")
    assert life.state.severity_reason == "S2 by the 3-hour rule, failed again"
    assert life.state.predecessor is None
    upgraded = next(one for one in life.state.facts if isinstance(one, f.Upgraded))
    assert upgraded.own
    assert not any(one.op is Op.TRACKER_LINK for one in plan(life.state, upgraded, life.policy))


def test_services_hear_of_it_without_a_number_once_the_ledger_is_known_to_be_silent() -> None:
    life = Life(S2, number=None)
    silent = f.EffectChanged(
        at=life.now, key="incident-1/registration", title="number", state=EffectState.DEGRADED
    )
    told = [one for one in plan(life.state, silent, life.policy) if one.op is Op.SERVICE_TELL]
    assert [one.body.event for one in told] == ["opened"]


def test_a_closing_that_the_ledger_will_not_have_is_not_said_to_be_recorded() -> None:
    life = Life(S3)
    life.must(c.Resolve)
    life.tell(c.ClosingRecorded(closed_at=life.now, unrecorded=True))
    assert life.after("4h").state.window_ended
    confirmed = next(one for one in life.state.facts if isinstance(one, f.ClosingConfirmed))
    assert confirmed.unrecorded


def test_an_s3_asks_whether_it_is_the_same_as_an_s2_in_its_wait() -> None:
    from muster.domain.ratings import same_one

    waiting = c.OpenIncident(number=41, workflow_id="incident-41", severity=S2, phase="resolved")
    life = Life(S3, number=None)
    life.tell(c.Registered(number=42, others=(waiting,)))
    assert "muster merge 42 --into 41" in same_one(life.state)
    closed = waiting.model_copy(update={"phase": "closed"})
    life = Life(S3, number=None)
    life.tell(c.Registered(number=42, others=(closed,)))
    assert same_one(life.state) == ""


def asked(life: Life, *kinds: str) -> dict[str, tuple[str, ...]]:
    """Return the effects of these facts, planned as they happened: their names, and what each comes after."""
    declared, found = life.state.facts[0], list[Effect]()
    assert isinstance(declared, f.Declared)
    state = born(declared)
    for fact in life.state.facts[1:]:
        state = evolve(state, fact)
        if fact.kind in kinds:
            found += plan(state, fact, life.policy)
    return {name_of(one.key).partition(":")[0]: tuple(map(name_of, one.after)) for one in found}


HOUSED = Policy(chat=Chat(own_channel=True))


def test_one_that_closed_before_its_number_has_a_channel_since_it_may_be_reopened() -> None:
    life = Life(S4, number=None, policy=HOUSED)
    life.must(c.Resolve)
    assert life.phase is Phase.CLOSED
    life.tell(OUTSIDE)
    effects = asked(life, "number_given")
    assert "channel" in effects
    assert effects["sweep-chat"] == ("announce", "channel", "pin")


@pytest.mark.parametrize("numbered", [False, True])
def test_one_that_was_cancelled_before_its_number_has_none_and_its_doubles_are_found(
    numbered: bool,
) -> None:
    life = Life(S4, number=None, policy=HOUSED)
    life.must(c.Cancel, reason="no")
    if numbered:
        life.tell(OUTSIDE)
    effects = asked(life, "cancelled", "number_given")
    assert effects["sweep-chat"] == ("announce",)
    assert not {"channel", "archive"} & effects.keys()
