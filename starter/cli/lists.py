"""Many incidents, one a line; and the timeline of one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from starter.cli.answers import SEVERITY_STYLES, headline
from starter.cli.page import Row, cut, inert, width
from starter.cli.times import length, parsed, shown

Document = dict[str, Any]


def incidents(entries: Iterable[Document], now: datetime, columns: int) -> Iterator[Row]:
    """Yield one line for each incident: what, where, since when."""
    for entry in entries:
        since = parsed(entry.get("declared_at"))
        age = f"{length(now - since)} ago" if since else ""
        service = inert(entry.get("service") or "")
        told = " · ".join(part for part in (service, age, _ended(entry, now)) if part)
        room = columns - width(told) - 2
        style = SEVERITY_STYLES.get(str(entry.get("severity")), "")
        yield Row(f"{cut(headline(entry), max(room, 30))}  {told}", style=style)


def _ended(entry: Document, now: datetime) -> str:
    closed = entry.get("closed_at")
    return f"ended {shown(closed, now)}" if closed else ""


def timeline(entries: Iterable[Document], now: datetime) -> Iterator[Row]:
    """Yield the timeline, the oldest first; its text is not cut."""
    for entry in entries:
        yield moment(entry, now)


def moment(entry: Document, now: datetime) -> Row:
    """Return one line of the timeline."""
    at = shown(entry["at"], now, seconds=True)
    return Row(f"{at}  {inert(entry['actor'])}: {inert(entry['text'])}", whole=True)
