"""What Muster needs from the outside: one narrow Protocol for each kind of provider, and all errors they may raise.

Every write is find-or-create by business key. ``fresh`` says that no write of this key can have happened: the first
attempt writes at once, in one call. Without it the provider reads by key first, keeps the oldest of what it finds,
retires the others, and writes only where it found nothing. Nothing sleeps or retries inside a provider.

The errors::

    ProviderError                 what went wrong, in words without secrets, and the vendor's own code
    ├── NotSent                   nothing was written: refused connection, no route, a vendor in maintenance (503)
    │   └── RateLimited           429 or its like; ``retry_after`` in seconds where the vendor gave it
    ├── Ambiguous                 it may have been written: timeout, reset, 5xx, a body that is no reply
    ├── Waiting                   the vendor's object is in use; try again after ``retry_after`` seconds
    └── NeedsHuman                trying again will not help
        ├── Rejected              bad request: a text too long, an unknown channel name
        ├── Forbidden             credentials missing, expired, or without the right
        ├── NotFound              what the effect refers to is gone
        └── Drift                 the vendor answered in a form that its documentation does not have
"""

from collections.abc import Mapping
from typing import Protocol

from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.effects import Card, Document, Link, Receipt
from muster.domain.ledger import Claim, Claimed, LedgerEntry, Registration
from muster.domain.ledger_pages import Found, Page, Question
from muster.domain.model import Time


class ProviderError(Exception):
    """The root; ``code`` is the vendor's word for it (``name_taken``, ``429``)."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class NotSent(ProviderError):
    """Nothing was written."""


class RateLimited(NotSent):
    """The vendor asks for patience."""


class Ambiguous(ProviderError):
    """It may have been written."""


class Waiting(ProviderError):
    """It is not yet time."""


class NeedsHuman(ProviderError):
    """Trying again will not help."""


class Rejected(NeedsHuman):
    """The vendor refuses the request itself."""


class Forbidden(NeedsHuman):
    """The credentials do not allow it."""


class NotFound(NeedsHuman):
    """What it refers to is gone."""


class Drift(NeedsHuman):
    """The vendor's answer is not what it documents."""


class Chat(Protocol):
    """Messages, threads and channels. Texts are plain; the provider makes them inert and renders people and links."""

    async def announce(self, key: str, channel: str, card: Card, *, fresh: bool) -> Receipt:
        """Post the card. Receipt: ``id`` the message, ``container`` the channel's id, ``link`` to it."""
        ...

    async def edit(self, message: Receipt, card: Card, *, key: str) -> Receipt:
        """Replace the announced card; doing it twice is the same as once."""
        ...

    async def say(
        self,
        key: str,
        text: str,
        *,
        channel: str = "",
        thread: Receipt | None = None,
        people: tuple[str, ...] = (),
        fresh: bool,
    ) -> Receipt:
        """Post a text to a channel or into a message's thread; ``people`` are handles to be notified."""
        ...

    async def open_channel(
        self, key: str, name: str, *, private: bool = False, fresh: bool
    ) -> Receipt:
        """Create the channel, where private for the invited alone, under the next free name if this one is another's.

        ``id`` is the channel, ``note`` its name.
        """
        ...

    async def set_topic(self, channel: Receipt, topic: str, *, key: str) -> Receipt:
        """Set the topic, and mark the channel as the one of this key; the same again changes nothing."""
        ...

    async def pin(self, key: str, channel: Receipt, card: Card, *, fresh: bool) -> Receipt:
        """Post the card into the channel and pin it."""
        ...

    async def bookmark(self, channel: Receipt, links: tuple[Link, ...]) -> Receipt:
        """Add these bookmarks, except those whose address is there."""
        ...

    async def invite(self, channel: Receipt, people: tuple[str, ...]) -> Receipt:
        """Bring these people in; who is in already stays. ``note`` names those whom the vendor does not know."""
        ...

    async def sweep(
        self, prefix: str, channels: tuple[str, ...], kept: Mapping[str, Receipt], *, since: Time
    ) -> Receipt:
        """Retire what the vendor itself made twice since then under keys of this prefix; ``kept`` stays. ``note`` counts."""
        ...

    async def archive(self, channel: Receipt) -> Receipt:
        """Archive the channel; an archived one stays so."""
        ...


class Conference(Protocol):
    """Bridges."""

    async def open(self, key: str, topic: str, *, fresh: bool) -> Receipt:
        """Create the meeting. ``id`` the meeting, ``link`` to join, ``note`` the dial-in where there is one."""
        ...

    async def sweep(self, key: str, kept: Receipt) -> Receipt:
        """Retire every other meeting of this key that the vendor itself has made."""
        ...

    async def end(self, meeting: Receipt) -> Receipt:
        """Retire the meeting. Raises Waiting while someone is in it; one that is gone already is done."""
        ...


class Tracker(Protocol):
    """The production tracker: one issue for each incident."""

    async def open(self, key: str, document: Document, *, fresh: bool) -> Receipt:
        """Create the issue, assigned to whom the document says. ``id`` its number in the project, ``link`` to it."""
        ...

    async def sweep(self, prefix: str, issue: Receipt) -> Receipt:
        """Retire other issues under this prefix, and notes of this issue, that the vendor itself has made twice."""
        ...

    async def edit(self, issue: Receipt, document: Document, *, key: str) -> Receipt:
        """Bring title, text, labels, state and assignee of the issue to what the document says."""
        ...

    async def note(self, key: str, issue: Receipt, text: str, at: Time, *, fresh: bool) -> Receipt:
        """Add a note with the time at which it happened."""
        ...

    async def notes(self, key: str, prefix: str) -> dict[str, str]:
        """Return the texts that were noted under keys of this prefix, by key; ``key`` is the issue's. Raises NotFound.

        Only what we have written ourselves counts, and the oldest of each key.
        """
        ...

    async def link(self, issue: Receipt, other: int, relation: str) -> Receipt:
        """Relate the issue to the issue of another incident, by that incident's number. Raises Waiting until it stands."""
        ...


class StatusChannel(Protocol):
    """A public channel to end users."""

    async def post(self, key: str, text: str, at: Time, *, fresh: bool) -> Receipt:
        """Publish the text, which was decided at ``at``."""
        ...


class Ledger(Protocol):
    """The one writer of numbers and closings; every call may be made again without harm."""

    async def register(self, registration: Registration) -> Registered:
        """Return the incident's number, or as what its key is known."""
        ...

    async def claim(self, claim: Claim) -> Claimed:
        """Give an incident one more key, or say whose it is."""
        ...

    async def record(self, entry: LedgerEntry) -> None:
        """Bring the incident's entry up to date. Raises NotFound if the number is not its own."""
        ...

    async def close(self, entry: LedgerEntry) -> ClosingRecorded:
        """Record the closing of this life, at the ledger's time. Raises NotFound."""
        ...

    async def reopen(self, entry: LedgerEntry) -> None:
        """Record that it is open again, in the life that the entry says. Raises NotFound."""
        ...

    async def end(self, entry: LedgerEntry) -> None:
        """Record an end that opens no window: cancelled or merged. Raises NotFound."""
        ...

    async def entry(self, number: int) -> LedgerEntry | None:
        """Return what is known of a number, wherever it is kept."""
        ...

    async def standing(self) -> tuple[LedgerEntry, ...]:
        """Return what is open and what closed inside its window, the newest first."""
        ...

    async def store(self, page_id: str, page: Page) -> None:
        """Add this to a page, which is made where there is none."""
        ...

    async def find(self, question: Question) -> Found:
        """Return what the pages have of the question; a page that does not exist has nothing."""
        ...
