"""The ledger's words: a registration, an entry, a key's claim, and the state from which all its answers come."""

from typing import Annotated

from pydantic import Field

from muster.domain.commands import Predecessor
from muster.domain.lifecycle import Phase
from muster.domain.model import Record, Span, Time
from muster.domain.policy import Scope
from muster.domain.severity import Severity


class Registration(Record):
    """An incident asks for its number; asking again gives the same answer."""

    workflow_id: str
    title: str
    severity: Severity
    service: str | None = None
    key: str | None = None
    declared_at: Time
    window: Span
    """How long an upgrade window is open."""
    scope: Scope = Scope.GLOBAL
    first_run: str = ""
    """The first run of the workflow: a later start of the same workflow id is another incident."""


class PastClosing(Record):
    """A closing whose window was ended by a reopening."""

    severity: Severity
    closed_at: Time
    reopened_at: Time
    life: int = 0


class LedgerEntry(Record):
    """What the ledger knows of one incident."""

    number: int
    workflow_id: str
    title: str = ""
    severity: Severity
    """At its closing, once it is closed."""
    phase: Phase = Phase.ACTIVE
    service: str | None = None
    key_digest: str = ""
    declared_at: Time
    closed_at: Time | None = None
    """The ledger's time of its end, of whatever kind; None while it is open."""
    reopened_at: Time | None = None
    """When its last window ended early."""
    tracker: str | None = None
    """The address of its issue."""
    window: Span = Span(hours=3)
    """How long the window is that its closing opens."""
    first_run: str = ""
    life: int = 0
    """How often it was reopened after a closing; each life closes once."""
    past: tuple[PastClosing, ...] = ()
    """Its earlier closings, for a registration that comes late."""
    predecessor: Predecessor | None = None
    """The answer that its registration got."""


class Claim(Record):
    """One more key for an incident that the ledger carries; the first to claim a key has it."""

    key: str
    number: int


class Claimed(Record):
    """Whose the key is."""

    number: int
    workflow_id: str


class Limits(Record):
    """How much the ledger carries itself, and when it moves the rest to pages."""

    entries: int = 600
    """With more entries than this, the oldest that may go are moved."""
    recent: int = 500
    """So many of the newest numbers never move."""
    entry_batch: int = 100
    keys: int = 2_000
    key_batch: int = 1_000
    grace: Span = Span(days=1)
    """How long after its window a closing stays: a registration may come late."""
    crowd: int = 4_000
    """With more entries than this, a closing goes as soon as its window is over."""
    flood: int = 10_000
    """With more, the oldest closings go even inside their window: the state must fit into a payload."""
    renew_after: Annotated[int, Field(ge=1)] = 500
    """So many updates are one run of the ledger; the server refuses more than 2,000."""


class LedgerState(Record):
    """All that the ledger carries, also from run to run."""

    next_number: Annotated[int, Field(ge=1)] = 1
    entries: dict[int, LedgerEntry] = {}
    """In the order of their numbers; what is missing below the next number is in a page."""
    keys: dict[str, int] = {}
    """Numbers by key digest, the oldest first; older ones are in pages."""
    key_pages: tuple[str, ...] = ()
    """The ids of the pages that have keys, sorted."""
    limits: Limits = Limits()


def lookup(state: LedgerState, number: int) -> LedgerEntry | None:
    """Return the entry of this number where the ledger carries it itself."""
    return state.entries.get(number)


def with_entry(state: LedgerState, entry: LedgerEntry) -> LedgerState:
    """Return the state with this entry in the place of its older self, or as the newest."""
    return state.model_copy(update={"entries": {**state.entries, entry.number: entry}})
