"""One model in and one out for every message of a workflow; the wire is their JSON."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from muster import names
from muster.domain import commands
from muster.domain.alerts import Alert
from muster.domain.audiences import Audience
from muster.domain.drills import titled
from muster.domain.effects import EffectState
from muster.domain.foreign import clean
from muster.domain.lifecycle import Phase
from muster.domain.model import TITLE_MAX, Id, Line, Mark, Person, Record, Time, Title, Value
from muster.domain.policy import Policy
from muster.domain.service import ALERTMANAGER, Sender
from muster.domain.severity import Rating, Severity

M = TypeVar("M", bound=Value)

_FIELDS = 50
_FIELD, _REASON = 100, 500
"""Characters of what a refusal says of a field: its name may be a stranger's."""

COMMANDS: dict[str, type[commands.Command]] = {
    names.ASSIGN_ROLE: commands.AssignRole,
    names.POST_UPDATE: commands.PostUpdate,
    names.ADD_NOTE: commands.AddNote,
    names.CHANGE_SEVERITY: commands.ChangeSeverity,
    names.RESOLVE: commands.Resolve,
    names.REOPEN: commands.Reopen,
    names.MERGE: commands.Merge,
    names.CANCEL: commands.Cancel,
    names.RETRY_EFFECT: commands.RetryEffect,
    names.REPORT_ALERTS: commands.ReportAlerts,
    names.ABSORB: commands.Absorb,
}
"""The table of all messages that change an incident, by the name of their signal and update."""


