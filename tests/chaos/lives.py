"""The lives that incidents are to have: scripts drawn from the seed, before anything runs."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.dice import dice as draw
from tests.chaos.plan import Plan

AUDIENCES = ("end-users", "estaff", "support", "employees")
PEOPLE = ("ana", "ben", "cem", "dana")
SEVERITIES = ("S1", "S2", "S3", "S4")
HOWS = ("plain", "keyed", "webhook", "signal")
_HOW_WEIGHTS = (4, 4, 2, 1)


@dataclass(frozen=True)
class Step:
    """One thing that is done to an incident, after a pause."""

    pause: float
    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    """One incident: how it is declared, and what the main and the side sender do to it."""

    index: int
    how: str
    workflow_id: str
    declaration: dict[str, Any]
    copies: int
    """How often the declaration is sent at the same time."""
    start_after: float
    main: tuple[Step, ...]
    side: tuple[Step, ...]

    @property
    def service(self) -> str:
        """Return the service, which is this incident's alone."""
        return str(self.declaration["service"])


def token(index: int, serial: int) -> str:
    """Return the mark by which a text is found again at the vendors."""
    return f"(t{index}.{serial})"


def lives(plan: Plan) -> Iterator[Life]:
    """Yield the lives of a plan."""
    for index in range(plan.incidents):
        yield _life(plan, index, draw(plan.seed, f"life/{index}"))


def _life(plan: Plan, index: int, dice: random.Random) -> Life:
    how = dice.choices(HOWS, _HOW_WEIGHTS)[0]
    key = f"key-{plan.seed}-{index}" if how == "keyed" else None
    declaration = {
        "title": f"incident {index} of seed {plan.seed}",
        "severity": dice.choices((*SEVERITIES, None), (2, 3, 4, 2, 1))[0],
        "service": f"service-{index}",
        "declared_by": dice.choice(PEOPLE),
        "source": "chaos",
        **({"key": key} if key else {}),
    }
    serials = iter(range(1, 1_000))
    return Life(
        index=index,
        how=how,
        workflow_id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        declaration=declaration,
        copies=dice.choice((1, 2, 4)),
        start_after=dice.uniform(0, 3),
        main=tuple(_main(plan, index, dice, serials)),
        side=tuple(_talk(index, dice, serials, dice.randint(1, 2))),
    )


def _main(plan: Plan, index: int, dice: random.Random, serials: Iterator[int]) -> Iterator[Step]:
    yield Step(dice.uniform(0, 1), "assign_role", {"role": "imoc", "person": "ana"})
    yield from _talk(index, dice, serials, dice.randint(1, 3))
    if dice.random() < 0.4:
        yield _rating(dice)
    if dice.random() < 0.5:
        yield Step(0, "assign_role", {"role": "ocit", "person": dice.choice(("ben", "cem"))})
    yield from _talk(index, dice, serials, dice.randint(1, 2))
    if dice.random() < 0.15:
        yield Step(dice.uniform(0, 1), "garbage")
    yield from dice.choices((_end_by_cancel, _end_by_merge, _end_by_resolve), (1, 1, 6))[0](
        plan, index, dice, serials
    )


def _talk(index: int, dice: random.Random, serials: Iterator[int], count: int) -> Iterator[Step]:
    for _ in range(count):
        mark = token(index, next(serials))
        pause = dice.uniform(0, 1.5)
        if dice.random() < 0.6:
            to = dice.sample(AUDIENCES, dice.randint(1, 3))
            message = f"Some requests fail {mark}"
            yield Step(pause, "post_update", {"message": message, "to": to})
        else:
            yield Step(pause, "add_note", {"text": f"looked at a graph {mark}"})


def _rating(dice: random.Random) -> Step:
    fields = {"severity": dice.choice(SEVERITIES), "reason": "by a second look"}
    return Step(dice.uniform(0, 1), "change_severity", fields)


def _end_by_cancel(
    _plan: Plan, _index: int, dice: random.Random, _serials: Iterator[int]
) -> Iterator[Step]:
    yield Step(dice.uniform(0, 1), "cancel", {"reason": "false alarm"})


def _end_by_merge(
    plan: Plan, index: int, dice: random.Random, _serials: Iterator[int]
) -> Iterator[Step]:
    other = (index + dice.randint(1, 3)) % plan.incidents
    yield Step(dice.uniform(0, 1), "merge", {"other": other})


def _end_by_resolve(
    plan: Plan, index: int, dice: random.Random, serials: Iterator[int]
) -> Iterator[Step]:
    yield Step(dice.uniform(0, 1), "resolve", {"message": "it is back"})
    span = plan.stability + plan.upgrade
    for _ in range(dice.choice((0, 1, 1, 2))):
        yield dice.choice((_way_around(dice), Step(0.2, "alerts_again"), Step(0.1, "redeclare")))
        fields = {"reason": "it fails again", "closed_by_mistake": dice.random() < 0.3}
        yield Step(dice.uniform(0, span), "reopen", fields)
        yield from _talk(index, dice, serials, 1)
        yield Step(dice.uniform(0, 1), "resolve")


def _way_around(dice: random.Random) -> Step:
    """Return an attempt to get past the stability wait, which must not be one."""
    return dice.choice(
        (
            Step(0.2, "change_severity", {"severity": "S4", "reason": "to get it closed"}),
            Step(0.2, "cancel", {"reason": "to get it closed"}),
            Step(0.2, "merge", {"other": 0}),
            Step(0.2, "resolve"),
        )
    )
