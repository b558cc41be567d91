"""What can be asked of an incident: one frozen model for each command."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from muster.domain.alerts import Alert
from muster.domain.audiences import Audience, Status
from muster.domain.model import Id, Line, Mark, Person, Reason, Record, Span, Text, Time, Value
from muster.domain.roles import Role
from muster.domain.severity import Rating, Severity

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""No incident was declared before it."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Command(Value):
    """What all commands carry: an id that makes it count once, who asks, from where, of which incident."""

    command_id: Id
    actor: Person
    source: Line = "api"
    authenticated: bool = False
    """The source vouches for the actor; otherwise the actor is claimed."""
    number: int | None = Field(default=None, ge=1)
    """The incident's number, where the sender knows it; another incident refuses the command."""

    @classmethod
    def message_name(cls) -> str:
        """Return the name of its signal and update, which people know it by."""
        return _HUMP.sub("_", cls.__name__).lower()


class AssignRole(Command):
    """Name the holder of a role; the person that stands there now is replaced, the OCIT grows."""

    role: Role
    person: Person


class PostUpdate(Command):
    """Tell audiences something in these words."""

    message: Text
    to: Annotated[tuple[Audience, ...], Field(min_length=1, max_length=4)]
    status: Status | None = None
    next_at: Time | None = None
    """When the next update is promised."""
    correction: bool = False
    """Corrects what was said; the only update but the final one that a closed incident takes."""


class NoteKind(StrEnum):
    """What a note says about the work."""

    NOTE = "note"
    TRIED = "tried"
    TRYING = "trying"
    FOUND = "found"
    DECIDED = "decided"


class AddNote(Command):
    """Put something on record for the team."""

    text: Text
    kind: NoteKind = NoteKind.NOTE
    by: Person | None = None
    """Who did or does it, where that is not the actor."""
    lasts: Annotated[Span, Field(gt=Span(0), le=Span(days=7))] | None = None
    """How long a ``trying`` may take, in seconds, before the IMOC is asked for the outcome."""

    @model_validator(mode="after")
    def _only_trying_lasts(self) -> "AddNote":
        if self.lasts is not None and self.kind is not NoteKind.TRYING:
            message = "lasts: only a note of kind trying has a deadline"
            raise ValueError(message)
        return self


class ChangeSeverity(Command):
    """Rate the incident again; the same severity confirms it."""

    severity: Rating
    reason: Reason


class Resolve(Command):
    """Say that the service is back."""

    message: Text | None = None
    despite: Line | None = None
    """The name or fingerprint of one firing alert that a person sets aside."""
    reason: Reason | None = None

    @model_validator(mode="after")
    def _despite_has_a_reason(self) -> "Resolve":
        if (self.despite is None) is not (self.reason is None):
            message = "reason: despite and reason go together"
            raise ValueError(message)
        return self


class Reopen(Command):
    """Say that it is not over: a regression in the wait, or a closed incident that failed again."""

    reason: Reason
    closed_by_mistake: bool = False


class Merge(Command):
    """End this incident as a duplicate of another."""

    into: Annotated[int, Field(ge=1)]
    into_workflow: Line
    """The workflow id of that number, as the ledger gives it."""


class Cancel(Command):
    """End this incident as a false alarm."""

    reason: Reason


class RetryEffect(Command):
    """Re-arm an effect that needs a human, or one that was abandoned."""

    key: Line


class ReportAlerts(Command):
    """From the service: alerts that started or stopped, and whether it is all that it knows."""

    alerts: Annotated[tuple[Alert, ...], Field(max_length=100)]


class Absorb(Command):
    """From a duplicate: what the survivor takes over."""

    duplicate: Annotated[int, Field(ge=1)]
    duplicate_workflow: Line
    severity: Severity
    declared_at: Annotated[Time, Field(ge=EPOCH)]
    wait_owed: bool
    waited: bool = False
    """A stability wait has begun: it is no false alarm any more."""
    private: bool = False
    """It is for its people alone; a survivor that is not, or the other way round, does not take it."""
    drill: Mark = False
    """It is an exercise; likewise."""
    services: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    alerts: Annotated[tuple[Alert, ...], Field(max_length=100)] = ()


# What the incident tells itself: a timer, the result of an effect.


class Tick(Record):
    """Time has passed; whatever is due is decided."""


class Predecessor(Record):
    """The latest incident in whose open window another was declared."""

    number: int
    severity: Severity
    closed_at: Time


class OpenIncident(Record):
    """What an answer shows of another incident."""

    number: int
    workflow_id: str
    title: str = ""
    severity: Severity
    phase: str
    service: str | None = None
    closed_at: Time | None = None


class Registered(Record):
    """The ledger's answer to a registration."""

    number: int
    predecessor: Predecessor | None = None
    others: tuple[OpenIncident, ...] = ()
    """What is open on the service and what closed in the last window."""
    known_as: str | None = None
    """The workflow id that already has this key: this start ends at once with its number."""


class ClosingRecorded(Record):
    """The ledger has recorded the closing, at its own time."""

    closed_at: Time
    life: int | None = None
    """Which closing of the incident it was, counted by its reopenings."""
    unrecorded: bool = False
    """The ledger would not have it."""


class MergeAnswered(Record):
    """The survivor took the duplicate over, or refused it."""

    command_id: str
    refused: str | None = None


FromOutside = (
    AssignRole
    | PostUpdate
    | AddNote
    | ChangeSeverity
    | Resolve
    | Reopen
    | Merge
    | Cancel
    | RetryEffect
)
