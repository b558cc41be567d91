"""The roster: all rotations laid out ahead, so that who is on call is one look, at any instant of some years."""

import asyncio
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from muster.domain.policy import PersonRecord, Policy
from muster.domain.roles import Role
from muster.domain.rotation import OnCall, Override, Rotation, Turns
from muster.domain.stand_ins import SERVICE, Arranged
from muster.domain.timetable import Shift, Timetable
from muster.oncall.feeds import Feed, Feeds
from muster.oncall.unfolding import Source, Unfolded, unfold

BACK, AHEAD = timedelta(days=366), timedelta(days=4 * 366)
"""How far from now a roster knows who is on call."""


class Problem(NamedTuple):
    """What is wrong with a rotation, and where."""

    rotation: str
    text: str


@dataclass(frozen=True)
class Laid:
    """One rotation, laid out layer by layer; ``fed_at`` is the age of its oldest calendar."""

    layers: tuple[Timetable, ...]
    problems: tuple[Problem, ...] = ()
    fed_at: datetime | None = None

    def at(self, instant: datetime) -> tuple[tuple[str, ...], ...]:
        """Return who is on call on each layer."""
        return tuple(layer.at(instant) for layer in self.layers)


@dataclass(frozen=True)
class Roster:
    """All rotations by name: ``imoc``, ``cmoc``, ``ocit``, ``service:NAME``."""

    rotations: Mapping[str, Laid]
    since: datetime
    until: datetime

    def on_call(self, role: Role, service: str | None, at: datetime) -> tuple[tuple[str, ...], ...]:
        """Return who is on call for a role of an incident of this service, the first layer first."""
        found = self.rotations.get(self.rotation(role, service))
        return found.at(at) if found else ()

    def rotation(self, role: Role, service: str | None) -> str:
        """Return the name of the rotation that serves a role."""
        own = f"{SERVICE}{service}"
        return own if role is Role.OCIT and own in self.rotations else role.value


def named(oncall: OnCall) -> Iterator[tuple[str, Rotation]]:
    """Yield every rotation with its name."""
    for key, rotation in oncall.rotations():
        yield key[0] if len(key) == 1 else f"{SERVICE}{key[1]}", rotation


async def load(
    policy: Policy, feeds: Feeds, now: datetime, stand_ins: Sequence[Arranged] = ()
) -> Roster:
    """Read all rotations of a policy, with who stands in; what cannot be read is a problem, never an error."""
    today = now.replace(microsecond=0)  # shifts are of whole seconds
    span = today - BACK, today + AHEAD
    names, rotations = known_as(policy.people), dict(named(policy.oncall))
    wanted = _feeds(rotations.values())
    fetched = dict(zip(wanted, await asyncio.gather(*map(feeds.get, wanted)), strict=True))
    asked = [
        (name, turns, _source(rotation, turns, fetched, names, span))
        for name, rotation in rotations.items()
        for turns in rotation.turns
    ]
    unfolded = await _unfolded([source for _, _, source in asked])
    read: dict[str, list[tuple[Turns, Unfolded]]] = {name: [] for name in rotations}
    for (name, turns, _), found in zip(asked, unfolded, strict=True):
        read[name].append((turns, found))
    laid = {}
    for name, one in rotations.items():
        own = [stand_in for stand_in in stand_ins if stand_in.rotation == name]
        laid[name] = _stood_in(name, _laid(name, one, read[name], fetched), own, policy.people)
    return Roster(laid, *span)


def _stood_in(name: str, laid: Laid, stand_ins: Sequence[Arranged], people: Container[str]) -> Laid:
    """Return the rotation with those who stand in on it; the last one counts."""
    layers = list(laid.layers)
    problems = [text for one in stand_ins for text in _adrift(one, len(layers), people)]
    for one in stand_ins:
        if one.layer <= len(layers):
            shift = Shift(one.begins, one.ends, one.person)
            layers[one.layer - 1] = layers[one.layer - 1].overridden(shift)
    more = (Problem(name, text) for text in problems)
    return replace(laid, layers=tuple(layers), problems=(*laid.problems, *more))


