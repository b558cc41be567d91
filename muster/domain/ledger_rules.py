"""What each message does to the ledger: pure, and the same answer however often it is sent."""

from itertools import chain, islice

from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.ledger import (
    PAST,
    Claim,
    Claimed,
    LedgerEntry,
    LedgerState,
    PastClosing,
    Registration,
    lookup,
    with_entry,
)
from muster.domain.ledger_windows import others, predecessor
from muster.domain.lifecycle import ENDED, OPEN, Phase
from muster.domain.model import Time
from muster.names import digest

LATELY = 100
"""So many of the latest to end are searched for an incident that asks again all the same."""


class UnknownIncident(LookupError):
    """The number was never given, or was given to another incident."""


def register(
    state: LedgerState, asked: Registration, _now: Time, paged: LedgerEntry | None = None
) -> tuple[LedgerState, Registered]:
    """Give out the next number, unless the incident or its key is known.

    ``paged`` is the key's owner as the pages have it. A probe is answered like a new incident and changes nothing.
    """
    if asked.probe:
        return state, _numbered(state, asked)[1]
    known = asked_before(state, asked) or _owner(state, asked.key) or paged
    if known is None:
        return _numbered(state, asked)
    if not _is_same(known, asked):
        return state, Registered(number=known.number, known_as=known.workflow_id)
    return state, _answer(state, known, asked)


def asked_before(state: LedgerState, asked: Registration) -> LedgerEntry | None:
    """Return the entry that this very incident has: open, since its closing comes later."""
    lately = islice(reversed(state.closed.values()), LATELY)
    for entry in chain(reversed(state.open.values()), lately):
        if entry.workflow_id == asked.workflow_id and _is_same(entry, asked):
            return entry
    return None


def _is_same(entry: LedgerEntry, asked: Registration) -> bool:
    """Tell the same incident from a later start of its key; a run without a name is any."""
    runs = {entry.first_run, asked.first_run}
    return entry.workflow_id == asked.workflow_id and (len(runs) == 1 or "" in runs)


def _owner(state: LedgerState, key: str | None) -> LedgerEntry | None:
    number = state.keys.get(digest(key)) if key else None
    return lookup(state, number) if number is not None else None


def _numbered(state: LedgerState, asked: Registration) -> tuple[LedgerState, Registered]:
    entry = LedgerEntry(
        number=state.next_number,
        workflow_id=asked.workflow_id,
        title=asked.title,
        private=asked.private,
        drill=asked.drill,
        severity=asked.severity,
        service=asked.service,
        key_digest=digest(asked.key) if asked.key else "",
        declared_at=asked.declared_at,
        window=asked.window,
        first_run=asked.first_run,
        predecessor=predecessor(state, asked),
    )
    keys = {**state.keys, entry.key_digest: entry.number} if asked.key else state.keys
    change = {
        "next_number": entry.number + 1,
        "keys": keys,
        "longest": max(state.longest, asked.window),
    }
    return with_entry(state, entry).model_copy(update=change), _answer(state, entry, asked)


def _answer(state: LedgerState, entry: LedgerEntry, asked: Registration) -> Registered:
    return Registered(
        number=entry.number,
        predecessor=entry.predecessor,
        others=others(state, entry.number, asked),
    )


def close(state: LedgerState, told: LedgerEntry, now: Time) -> tuple[LedgerState, ClosingRecorded]:
    """Record the closing at the ledger's time; each life closes once."""
    entry = _known(state, told)
    recorded = _recorded(entry, told.life)
    if recorded is not None:
        return state, ClosingRecorded(closed_at=recorded, life=told.life)
    between = _reopened(entry, told, now) if entry.closed_at is not None else entry
    closed = {"phase": Phase.CLOSED, "severity": told.severity, "closed_at": now, "life": told.life}
    changed = _described(between, told).model_copy(update=closed)
    return with_entry(state, changed), ClosingRecorded(closed_at=now, life=told.life)


def _recorded(entry: LedgerEntry, life: int) -> Time | None:
    """Return when that life closed; had it not been heard of, when the next one began."""
    past = next((one.closed_at for one in entry.past if one.life == life), None)
    if past is not None:
        return past
    if entry.closed_at is not None and (entry.phase in ENDED or life == entry.life):
        return entry.closed_at
    return entry.reopened_at if life < entry.life else None


def reopen(state: LedgerState, told: LedgerEntry, now: Time) -> tuple[LedgerState, None]:
    """Record a reopening, which ends the window; ``told.life`` counts it already."""
    entry = _known(state, told)
    if entry.phase in ENDED or told.life <= entry.life:
        return state, None
    return with_entry(state, _described(_reopened(entry, told, now), told)), None


def _reopened(entry: LedgerEntry, told: LedgerEntry, now: Time) -> LedgerEntry:
    return entry.model_copy(
        update={
            "phase": Phase.ACTIVE,
            "severity": told.severity,
            "closed_at": None,
            "reopened_at": now,
            "life": told.life,
            "past": _past(entry, now),
        }
    )


def _past(entry: LedgerEntry, now: Time) -> tuple[PastClosing, ...]:
    if entry.closed_at is None:
        return entry.past
    closing = PastClosing(
        severity=entry.severity, closed_at=entry.closed_at, reopened_at=now, life=entry.life
    )
    return (*entry.past, closing)[-PAST:]


def end(state: LedgerState, told: LedgerEntry, now: Time) -> tuple[LedgerState, None]:
    """Record an end that opens no window: a false alarm or a duplicate."""
    entry = _known(state, told)
    if entry.phase in ENDED:
        return state, None
    phase = told.phase if told.phase in ENDED else Phase.CANCELLED
    ended = {"phase": phase, "severity": told.severity, "closed_at": entry.closed_at or now}
    return with_entry(state, _described(entry, told).model_copy(update=ended)), None


def record(state: LedgerState, told: LedgerEntry, _now: Time) -> tuple[LedgerState, None]:
    """Bring title, service and tracker up to date; of an open incident severity and phase too."""
    entry = _known(state, told)
    current = _described(entry, told)
    if entry.phase in OPEN and told.phase in OPEN and told.life == entry.life:
        rated = {"severity": told.severity, "phase": told.phase}
        current = current.model_copy(update=rated)
    return (state if current == entry else with_entry(state, current)), None


def _described(entry: LedgerEntry, told: LedgerEntry) -> LedgerEntry:
    """Return the entry with the words that were told; what was not told stays."""
    words = {
        "title": told.title or entry.title,
        "service": told.service or entry.service,
        "tracker": told.tracker or entry.tracker,
    }
    return entry.model_copy(update=words)


def claim(
    state: LedgerState, asked: Claim, _now: Time, paged: LedgerEntry | None = None
) -> tuple[LedgerState, Claimed]:
    """Give the key to the incident of this number unless another has it; answers whose it is."""
    owner = _owner(state, asked.key) or paged
    if owner is not None:
        return state, Claimed(number=owner.number, workflow_id=owner.workflow_id)
    entry = lookup(state, asked.number)
    if entry is None:
        message = f"#{asked.number} is no incident that can take a key"
        raise UnknownIncident(message)
    keys = {**state.keys, digest(asked.key): entry.number}
    answer = Claimed(number=entry.number, workflow_id=entry.workflow_id)
    return state.model_copy(update={"keys": keys}), answer


def _known(state: LedgerState, told: LedgerEntry) -> LedgerEntry:
    entry = lookup(state, told.number)
    if entry is None or entry.workflow_id != told.workflow_id:
        message = f"#{told.number} is not the number of {told.workflow_id}"
        raise UnknownIncident(message)
    return entry
