"""Many incidents, one a line; and the timeline of one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from starter.cli.answers import SEVERITY_STYLES, headline
from starter.cli.page import Row, cut, inert, width
from starter.cli.times import length, parsed, shown

Document = dict[str, Any]


def incidents(entries: Iterable[Document], now: datetime, columns: int) -> Iterator[Row]:
    """Yield one line for each incident: what, where, since when or until when."""
    for entry in entries:
        service = cut(inert(entry.get("service") or ""), columns // 5)
        told = " · ".join(part for part in (service, _when(entry, now)) if part)
        room = columns - width(told) - 2
        style = SEVERITY_STYLES.get(str(entry.get("severity")), "")
        yield Row(f"{cut(headline(entry), max(room, 18))}  {told}", style=style)


def _when(entry: Document, now: datetime) -> str:
    if closed := entry.get("closed_at"):
        return f"ended {shown(closed, now)}"
    since = parsed(entry.get("declared_at"))
    return f"{length(now - since)} ago" if since else ""


def staleness(entries: Iterable[Document]) -> list[Row]:
    """Return the word that this may be old, where no worker has answered."""
    told = "No worker answers (muster worker starts one); search knows this, it may be old"
    return [Row(told, style="yellow")] if any(entry.get("stale") for entry in entries) else []


def timeline(entries: Iterable[Document], now: datetime) -> Iterator[Row]:
    """Yield the timeline, the oldest first; its text is not cut."""
    for entry in entries:
        yield moment(entry, now)


def moment(entry: Document, now: datetime) -> Row:
    """Return one line of the timeline."""
    at = shown(entry["at"], now, seconds=True)
    return Row(f"{at}  {inert(entry['actor'])}: {inert(entry['text'])}", whole=True)
