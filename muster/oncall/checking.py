"""What is wrong with the rotations ahead of time: gaps, calendars that cannot be had, one person for two roles."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from muster.domain.policy import Policy
from muster.domain.timetable import Stretch
from muster.oncall.roster import Laid, Problem, Roster, named

SHOWN = 20
"""So many of one kind are named for a rotation; the others are counted."""


def problems(
    policy: Policy, roster: Roster, now: datetime, ahead: timedelta
) -> tuple[Problem, ...]:
    """Return what would else be found at three in the morning, rotation by rotation."""
    until = now + ahead
    found: list[Problem] = []
    for name, laid in roster.rotations.items():
        found += laid.problems
        found += _few(name, _gaps(laid, now, until))
    found += _few("cmoc", _both(roster, now, until))
    found += _past(policy, now)
    return tuple(found)


def _few(name: str, texts: Iterable[str]) -> list[Problem]:
    every = [Problem(name, text) for text in texts]
    more = [Problem(name, f"and {len(every) - SHOWN} more of these")] if len(every) > SHOWN else []
    return every[:SHOWN] + more


def _gaps(laid: Laid, now: datetime, until: datetime) -> Iterator[str]:
    """Yield each time in which a layer has nobody."""
    for number, layer in enumerate(laid.layers, start=1):
        for gap in layer.gaps(now, until):
            yield f"layer {number} has nobody {_span(gap)}"


def _both(roster: Roster, now: datetime, until: datetime) -> Iterator[str]:
    """Yield each time in which the first layers have one and the same person as IMOC and as CMOC, who can be only one."""
    leads, speaks = roster.rotations.get("imoc"), roster.rotations.get("cmoc")
    if leads is None or speaks is None:
        return
    first, second = leads.layers[0], speaks.layers[0]
    for start, end in pairwise(_cuts(first.between(now, until), second.between(now, until))):
        people = first.at(start)
        if len(people) == 1 and people == second.at(start):
            yield f"{people[0]} is up for IMOC too {_span(Stretch(start, end, people))}"


def _cuts(*tables: Iterable[Stretch]) -> list[datetime]:
    return sorted({at for table in tables for one in table for at in (one.start, one.end)})


def _past(policy: Policy, now: datetime) -> Iterator[Problem]:
    """Yield the overrides that are over: they do no harm, and hide those that count."""
    for name, rotation in named(policy.oncall):
        zone = ZoneInfo(rotation.timezone)
        for override in rotation.overrides:
            ended = override.ends.replace(tzinfo=zone)
            if ended <= now:
                yield Problem(name, f"the override to {override.person} is over since {_at(ended)}")


def _span(gap: Stretch) -> str:
    return f"from {_at(gap.start)} to {_at(gap.end)}"


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
