"""Reads turns and iCalendar texts into shifts; the recurrences are unfolded by ``recurring_ical_events``."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import recurring_ical_events
from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, Event, vRecur

from muster.domain.rotation import Turns
from muster.domain.timetable import Shift

MOST = 200_000
"""Shifts of one source at most."""
NAMED = 20
"""So many of the names that nobody has are kept."""
_FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LIMITS = {
    "INTERVAL": (1, 1_000),
    "COUNT": (1, 100_000),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
}
_WORDED = frozenset({"FREQ", "UNTIL", "BYDAY", "WKST"})
_BETWEEN = re.compile(r"\s+[-\u2013]\s+|[:,;()\[\]<>]")
"""What stands between the names of a summary such as ``On call: Ana Alves - api``."""
_MARGIN = timedelta(days=2)
"""A day's event and a floating time begin at another instant in each zone."""
_NEXT = timedelta(days=400)
"""How far behind the time asked for the next handover is looked for, which ends its last turn."""


class Unreadable(Exception):
    """Turns or a calendar that do not do; the message names the place."""


class Read(NamedTuple):
    """What a source says: its shifts, and the summaries of events that name nobody we know."""

    shifts: list[Shift]
    unknown: list[str]


def turns(found: Turns, timezone: str, since: datetime, until: datetime) -> list[Shift]:
    """Return the shifts of written turns from ``since`` to ``until``. Raises Unreadable."""
    if found.every is None or found.start is None:
        return [Shift(since, until, person) for person in found.members]
    start = found.start.replace(tzinfo=ZoneInfo(timezone))
    handovers = sorted(_handovers(found.every, start, until + _NEXT))
    if not handovers:
        return []  # it begins later than anybody asks
    members = found.members
    shifts = (
        Shift(
            at,
            min(following, at + found.lasts) if found.lasts else following,
            members[n % len(members)],
        )
        for n, (at, following) in enumerate(pairwise((*handovers, _last(found, handovers, until))))
    )
    return list(_within(shifts, since, until))


def _last(found: Turns, handovers: list[datetime], until: datetime) -> datetime:
    """Return when the last turn known ends: a rule that comes to its end leaves it to the last of the members."""
    return max(until, handovers[-1] + (found.lasts or timedelta(0)))


def _handovers(rule: str, start: datetime, until: datetime) -> Iterator[datetime]:
    event = Event()
    event.add("uid", "turns")
    event.add("dtstart", start)
    event.add("rrule", _rule(rule, "every"))
    if next(iter(rrulestr(rule, dtstart=start)), None) != start:
        raise Unreadable(f"start: {start:%Y-%m-%d %H:%M} is no handover of {rule}")
    calendar = Calendar()
    calendar.add_component(event)
    for one in _unfolded(calendar, start, until):
        yield one.start.astimezone(UTC)


def _rule(text: str, place: str) -> vRecur:
    try:
        rule: vRecur = vRecur.from_ical(text)
    except ValueError as error:
        raise Unreadable(f"{place}: {text}: {error}") from None
    _sound(rule, place)
    return rule


def _sound(rule: Mapping[str, Any], place: str) -> None:
    """Refuse what no shift recurs by, and what would never end or never happen."""
    frequency = str(next(iter(rule.get("FREQ", ())), "none"))
    if frequency not in _FREQUENCIES:
        raise Unreadable(f"{place}: FREQ={frequency} must be one of {', '.join(_FREQUENCIES)}")
    for part, values in rule.items():
        if part in _WORDED:
            continue
        if part not in _LIMITS:
            raise Unreadable(f"{place}: {part} is no part of a recurrence rule")
        low, high = _LIMITS[part]
        for value in values if isinstance(values, list) else [values]:
            if not (low <= int(value) <= high) or (low < 0 and int(value) == 0):
                raise Unreadable(f"{place}: {part}={value} must be from {low} to {high}")


def calendar(
    text: str, timezone: str, names: Mapping[str, str], since: datetime, until: datetime
) -> Read:
    """Return the shifts of a calendar's events; ``names`` gives the handle of a name in lower case. Raises Unreadable."""
    try:
        found = Calendar.from_ical(text)
    except (ValueError, IndexError) as error:
        raise Unreadable(f"is no iCalendar text: {_short(error)}") from None
    for event in found.walk("VEVENT"):
        _checked(event)
    shifts: list[Shift] = []
    unknown: dict[str, None] = {}
    for event in _unfolded(found, since - _MARGIN, until + _MARGIN):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        people = _people(event, names)
        if not people and len(unknown) < NAMED:
            unknown[str(event.get("SUMMARY", "an event without a summary"))[:200]] = None
        start, end = (_instant(at, timezone) for at in (event.start, event.end))
        shifts += (Shift(start, end, person) for person in people)
    return Read(list(_within(shifts, since, until)), list(unknown))


def _checked(event: Component) -> None:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        _sound(rule, f"event {event.get('UID', 'without a UID')}: RRULE")


def _unfolded(calendar: Calendar, since: datetime, until: datetime) -> Iterator[Any]:
    try:
        for count, event in enumerate(recurring_ical_events.of(calendar).between(since, until)):
            if count >= MOST:
                raise Unreadable(f"has more than {MOST:,} events")
            yield event
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Unreadable(f"cannot be unfolded: {_short(error)}") from None


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _instant(at: date, timezone: str) -> datetime:
    """Return the instant; a day begins at midnight of the rotation's zone, and a floating time is its wall clock."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - it gets its zone below
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def _people(event: Component, names: Mapping[str, str]) -> list[str]:
    """Return the handles of its attendees, or, where none is known, of those whom its summary names."""
    invited = event.get("ATTENDEE", [])
    addresses = [
        str(one).lower().removeprefix("mailto:")
        for one in (invited if isinstance(invited, list) else [invited])
    ]
    summary = str(event.get("SUMMARY", "")).lower()
    called = [summary.strip(), *(part.strip() for part in _BETWEEN.split(summary))]
    found = [names[one] for one in addresses if one in names]
    return list(dict.fromkeys(found or [names[one] for one in called if one in names]))


def _within(
    shifts: Iterator[Shift] | list[Shift], since: datetime, until: datetime
) -> Iterator[Shift]:
    """Yield the shifts as far as they lie within a time."""
    for one in shifts:
        start, end = max(one.start, since), min(one.end, until)
        if start < end:
            yield Shift(start, end, one.person)
