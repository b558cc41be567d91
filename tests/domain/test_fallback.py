"""What people are told to do while a provider is down."""

import pytest

from muster.domain.effects import Op, Receipt
from muster.domain.fallback import meanwhile
from muster.domain.policy import Fallback, Policy
from muster.domain.render import card
from muster.domain.severity import Severity
from tests.domain.life import Life

PLACES = Fallback(bridge="+1 555 0100", channel="irc #ops")


@pytest.mark.parametrize(
    ("op", "begins"),
    [
        (Op.CONFERENCE_OPEN, "meet at +1 555 0100"),
        (Op.CHAT_SAY, "talk in irc #ops"),
        (Op.TRACKER_NOTE, "go on with muster note"),
        (Op.STATUS_POST, "it goes out once"),
    ],
)
def test_each_provider_has_a_way_to_go_on_without_it(op: Op, begins: str) -> None:
    assert meanwhile(op, PLACES).startswith(begins)


@pytest.mark.parametrize("op", [Op.CONFERENCE_OPEN, Op.CHAT_SAY, Op.LEDGER_RECORD])
def test_nothing_is_promised_that_policy_does_not_have(op: Op) -> None:
    assert meanwhile(op, Fallback()) == ""


def test_the_card_says_where_to_meet_until_the_bridge_stands() -> None:
    state, policy = Life(Severity.S1).state, Policy(fallback=PLACES)
    assert ("Meet at", "+1 555 0100") in card(state, policy, lambda _: None).fields
    bridge = Receipt(id="1", link="https://zoom.test/1")
    assert "Meet at" not in dict(card(state, policy, lambda _: bridge).fields)
