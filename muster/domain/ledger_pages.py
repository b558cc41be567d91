"""What the ledger no longer carries itself: entries in pages of a thousand numbers, keys in pages by their prefix."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

from muster.domain.ledger import Claim, LedgerEntry, LedgerState, Registration, lookup
from muster.domain.ledger_rules import asked_before
from muster.domain.lifecycle import OPEN
from muster.domain.model import Record, Time
from muster.names import digest, ledger_keys_id, ledger_page_id


class PageOp(StrEnum):
    """The activities between the ledger and its pages, by their names."""

    STORE = "ledger.page_store"
    LOOKUP = "ledger.page_lookup"


class Page(Record):
    """What one page keeps; also what is added to one."""

    entries: dict[int, LedgerEntry] = {}
    keys: dict[str, int] = {}


class Batch(Record):
    """What moves at one time, by the workflow ids of the pages."""

    pages: dict[str, Page] = {}


class Question(Record):
    """Asks the pages for an entry by its number or by its key."""

    number: int | None = None
    key_digest: str | None = None


class Found(Record):
    """What the pages have."""

    number: int | None = None
    entry: LedgerEntry | None = None


def batch(state: LedgerState, now: Time) -> Batch:
    """Return the oldest of what the ledger need not carry any more; nothing while it is not too much."""
    pages: dict[str, Page] = {}
    for entry in _old_entries(state, now):
        page = pages.setdefault(ledger_page_id(entry.number), Page(entries={}, keys={}))
        page.entries[entry.number] = entry
    for key, number in _old_keys(state):
        page = pages.setdefault(ledger_keys_id(key), Page(entries={}, keys={}))
        page.keys[key] = number
    return Batch(pages=pages)


def _old_entries(state: LedgerState, now: Time) -> Iterator[LedgerEntry]:
    limits = state.limits
    if len(state.entries) <= limits.entries:
        return iter(())
    newest = state.next_number - limits.recent
    may_go = (
        entry
        for entry in state.entries.values()
        if entry.number < newest and _is_over(entry, state, now)
    )
    return islice(may_go, limits.entry_batch)


def _is_over(entry: LedgerEntry, state: LedgerState, now: Time) -> bool:
    """Tell whether no registration is likely to need it; the more are carried, the less likely it must be."""
    if entry.phase in OPEN or entry.closed_at is None:
        return False
    carried, limits = len(state.entries), state.limits
    if carried > limits.flood:
        return True
    window_over = entry.closed_at + entry.window
    return now > (window_over if carried > limits.crowd else window_over + limits.grace)


def _old_keys(state: LedgerState) -> Iterator[tuple[str, int]]:
    limits = state.limits
    batch_size = limits.key_batch if len(state.keys) > limits.keys else 0
    return islice(state.keys.items(), batch_size)


def moved(state: LedgerState, stored: Batch) -> LedgerState:
    """Drop what the pages have stored; what has changed since it was sent stays for the next batch."""
    gone = {number: entry for page in stored.pages.values() for number, entry in page.entries.items()}
    keys = {key for page in stored.pages.values() for key in page.keys}
    pages = {page_id for page_id, page in stored.pages.items() if page.keys}
    return state.model_copy(
        update={
            "entries": {n: one for n, one in state.entries.items() if gone.get(n) != one},
            "keys": {key: n for key, n in state.keys.items() if key not in keys},
            "key_pages": tuple(sorted(pages.union(state.key_pages))),
        }
    )


def recalled(state: LedgerState, entry: LedgerEntry) -> LedgerState:
    """Carry an entry of a page again, because something about it is about to change."""
    entries = {**state.entries, entry.number: entry}
    return state.model_copy(update={"entries": dict(sorted(entries.items()))})


def merged(page: Page, more: Page) -> Page:
    """Return the page with what is added; the later of two versions holds."""
    return Page(
        entries=dict(sorted({**page.entries, **more.entries}.items())),
        keys={**page.keys, **more.keys},
    )


def found(page: Page, asked: Question) -> Found:
    """Return what this page has of it."""
    if asked.key_digest is not None:
        return Found(number=page.keys.get(asked.key_digest))
    entry = page.entries.get(asked.number) if asked.number is not None else None
    return Found(number=entry.number if entry else None, entry=entry)


def question(state: LedgerState, message: Record) -> Question | None:
    """Return what must be read in the pages before this message can be answered."""
    if isinstance(message, Registration):
        return _of_key(state, message.key) if not asked_before(state, message) else None
    if isinstance(message, Claim):
        return _of_key(state, message.key)
    return of_number(state, message.number) if isinstance(message, LedgerEntry) else None


def _of_key(state: LedgerState, key: str | None) -> Question | None:
    if key is None:
        return None
    key_digest = digest(key)
    if (number := state.keys.get(key_digest)) is not None:
        return of_number(state, number)
    in_pages = ledger_keys_id(key_digest) in state.key_pages
    return Question(key_digest=key_digest) if in_pages else None


def of_number(state: LedgerState, number: int) -> Question | None:
    """Return the question for a number that was given and is not carried."""
    given = 0 < number < state.next_number
    return Question(number=number) if given and lookup(state, number) is None else None
