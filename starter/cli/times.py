"""Times and spans: as people write them, and as they are shown."""

import re
from datetime import UTC, datetime, time, timedelta

_SPAN = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY = timedelta(days=1)
LONGEST_TRYING = timedelta(days=7)
FARTHEST = timedelta(days=7)
LONGEST_AGO = timedelta(days=30)


def span(text: str) -> timedelta:
    """Return the span written as ``45s``, ``30m``, ``1h30m``. Raises ValueError."""
    if not _SPAN.fullmatch(text):
        message = "must be a duration such as 45s, 20m or 3h"
        raise ValueError(message)
    try:
        parts = [timedelta(**{_UNITS[unit]: float(size)}) for size, unit in _PART.findall(text)]
        return sum(parts, timedelta(0))
    except OverflowError:
        message = "is too long"
        raise ValueError(message) from None


def trying(text: str) -> float:
    """Return how many seconds something is tried. Raises ValueError."""
    lasts = span(text)
    if not timedelta(0) < lasts <= LONGEST_TRYING:
        message = "must be longer than nothing and at most 7d"
        raise ValueError(message)
    return lasts.total_seconds()


def ahead(text: str, now: datetime) -> datetime:
    """Return the time so far ahead, or the next of that clock time here. Raises ValueError."""
    at = moved(text, now, 1)
    if not now < at <= now + FARTHEST:
        message = "must be ahead, and at most 7d"
        raise ValueError(message)
    return at


def back(text: str, now: datetime) -> datetime:
    """Return the time so long ago, or the last of that clock time here. Raises ValueError."""
    at = moved(text, now, -1)
    if not now - LONGEST_AGO <= at <= now:
        message = "must not be ahead, and at most 30d ago"
        raise ValueError(message)
    return at


def moved(text: str, now: datetime, direction: int = 1) -> datetime:
    """Return the time so far ahead, or back, or the time that stands there. Raises ValueError."""
    written = text.strip()
    try:
        if _SPAN.fullmatch(written):
            return now + direction * span(written)
        if found := _CLOCK.fullmatch(written):
            return _clock(time(int(found[1]), int(found[2])), now, direction)
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        message = (
            "must be a duration such as 20m, a time such as 14:30, or a full time with its date"
        )
        raise ValueError(message) from None


def _clock(clock: time, now: datetime, direction: int) -> datetime:
    """Return the nearest instant in this direction at which a clock on the wall here shows this."""
    here = now.astimezone()
    for days in (0, direction, 2 * direction):
        day = (here + days * _DAY).date()
        at = datetime.combine(day, clock).astimezone(UTC)
        if (at - now) * direction > timedelta(0):
            return at
    return now


def wire(at: datetime) -> str:
    """Return the instant in RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parsed(text: str | None) -> datetime | None:
    """Return the instant that a message has."""
    return datetime.fromisoformat(text) if text else None


def shown(at: datetime | str | None, now: datetime, *, seconds: bool = False) -> str:
    """Return an instant as a clock here shows it, with UTC beside it where that differs."""
    instant = parsed(at) if isinstance(at, str) else at
    if instant is None:
        return "?"
    here, utc = instant.astimezone(), instant.astimezone(UTC)
    form = "%H:%M:%S" if seconds else "%H:%M"
    near = here.date() == now.astimezone().date()
    day = "" if near else f"{here:%Y-%m-%d} "
    if here.utcoffset() == timedelta(0):
        return f"{day}{utc.strftime(form)} UTC"
    other = "" if utc.date() == here.date() else f"{utc:%m-%d} "
    return f"{day}{here.strftime(form)} ({other}{utc.strftime(form)} UTC)"


def reopenable(until: str, now: datetime) -> str:
    """Return how long a closed incident can be reopened; the last instant is part of it."""
    over = (parsed(until) or now) < now
    return "can no longer be reopened" if over else f"can be reopened until {shown(until, now)}"


def length(span: timedelta) -> str:
    """Return a span in the two units that matter."""
    seconds = abs(round(span.total_seconds()))
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds} s"
    minutes = (seconds + 30) // 60
    hours = minutes // 60
    if not hours:
        return f"{minutes} min"
    if hours < 48:  # noqa: PLR2004 - two days
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h"
