"""The promises with the one function that judges each."""

from collections.abc import Callable, Iterator

from tests.chaos.checker import (
    acknowledged,
    failures,
    gathering,
    objects,
    order,
    rules,
    timers,
    trail,
)
from tests.chaos.checker.evidence import Evidence, Finding

PROMISES: dict[int, tuple[str, Callable[[Evidence], Iterator[Finding]]]] = {
    1: ("nothing acknowledged is lost, doubled or reordered", acknowledged.judge),
    2: ("one live object per intent, every surplus retired", objects.judge),
    3: ("updates reach each audience in order", order.judge),
    4: ("no timer is early, lost, or late by more than 10 s", timers.judge),
    6: ("the 3-hour rule is exact, the 30-minute rule has no way around", rules.judge),
    7: ("no failed task or workflow; numbers without gap or reuse", failures.judge),
    10: ("every change says who, whence, by what and when", trail.judge),
    11: ("one alert group makes one incident", gathering.judge),
}


def judge(evidence: Evidence) -> dict[int, list[Finding]]:
    """Return what breaks each promise."""
    return {number: list(judged(evidence)) for number, (_, judged) in PROMISES.items()}
