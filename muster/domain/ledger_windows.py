"""Rule 4 in the ledger: in whose open window one was declared, and what stands beside it."""

from collections.abc import Iterable, Iterator
from itertools import islice

from muster.domain.commands import OpenIncident, Predecessor
from muster.domain.ledger import LedgerEntry, LedgerState, Registration, lookup
from muster.domain.lifecycle import ENDED, Phase
from muster.domain.model import Time
from muster.domain.policy import Scope
from muster.domain.severity import OPENS_WINDOW

OTHERS = 20
"""So many other incidents are shown to a new one."""


def predecessor(state: LedgerState, asked: Registration) -> Predecessor | None:
    """Return the latest to close of the incidents in whose open window this one was declared; of a drill none."""
    if asked.drill:
        return None
    latest = next(_closings(state, asked), None)
    past = max(_past_closings(state, asked), key=_closing_time, default=None)
    found = [one for one in (past, latest) if one is not None]
    return max(found, key=_closing_time, default=None)


def _closing_time(one: Predecessor) -> Time:
    return one.closed_at


def _closings(state: LedgerState, asked: Registration) -> Iterator[Predecessor]:
    """Yield the windows that nothing has ended, the latest first."""
    at = asked.declared_at
    for entry in reversed(state.closed.values()):
        closed_at = entry.closed_at
        if closed_at is None or closed_at + state.longest < at:
            return
        if (
            _opens(entry)
            and closed_at <= at <= closed_at + entry.window
            and _in_scope(entry, asked)
        ):
            yield Predecessor(number=entry.number, severity=entry.severity, closed_at=closed_at)


def _opens(entry: LedgerEntry) -> bool:
    return entry.phase is Phase.CLOSED and entry.severity in OPENS_WINDOW and not entry.drill


def _past_closings(state: LedgerState, asked: Registration) -> Iterator[Predecessor]:
    """Yield the windows that a reopening has ended since: one declared in between may ask late."""
    at = asked.declared_at
    for number in state.reopened:
        entry = lookup(state, number)
        if entry is None or entry.drill or entry.phase in ENDED or not _in_scope(entry, asked):
            continue
        for past in entry.past:
            was_open = past.closed_at <= at <= past.closed_at + entry.window
            if was_open and at < past.reopened_at and past.severity in OPENS_WINDOW:
                yield Predecessor(number=number, severity=past.severity, closed_at=past.closed_at)


def _in_scope(entry: LedgerEntry, asked: Registration) -> bool:
    """No service at all is no service in common."""
    same = asked.service is not None and entry.service == asked.service
    return same or asked.scope is Scope.GLOBAL


def others(state: LedgerState, number: int, asked: Registration) -> tuple[OpenIncident, ...]:
    """Return what is open on the service and what closed in the last window, the newest first; nothing private, no drill.

    A drill is told of nothing: it is to be taken for none of what is real.
    """
    if asked.drill:
        return ()
    found = {
        entry.number: entry
        for entries in (_open_beside(state, asked), _closed_before(state, asked))
        for entry in islice(_public(entries), OTHERS + 1)
        if entry.number != number
    }
    return tuple(_seen(found[number]) for number in sorted(found, reverse=True)[:OTHERS])


def _public(entries: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    return (entry for entry in entries if not entry.private and not entry.drill)


def _open_beside(state: LedgerState, asked: Registration) -> Iterator[LedgerEntry]:
    for entry in reversed(state.open.values()):
        if asked.service is None or entry.service == asked.service:
            yield entry


def _closed_before(state: LedgerState, asked: Registration) -> Iterator[LedgerEntry]:
    for entry in reversed(state.closed.values()):
        if entry.closed_at is None or entry.closed_at + asked.window < asked.declared_at:
            return
        if entry.phase is Phase.CLOSED and _in_scope(entry, asked):
            yield entry


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
    """Return what is open and what closed inside its window, the latest of either first."""
    return (*reversed(state.open.values()), *_in_window(state, now))


def _in_window(state: LedgerState, now: Time) -> Iterator[LedgerEntry]:
    for entry in reversed(state.closed.values()):
        if entry.closed_at is None or entry.closed_at + state.longest < now:
            return
        if entry.phase is Phase.CLOSED and now <= entry.closed_at + entry.window:
            yield entry