class BadInput(Exception):
    """A message that does not fit its model; ``field`` names where."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


class IncidentInput(Value):
    """A declaration, as any service in any language may send it."""

    drill: Mark = False
    """It is an exercise: every text says so, nothing goes to end users or eStaff, and nothing real is upgraded by it."""
    title: Title
    """Comes after what takes some of its room."""
    severity: Rating | None = None
    """Left out: the policy's, for the IMOC to confirm."""
    service: Line | None = None
    key: Id | None = None
    """Declarations of one key are one incident."""
    declared_by: Person = "unknown"
    source: Line = "api"
    authenticated: bool = False
    """The source vouches for who declares; otherwise that is claimed."""
    private: bool = False
    """Others must not read of it."""
    probe: bool = False
    """It is no incident: a test of the whole way, which takes no number, touches nothing outside and ends soon."""
    since: Time | None = None
    """When the impact began, where that was before the declaration."""
    alerts: Annotated[tuple[Alert, ...], Field(max_length=100)] = ()
    """The evidence of a declaration by alerts."""

    @field_validator("title")
    @classmethod
    def _room_for_the_mark(cls, title: str, info: ValidationInfo) -> str:
        if info.data.get("drill") and len(titled(title)) > TITLE_MAX:
            message = f"of a drill it has {TITLE_MAX - len(names.DRILL)} characters at most"
            raise ValueError(message)
        return title

    @field_validator("key")
    @classmethod
    def _none_of_what_is_real(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key and info.data.get("drill") and not key.startswith(names.OWN_KEY):
            raise ValueError("a drill has none, since what is real may come under it")
        return key

    @property
    def actor(self) -> str:
        """Return who declares."""
        return self.declared_by


class Outcome(StrEnum):
    """What became of a command."""

    APPLIED = "applied"
    REFUSED = "refused"
    REQUESTED = "requested"
    """Only the IMOC does this: it is shown to them with the command that grants it."""
    PENDING = "pending"
    """Recorded; another workflow has yet to answer."""


class RoleView(Record):
    """A holder of a role."""

    person: str
    accepted: bool | None = None


class RolesView(Record):
    """The roles; ``covered_by`` owes the updates while no CMOC is named."""

    imoc: RoleView | None = None
    cmoc: RoleView | None = None
    ocit: tuple[RoleView, ...] = ()
    covered_by: str | None = None


class EffectView(Record):
    """An effect as people see it."""

    key: str
    state: EffectState
    title: str
    """What it is in words: ``bridge``, ``#incident card``."""
    link: str | None = None
    reason: str | None = None
    since: datetime | None = None
    meanwhile: str | None = None
    """What people can do until it is done."""


class DeadlineView(Record):
    """Something that is due."""

    kind: str
    at: datetime
    text: str


class AlertView(Record):
    """An alert as people see it."""

    name: str
    service: str
    fingerprint: str
    firing: bool
    linked: bool
    set_aside: str | None = None
    summary: str = ""


class UpdateView(Record):
    """The last words to one audience."""

    audience: Audience
    at: datetime
    by: str
    text: str
    status: str | None = None


class TryingView(Record):
    """What is being tried, by whom, until when."""

    text: str
    by: str
    until: datetime | None = None


class OtherView(Record):
    """Another incident."""

    number: int
    workflow_id: str
    title: str = ""
    severity: Severity
    phase: str
    service: str | None = None
    closed_at: datetime | None = None


class Snapshot(Record):
    """An incident at one instant; the shape of ``muster show --json``."""

    number: int | None
    workflow_id: str
    title: str
    severity: Severity
    phase: Phase
    service: str | None
    services: tuple[str, ...] = ()
    declared_at: datetime
    declared_by: str
    since: datetime
    severity_reason: str = ""
    private: bool = False
    redacted: bool = False
    """The reader is not let in: what is left is what everyone may know."""
    probe: bool = False
    drill: bool = False
    roles: RolesView
    predecessor: int | None = None
    merged_into: int | None = None
    resolved_at: datetime | None = None
    closes_at: datetime | None = None
    """None in the wait: an alert still fires, and ``stopped_by`` names it."""
    stopped_by: tuple[str, ...] = ()
    closed_at: datetime | None = None
    closing_recorded: bool = True
    window_ends_at: datetime | None = None
    alerts: tuple[AlertView, ...] = ()
    updates: tuple[UpdateView, ...] = ()
    trying: tuple[TryingView, ...] = ()
    deadlines: tuple[DeadlineView, ...] = ()
    late: tuple[str, ...] = ()
    """What people owe; where redacted its kinds alone: ``update``, ``confirm``, ``trying``."""
    requests: tuple[str, ...] = ()
    """Commands that wait for the IMOC, ready to copy."""
    refusals: tuple[str, ...] = ()
    """Commands that were recorded and then refused, the newest first."""
    effects: tuple[EffectView, ...] = ()
    degraded: bool = False
    reach_imoc: str = ""
    next_command: str = ""
    """The one command most likely needed, ready to copy."""
    policy_digest: str = ""
    stale: bool = False


class Answer(Record):
    """What an update answers; also the body of an answered declaration."""

    outcome: Outcome
    message: str = ""
    field: str | None = None
    code: str = ""
    number: int | None = None
    workflow_id: str = ""
    title: str = ""
    severity: Severity | None = None
    phase: Phase | None = None
    closes_at: datetime | None = None
    window_ends_at: datetime | None = None
    predecessor: int | None = None
    others: tuple[OtherView, ...] = ()
    """For a declaration: what is open on the service and what closed in the last window."""
    next_command: str = ""


class TimelineEntry(Record):
    """One line of the timeline."""

    at: datetime
    actor: str
    kind: str
    text: str
    claimed: bool = False
    """Nobody vouches for the actor."""


class AlertBatch(Value):
    """At most a hundred alerts of one service, in the order in which they were reported."""

    service: Line
    alerts: Annotated[tuple[Alert, ...], Field(max_length=100)]
    policy_severity: Rating | None = None
    sender: Sender = ALERTMANAGER


class IncidentEvent(StrEnum):
    """What an incident tells the services that it affects."""

    OPENED = "opened"
    ASKED = "asked"
    """Which alerts fire now? Answered with ``report_alerts``."""
    CLOSED = "closed"
    UNHEARD = "unheard"
    """These came to it after its end: nobody has them."""


class IncidentNotice(Value):
    """From an incident to a service that it affects."""

    service: Line
    workflow_id: Line
    number: int | None = None
    event: IncidentEvent
    at: datetime | None = None
    """When it happened: an incident that has ended hears of nothing after that."""
    alerts: Annotated[tuple[Alert, ...], Field(max_length=100)] = ()
    """What was unheard; of one that is open or asks, what fires as far as it knows."""


def parse(name: str, payload: object) -> commands.Command:
    """Return the command of this message name. Raises BadInput naming the field."""
    model = COMMANDS.get(name)
    if model is None:
        message = f"unknown message {clean(name, _FIELD)!r}"
        raise BadInput(message, "name")
    return validated(model, payload)


def validated(model: type[M], payload: object) -> M:
    """Return the payload as the model. Raises BadInput that names the first wrong field and what is allowed."""
    if isinstance(payload, dict) and len(payload) > _FIELDS:
        message = f"{len(payload)} fields, of which no message has more than {_FIELDS}"
        raise BadInput(message, None)
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        raise bad_input(error) from None


def bad_input(error: ValidationError) -> BadInput:
    """Return the first finding of a validation as one sentence that begins with the field."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    field = clean(".".join(str(part) for part in first["loc"]), _FIELD) or None
    reason = clean(str(first["msg"]).removeprefix("Value error, "), _REASON)
    return BadInput(f"{field}: {reason}" if field else reason, field)


class _Shared:
    """Keeps the latest few policies, so that thousands of open incidents have one between them."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._policies: tuple[Policy, ...] = ()

    def one_for(self, policy: Policy) -> Policy:
        """Return the one that is equal to it: which of the two it is makes no difference but of memory."""
        for known in self._policies:
            if known == policy:
                return known
        self._policies = (policy, *self._policies)[: self._kept]
        return policy


_POLICIES = _Shared(kept=8)


def _tolerant(given: Any, validate: ValidatorFunctionWrapHandler) -> Policy:
    lenient = isinstance(given, dict)
    return _POLICIES.one_for(
        Policy.model_validate(given, extra="ignore") if lenient else validate(given)
    )


class AdoptedPolicy(Record):
    """What the worker gives a new incident: its validated policy and what the server lets us index."""

    policy: Annotated[Policy, WrapValidator(_tolerant)]
    """As it was adopted: what a newer version has in it, or an older one had, does no harm."""
    digest: str
    search_attributes: tuple[str, ...] = ()
    """The names of the registered search attributes; others are not upserted."""
