"""A hundred thousand incidents neither grow the ledger nor are forgotten: without a server."""

import random
from datetime import timedelta

from muster.domain import ledger_rules as rules
from muster.domain.ledger import LedgerState
from muster.domain.severity import Severity
from tests.domain.ledger_desk import Desk, registration

MANY, ALL = 20_000, 100_000
"""So many incidents each time, and with ``--full``."""
STEP = timedelta(minutes=5)


def live(desk: Desk, number: int) -> None:
    """Declare one incident, and close the one before."""
    desk.now += STEP
    answer = desk.register(registration(str(number), at=desk.now, key=f"key-{number}"))
    assert answer.number == number
    if number > 1:
        desk.tell(rules.close, desk.known(number - 1))
    if number % 1_000 == 0:
        desk.tell(rules.record, desk.known(number - 900).model_copy(update={"tracker": "late"}))


def test_a_hundred_thousand_incidents(full: bool) -> None:
    desk, count = Desk(), ALL if full else MANY
    largest = 0
    for number in range(1, count + 1):
        live(desk, number)
        largest = max(largest, desk.state.carried)
    assert largest <= desk.state.limits.entries + 2
    text = desk.state.model_dump_json()
    assert len(text) < 500_000, "a quarter of a payload"
    assert LedgerState.model_validate_json(text) == desk.state
    nothing_is_forgotten(desk, count)


def nothing_is_forgotten(desk: Desk, count: int) -> None:
    """Look up every thousandth number and some others, by number and by key."""
    some = random.Random(1).sample(range(1, count), 500)  # noqa: S311 - nothing is secret here
    chosen = {*range(1, count, 1_000), *some, count}
    for number in sorted(chosen):
        assert desk.known(number).title == f"{number} is broken"
        asked = registration(key=f"key-{number}", at=desk.now, first_run="run-2")
        assert desk.register(asked).number == number
    assert sum(len(page.entries) for page in desk.pages.values()) >= count - 602
    assert max(len(page.entries) for page in desk.pages.values()) <= 1_000
    assert desk.state.next_number == count + 1
    assert list(desk.state.open) == [count]


def test_a_storm_stays_inside_a_payload() -> None:
    """Twelve thousand close within one window: more than fits, and the oldest closings give way."""
    desk = Desk()
    for number in range(1, 12_001):
        desk.now += timedelta(milliseconds=500)
        desk.register(registration(str(number), Severity.S2, desk.now))
        desk.tell(rules.close, desk.known(number))
    assert desk.state.carried <= desk.state.limits.flood
    late = desk.register(registration("late", at=desk.now))
    assert late.predecessor
    assert late.predecessor.number == 12_000
    assert desk.known(1).number == 1
