"""What the ledger no longer carries: a thousand numbers to a page, keys by their prefix."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice, takewhile

from muster.domain.ledger import Claim, Digest, LedgerEntry, LedgerState, Registration, lookup
from muster.domain.ledger_rules import asked_before
from muster.domain.model import Record, Time
from muster.names import digest, ledger_keys_id, ledger_page_id


class PageOp(StrEnum):
    """The activities between the ledger and its pages, by their names."""

    STORE = "ledger.page_store"
    LOOKUP = "ledger.page_lookup"


class Page(Record):
    """What one page keeps; also what is added to one."""

    entries: dict[int, LedgerEntry] = {}
    keys: dict[Digest, int] = {}

    def belongs(self, page_id: str) -> bool:
        """Tell whether all of it is what the page of this workflow id keeps."""
        ids = {*map(ledger_page_id, self.entries), *map(ledger_keys_id, self.keys)}
        return ids <= {page_id}


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
    """Return the oldest of what need not be carried; nothing while it is not too much."""
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
    if state.carried <= limits.entries:
        return iter(())
    newest = state.next_number - limits.recent
    over = takewhile(lambda entry: _is_over(entry, state, now), state.closed.values())
    return islice((entry for entry in over if entry.number < newest), limits.entry_batch)


def _is_over(entry: LedgerEntry, state: LedgerState, now: Time) -> bool:
    """Tell whether it may go: the more are carried, the sooner."""
    limits = state.limits
    if entry.closed_at is None or state.carried > limits.flood:
        return True
    window_over = entry.closed_at + state.longest
    return now > (window_over if state.carried > limits.crowd else window_over + limits.grace)


def _old_keys(state: LedgerState) -> Iterator[tuple[str, int]]:
    """Yield the keys of the fullest pages: a write costs the same for one key as for many."""
    if len(state.keys) <= state.limits.keys:
        return
    gathered = Counter(map(ledger_keys_id, state.keys))
    fullest = {page_id for page_id, _ in gathered.most_common(state.limits.key_pages)}
    for key, number in state.keys.items():
        if ledger_keys_id(key) in fullest:
            yield key, number


def moved(state: LedgerState, stored: Batch) -> LedgerState:
    """Drop what the pages have stored; what has changed since stays for the next batch."""
    sent = {
        number: entry for page in stored.pages.values() for number, entry in page.entries.items()
    }
    keys = {key for page in stored.pages.values() for key in page.keys}
    pages = {page_id for page_id, page in stored.pages.items() if page.keys}
    closed = {
        number: entry
        for number, entry in state.closed.items()
        if number not in sent or sent[number] != entry
    }
    return state.model_copy(
        update={
            "closed": closed,
            "reopened": tuple(n for n in state.reopened if n in closed or n in state.open),
            "keys": {key: n for key, n in state.keys.items() if key not in keys},
            "key_pages": tuple(sorted(pages.union(state.key_pages))),
        }
    )


def recalled(state: LedgerState, entry: LedgerEntry) -> LedgerState:
    """Carry an entry of a page again, as the oldest, because it is about to change."""
    return state.model_copy(update={"closed": {entry.number: entry, **state.closed}})


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


def question(
    state: LedgerState, message: Registration | Claim | LedgerEntry | int
) -> Question | None:
    """Return what must be read in the pages before this message can be answered."""
    if isinstance(message, Registration):
        return None if asked_before(state, message) else _of_key(state, message.key)
    if isinstance(message, Claim):
        return _of_key(state, message.key)
    return _of_number(state, message if isinstance(message, int) else message.number)


def _of_key(state: LedgerState, key: str | None) -> Question | None:
    if key is None:
        return None
    key_digest = digest(key)
    if (number := state.keys.get(key_digest)) is not None:
        return _of_number(state, number)
    in_pages = ledger_keys_id(key_digest) in state.key_pages
    return Question(key_digest=key_digest) if in_pages else None


def _of_number(state: LedgerState, number: int) -> Question | None:
    """Ask for a number that was given and is not carried."""
    given = 0 < number < state.next_number
    return Question(number=number) if given and lookup(state, number) is None else None
