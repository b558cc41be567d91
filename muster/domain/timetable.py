"""Timetables: who is on call at each instant, as far as it is known ahead."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple


class Shift(NamedTuple):
    """One person on call from ``start`` until just before ``end``, both in UTC."""

    start: datetime
    end: datetime
    person: str


class Stretch(NamedTuple):
    """A time in which the same people are on call; nobody, where there are none."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


class Timetable:
    """Shifts of one layer, laid out: an answer is one look into a sorted list."""

    def __init__(self, shifts: Iterable[Shift] = ()) -> None:
        """Lay the shifts out; where they overlap, all are on call, the longest there first."""
        self._from: list[datetime] = []
        self._people: list[tuple[str, ...]] = []
        for at, people in _laid_out(shifts):
            self._from.append(at)
            self._people.append(people)

    def at(self, instant: datetime) -> tuple[str, ...]:
        """Return who is on call at this instant."""
        place = bisect_right(self._from, instant)
        return self._people[place - 1] if place else ()

    def change(self, instant: datetime) -> datetime | None:
        """Return when who is on call changes next."""
        place = bisect_right(self._from, instant)
        return self._from[place] if place < len(self._from) else None

    def between(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield the stretches of a time, without a hole; the outer ones are cut at its ends."""
        inner = self._from[bisect_right(self._from, start) : bisect_left(self._from, end)]
        cuts = (start, *inner, end)
        for since, until in pairwise(cuts):
            yield Stretch(since, until, self.at(since))

    def gaps(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield when nobody is on call."""
        return (one for one in self.between(start, end) if not one.people)

    def overridden(self, shift: Shift) -> "Timetable":
        """Return the timetable in which for the time of this shift nobody but its person is on call."""
        changed = Timetable()
        before = bisect_left(self._from, shift.start)
        behind = bisect_right(self._from, shift.end)
        changed._from = [*self._from[:before], shift.start, shift.end, *self._from[behind:]]
        changed._people = [
            *self._people[:before],
            (shift.person,),
            self.at(shift.end),
            *self._people[behind:],
        ]
        return changed


def _laid_out(shifts: Iterable[Shift]) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Yield each instant at which who is on call changes, with those who are from then on."""
    edges = [
        (at, begins, place, shift.person)
        for place, shift in enumerate(sorted(shifts))
        for at, begins in ((shift.start, True), (shift.end, False))
    ]
    there: dict[int, str] = {}
    last: tuple[str, ...] = ()
    for at, changes in groupby(sorted(edges), key=itemgetter(0)):
        for _, begins, place, person in changes:
            if begins:
                there[place] = person
            else:
                there.pop(place, None)
        people = tuple(dict.fromkeys(there.values()))
        if people != last:
            last = people
            yield at, people
