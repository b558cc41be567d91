"""The promises with the one function that judges each."""

from collections.abc import Callable, Iterator

from tests.chaos.checker import (
    acknowledged,
    answers,
    failures,
    gathering,
    looks,
    objects,
    order,
    outages,
    rules,
    timers,
    trail,
)
from tests.chaos.checker.evidence import Evidence, Finding

PROMISES: dict[int, tuple[str, Callable[[Evidence], Iterator[Finding]]]] = {
    1: ("nothing acknowledged is lost, doubled or reordered", acknowledged.judge),
    2: ("one live object per intent, every surplus retired", objects.judge),
    3: ("updates reach each audience in order", order.judge),
    4: ("no timer is early, lost, or late by more than the plan allows", timers.judge),
    5: ("a dead provider blocks no incident and no other provider", outages.judge),
    6: ("the 3-hour rule is exact, the 30-minute rule has no way around", rules.judge),
    7: ("no failed task or workflow; numbers without gap or reuse", failures.judge),
    9: ("a human is answered, or told that it is recorded", answers.judge),
    10: ("every change says who, whence, by what and when", trail.judge),
    11: ("one alert group makes one incident", gathering.judge),
    14: ("the auditor looks every two minutes", looks.judge),
}

ELSEWHERE: dict[int, str] = {
    8: "tests/chaos/test_deploy.py::test_a_deploy_and_a_rollback_in_a_stability_wait_lose_and_double_nothing",
    12: "tests/security/test_canaries.py::test_no_canary_is_found_after_incidents_in_which_everything_fails",
    13: "tests/starter/test_cli_forgotten.py::test_it_is_shown_as_its_record_has_it",
}
"""Promises of which a run like this shows nothing, with the test that does."""


def judge(evidence: Evidence) -> dict[int, list[Finding]]:
    """Return what breaks each promise."""
    return {number: list(judged(evidence)) for number, (_, judged) in PROMISES.items()}