def _adrift(one: Arranged, layers: int, people: Container[str]) -> Iterator[str]:
    """Yield what has changed in the policy under one who stands in."""
    if one.layer > layers:
        yield f"{one.person} stands in on layer {one.layer}, which it has no more"
    if one.person not in people:
        yield f"{one.person} stands in and is not in [people] any more"


async def _unfolded(sources: Sequence[Source]) -> list[Unfolded]:
    """Return what becomes of each: all that stands in policy in one process, and each calendar in one of its own."""
    written = [one for one in sources if one.turns is not None]
    calendars = [[one] for one in sources if one.turns is None]
    calls = (asyncio.to_thread(unfold, these) for these in (written, *calendars))
    ours, *theirs = await asyncio.gather(*calls)
    of_policy, of_calendars = iter(ours), (one for (one,) in theirs)
    return [next(of_calendars if one.turns is None else of_policy) for one in sources]


def known_as(people: Mapping[str, PersonRecord]) -> dict[str, str]:
    """Return the handle by each name, in lower case, under which a calendar may know a person; of namesakes by none."""
    names = [
        (name.lower(), handle)
        for handle, one in people.items()
        for name in dict.fromkeys((handle, one.name, one.email))
        if name
    ]
    owners = {name: {handle for one, handle in names if one == name} for name, _ in names}
    return {name: handle for name, handle in names if len(owners[name]) == 1}


def _feeds(rotations: Iterable[Rotation]) -> list[str]:
    return list(dict.fromkeys(turns.feed for one in rotations for turns in one.turns if turns.feed))


def _source(
    rotation: Rotation,
    turns: Turns,
    fetched: Mapping[str, Feed],
    names: Mapping[str, str],
    span: tuple[datetime, datetime],
) -> Source:
    source = Source(timezone=rotation.timezone, since=span[0], until=span[1])
    if turns.feed is None:
        return source.model_copy(update={"turns": turns})
    copied = fetched[turns.feed].copied
    return source.model_copy(update={"text": copied.text if copied else "", "names": names})


def _laid(
    name: str,
    rotation: Rotation,
    read: Sequence[tuple[Turns, Unfolded]],
    fetched: Mapping[str, Feed],
) -> Laid:
    layers = []
    for layer in range(1, rotation.layers() + 1):
        shifts = (shift for turns, one in read if turns.layer == layer for shift in one.timed())
        table = Timetable(shifts)
        for override in rotation.overrides:
            if override.layer == layer:
                table = table.overridden(_shift(override, rotation.timezone))
        layers.append(table)
    problems = tuple(Problem(name, text) for text in _problems(read, fetched))
    ages = (fetched[turns.feed].copied for turns, _ in read if turns.feed)
    fed_at = min((one.at for one in ages if one), default=None)
    return Laid(tuple(layers), problems, fed_at)


def _problems(read: Sequence[tuple[Turns, Unfolded]], fetched: Mapping[str, Feed]) -> Iterator[str]:
    for turns, one in read:
        where = f"feed {turns.feed}" if turns.feed else f"layer {turns.layer}"
        feed = fetched[turns.feed] if turns.feed else Feed()
        if feed.problem:
            since = (
                f"; what it said at {feed.copied.at:%Y-%m-%d %H:%M} UTC holds"
                if feed.copied
                else ""
            )
            yield f"{where}: {feed.problem}{since}"
        if one.error and (feed.copied or not turns.feed):
            yield f"{where}: {one.error}"
        for summary in one.unknown:
            yield f'{where}: "{summary}" names nobody of [people]'


def _shift(override: Override, timezone: str) -> Shift:
    zone = ZoneInfo(timezone)
    begins, ends = (
        at.replace(tzinfo=zone).astimezone(UTC) for at in (override.begins, override.ends)
    )
    return Shift(begins, ends, override.person)
