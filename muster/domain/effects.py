"""Effects: the things to be done outside, each with its business key, its destination and its order."""

from datetime import timedelta
from enum import StrEnum

from muster.domain.model import Record, Time


class Op(StrEnum):
    """What an effect does; the value is the name of its activity."""

    CHAT_ANNOUNCE = "chat.announce"
    CHAT_EDIT = "chat.edit"
    CHAT_SAY = "chat.say"
    CHAT_OPEN_CHANNEL = "chat.open_channel"
    CHAT_TOPIC = "chat.topic"
    CHAT_PIN = "chat.pin"
    CHAT_BOOKMARK = "chat.bookmark"
    CHAT_INVITE = "chat.invite"
    CHAT_ARCHIVE = "chat.archive"
    CHAT_SWEEP = "chat.sweep"
    CONFERENCE_OPEN = "conference.open"
    CONFERENCE_SWEEP = "conference.sweep"
    CONFERENCE_END = "conference.end"
    TRACKER_OPEN = "tracker.open"
    TRACKER_EDIT = "tracker.edit"
    TRACKER_NOTE = "tracker.note"
    TRACKER_LINK = "tracker.link"
    TRACKER_SWEEP = "tracker.sweep"
    STATUS_POST = "status.post"
    LEDGER_REGISTER = "ledger.register"
    LEDGER_RECORD = "ledger.record"
    LEDGER_CLOSE = "ledger.close"
    LEDGER_REOPEN = "ledger.reopen"
    LEDGER_END = "ledger.end"
    SERVICE_TELL = "service.tell"
    INCIDENT_ABSORB = "incident.absorb"


PROJECTIONS = frozenset(
    {Op.CHAT_EDIT, Op.CHAT_TOPIC, Op.CHAT_BOOKMARK, Op.TRACKER_EDIT, Op.LEDGER_RECORD}
)
"""One per object, the latest wins: what it writes is rendered from the state when it starts."""


class EffectState(StrEnum):
    """Where an effect stands."""

    PENDING = "pending"
    DONE = "done"
    DEGRADED = "degraded"
    NEEDS_HUMAN = "needs_human"
    ABANDONED = "abandoned"
    OFF = "off"
    """Its provider is switched off: there is nothing to do."""


class Link(Record):
    """A titled address."""

    title: str
    url: str


class Card(Record):
    """An incident as a chat message shows it: plain text of ours and of others, not yet escaped."""

    headline: str
    """``#42 S1 active: api errors``."""
    fields: tuple[tuple[str, str], ...] = ()
    """Label and value, in order: service, since, IMOC, CMOC, OCIT, bridge, reach."""
    links: tuple[Link, ...] = ()
    footer: str = ""


class Document(Record):
    """An incident as an issue of the production tracker: plain text, not yet made inert."""

    title: str
    paragraphs: tuple[tuple[str, str], ...] = ()
    """Heading and text, in order."""
    labels: tuple[str, ...] = ()
    closed: bool = False
    confidential: bool = False
    assignee: str | None = None
    """The handle of the one whose issue it is."""
    opened_at: Time | None = None


class Body(Record):
    """What an effect needs; which of the fields, its op says."""

    text: str = ""
    card: Card | None = None
    document: Document | None = None
    channel: str = ""
    """Where a chat message goes: ``#support``, or empty for the thread of the announcement."""
    channels: tuple[str, ...] = ()
    """Which chat channels are looked through."""
    name: str = ""
    """The wanted name of a channel, or the topic of a meeting."""
    private: bool = False
    """Only those invited see the channel."""
    people: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    at: Time | None = None
    """When it happened."""
    other: int | None = None
    """The number of another incident."""
    other_workflow: str = ""
    relation: str = ""
    service: str = ""
    event: str = ""
    payload: str = ""
    """JSON for a workflow of our own."""
    command_id: str = ""
    """The command of a person that it carries out."""


class Effect(Record):
    """One thing to be done outside, once."""

    key: str
    op: Op
    destination: str
    """The outbox: messages of one destination are delivered in their order."""
    body: Body = Body()
    after: tuple[str, ...] = ()
    """Keys of the effects that must be done first; their receipts are its references."""
    alone: bool = False
    """Never goes together with others."""
    patient: bool = False
    """Nobody waits for it: it may lie for a moment, so that several changes go as one."""
    last: bool = False
    """It waits until nothing else is under way: what is still to be written is to be seen by it."""


class Receipt(Record):
    """What a provider gave back for an effect."""

    id: str = ""
    """The vendor's id: a message's ``ts``, a meeting's id, an issue's ``iid``."""
    link: str | None = None
    container: str = ""
    """What holds it: the channel's id of a message."""
    note: str = ""
    """What a human should know: a dial-in, another channel name than the wanted one."""
    answer: str = ""
    """JSON from a workflow of our own."""
    off: bool = False
    """The provider is switched off."""


class Timing(Record):
    """How long an effect may take and how it is tried again; from policy."""

    http_timeout: timedelta = timedelta(seconds=5)
    settle: timedelta = timedelta(seconds=10)
    """Longer than the HTTP timeout plus the time after which a provider shows a late write."""
    first_leg: timedelta = timedelta(seconds=15)
    slowest_retry: timedelta = timedelta(minutes=1)
    give_up: timedelta = timedelta(days=7)


class EffectCall(Record):
    """What an activity gets: the effect, its references, and whether a write may have happened before."""

    key: str
    op: Op
    body: Body
    incident: str
    """The workflow id, on which business keys are built."""
    number: int | None = None
    maybe_sent: bool = False
    refs: dict[str, Receipt] = {}
    timing: Timing = Timing()
