"""Rule 4 as the ledger applies it: in whose open upgrade window an incident was declared, and what stands beside it."""

from collections.abc import Iterator

from muster.domain.commands import OpenIncident, Predecessor
from muster.domain.ledger import LedgerEntry, LedgerState, Registration
from muster.domain.lifecycle import ENDED, OPEN, Phase
from muster.domain.model import Time
from muster.domain.policy import Scope
from muster.domain.severity import OPENS_WINDOW

OTHERS = 20
"""So many other incidents are shown to a new one."""


def predecessor(state: LedgerState, asked: Registration) -> Predecessor | None:
    """Return the latest to close of the incidents in whose open window this one was declared."""
    found = [one for one in _closings(state, asked) if one.severity in OPENS_WINDOW]
    return max(found, key=lambda one: (one.closed_at, one.number), default=None)


def _closings(state: LedgerState, asked: Registration) -> Iterator[Predecessor]:
    for entry in state.entries.values():
        has_closed = entry.closed_at is not None or entry.past
        if has_closed and entry.phase not in ENDED and _in_scope(entry, asked):
            yield from _current(entry, asked.declared_at)
            yield from _past(entry, asked.declared_at)


def _in_scope(entry: LedgerEntry, asked: Registration) -> bool:
    """No service at all is no service in common."""
    same = asked.service is not None and entry.service == asked.service
    return same or asked.scope is Scope.GLOBAL


def _current(entry: LedgerEntry, at: Time) -> Iterator[Predecessor]:
    closed_at = entry.closed_at
    if closed_at is not None and closed_at <= at <= closed_at + entry.window:
        yield Predecessor(number=entry.number, severity=entry.severity, closed_at=closed_at)


def _past(entry: LedgerEntry, at: Time) -> Iterator[Predecessor]:
    """Yield the closings before a reopening: an incident that was declared in between and asks late is in them."""
    for past in entry.past:
        if past.closed_at <= at <= past.closed_at + entry.window and at < past.reopened_at:
            yield Predecessor(
                number=entry.number, severity=past.severity, closed_at=past.closed_at
            )


def others(state: LedgerState, number: int, asked: Registration) -> tuple[OpenIncident, ...]:
    """Return what is open on the service and what closed in the last window, the newest first."""
    found: list[OpenIncident] = []
    for entry in reversed(state.entries.values()):
        if len(found) == OTHERS:
            break
        if entry.number != number and _concerns(entry, asked):
            found.append(_seen(entry))
    return tuple(found)


def _concerns(entry: LedgerEntry, asked: Registration) -> bool:
    if entry.phase in OPEN:
        return asked.service is None or entry.service == asked.service
    closed_at = entry.closed_at
    if entry.phase is not Phase.CLOSED or closed_at is None:
        return False
    return closed_at + asked.window >= asked.declared_at and _in_scope(entry, asked)


def _seen(entry: LedgerEntry) -> OpenIncident:
    return OpenIncident(
        number=entry.number,
        workflow_id=entry.workflow_id,
        title=entry.title,
        severity=entry.severity,
        phase=entry.phase,
        service=entry.service,
        closed_at=entry.closed_at,
    )


def standing(state: LedgerState, now: Time) -> tuple[LedgerEntry, ...]:
    """Return what is open and what closed inside its window, the newest first."""
    return tuple(
        entry
        for entry in reversed(state.entries.values())
        if entry.phase in OPEN or _in_window(entry, now)
    )


def _in_window(entry: LedgerEntry, now: Time) -> bool:
    closed_at = entry.closed_at
    return entry.phase is Phase.CLOSED and closed_at is not None and now <= closed_at + entry.window
