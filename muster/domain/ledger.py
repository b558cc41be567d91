"""The ledger's words: a registration, an entry, a claim, and the state of which all is answered."""

from typing import Annotated

from pydantic import Field

from muster.domain.commands import Predecessor
from muster.domain.lifecycle import OPEN, Phase
from muster.domain.model import TITLE_MAX, Mark, Record, Span, Time
from muster.domain.policy import Scope
from muster.domain.severity import Severity

PAST = 8
"""So many earlier closings of one incident are kept."""
Words = Annotated[str, Field(max_length=TITLE_MAX)]
"""A title, a service, an id: the ledger carries thousands of them."""
Digest = Annotated[str, Field(max_length=26)]
Address = Annotated[str, Field(max_length=2_000)]


class Registration(Record):
    """An incident asks for its number; asking again gives the same answer."""

    workflow_id: Words
    title: Words
    private: bool = False
    """It is not listed for others, and has neither title nor service here."""
    probe: bool = False
    """It asks whether the ledger answers, and takes no number."""
    drill: Mark = False
    """It uses no window and opens none."""
    severity: Severity
    service: Words | None = None
    key: Words | None = None
    declared_at: Time
    window: Span
    """How long an upgrade window is open."""
    scope: Scope = Scope.GLOBAL
    first_run: Words = ""
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
    workflow_id: Words
    title: Words = ""
    private: bool = False
    drill: Mark = False
    severity: Severity
    """At its closing, once it is closed."""
    phase: Phase = Phase.ACTIVE
    service: Words | None = None
    key_digest: Digest = ""
    declared_at: Time
    closed_at: Time | None = None
    """The ledger's time of its end, of whatever kind; None while it is open."""
    reopened_at: Time | None = None
    """When its last window ended early."""
    tracker: Address | None = None
    """The address of its issue."""
    window: Span = Span(hours=3)
    """How long the window is that its closing opens."""
    first_run: Words = ""
    life: int = 0
    """How often it was reopened after a closing; each life closes once."""
    past: Annotated[tuple[PastClosing, ...], Field(max_length=PAST)] = ()
    """Its earlier closings, for a registration that comes late."""
    predecessor: Predecessor | None = None
    """The answer that its registration got."""


class Claim(Record):
    """One more key for an incident that the ledger carries; the first to claim a key has it."""

    key: Words
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
    """With more keys than this, those of some pages are moved."""
    key_pages: int = 16
    """To so many pages at one time."""
    grace: Span = Span(days=1)
    """How long after its window a closing stays: a registration may come late."""
    crowd: int = 4_000
    """With more entries than this, a closing goes as soon as its window is over."""
    flood: int = 10_000
    """With more, the oldest go even inside their window: the state must fit into a payload."""
    rest: Span = Span(minutes=1)
    """How long pages that could not be written are left alone; nothing is dropped meanwhile."""
    renew_after: Annotated[int, Field(ge=1)] = 100
    """So many updates are one run of the ledger; the server refuses more than 2,000."""


class LedgerState(Record):
    """All that the ledger carries, also from run to run."""

    next_number: Annotated[int, Field(ge=1)] = 1
    open: dict[int, LedgerEntry] = {}
    """Open incidents by number, the latest to be opened last."""
    closed: dict[int, LedgerEntry] = {}
    """Ended ones, the latest to end last; a given number that is in neither is in a page."""
    reopened: tuple[int, ...] = ()
    """The carried ones that have earlier closings."""
    longest: Span = Span(0)
    """The longest window of all incidents so far."""
    keys: dict[str, int] = {}
    """Numbers by key digest; the others are in pages."""
    key_pages: tuple[str, ...] = ()
    """The ids of the pages that have keys, sorted."""
    limits: Limits = Limits()

    @property
    def carried(self) -> int:
        """Return how many entries there are."""
        return len(self.open) + len(self.closed)


def lookup(state: LedgerState, number: int) -> LedgerEntry | None:
    """Return the entry of this number where the ledger carries it itself."""
    return state.open.get(number) or state.closed.get(number)


def newest(state: LedgerState) -> tuple[LedgerEntry, ...]:
    """Return all that the ledger carries, the newest first."""
    everything = {**state.open, **state.closed}
    return tuple(everything[number] for number in sorted(everything, reverse=True))


def with_entry(state: LedgerState, entry: LedgerEntry) -> LedgerState:
    """Return the state with this entry in the place of its older self, or as the latest."""
    number = entry.number
    is_open = entry.phase in OPEN
    here, there = (state.open, state.closed) if is_open else (state.closed, state.open)
    here = {**here, number: entry}
    if number in there:
        there = {other: one for other, one in there.items() if other != number}
    change: dict[str, object] = {"open": here if is_open else there}
    change["closed"] = there if is_open else here
    if entry.past and number not in state.reopened:
        change["reopened"] = (*state.reopened, number)
    return state.model_copy(update=change)
