"""A probe is no incident: it takes no number, asks nobody, does nothing outside, and ends by itself."""

from datetime import timedelta
from typing import Any

import pytest

from muster.domain import commands as c
from muster.domain.deadlines import PROBE_LASTS, deadlines
from muster.domain.effects import Op
from muster.domain.ledger_windows import standing
from muster.domain.lifecycle import Phase
from muster.domain.plan import plan
from tests.domain.ledger_desk import Desk, registration
from tests.domain.life import Life, alert
from workflows.face import attributes


def probe(**more: Any) -> Life:
    life = Life(number=None, probe=True, **more)
    life.tell(c.Registered(number=7))
    return life


def test_the_ledger_answers_it_and_gives_the_number_to_the_next_incident() -> None:
    desk = Desk()
    first = desk.register(registration("a"))
    before = desk.state
    answer = desk.register(registration("p", key="k").model_copy(update={"probe": True}))
    assert desk.state == before
    assert [one.number for one in standing(desk.state, desk.now)] == [1]
    second = desk.register(registration("b"))
    assert [first.number, answer.number, second.number] == [1, 2, 2]


def test_it_has_no_number_and_says_that_the_ledger_has_answered() -> None:
    life = probe()
    assert (life.state.number, life.state.registered) == (None, True)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (c.AssignRole, {"role": "imoc", "person": "ana"}),
        (c.PostUpdate, {"message": "x", "to": ("end-users",)}),
        (c.AddNote, {"text": "x"}),
        (c.ChangeSeverity, {"severity": "S1", "reason": "x"}),
        (c.Resolve, {}),
        (c.Merge, {"into": 3, "into_workflow": "incident-3"}),
        (c.ReportAlerts, {"alerts": (alert(),)}),
    ],
)
def test_it_takes_no_command_but_its_cancellation(
    command: type[c.Command], fields: dict[str, Any]
) -> None:
    assert probe().refused(command, **fields).code == "probe"


def test_it_asks_nobody_and_ends_by_itself() -> None:
    life = probe()
    assert [one.kind for one in deadlines(life.state, life.policy)] == ["probe"]
    life.after(PROBE_LASTS - timedelta(seconds=1))
    assert life.phase is Phase.ACTIVE
    life.after("1s")
    assert life.kinds()[-1] == "cancelled"
    assert deadlines(life.state, life.policy) == ()


def test_all_that_it_does_outside_is_to_ask_the_ledger() -> None:
    life = probe(alerts=(alert(),))
    life.must(c.Cancel, reason="over")
    effects = [one for fact in life.state.facts for one in plan(life.state, fact, life.policy)]
    assert [one.op for one in effects] == [Op.LEDGER_REGISTER]


def test_search_does_not_find_it() -> None:
    assert list(attributes(probe().state)) == []
