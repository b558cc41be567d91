"""What has happened to an incident: frozen, each with its time, actor, source and command, in order its record."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from muster.domain.alerts import Alert
from muster.domain.audiences import Audience, Status
from muster.domain.commands import NoteKind, OpenIncident, Predecessor
from muster.domain.effects import EffectState
from muster.domain.model import Record, Time
from muster.domain.roles import Role
from muster.domain.severity import Severity

MUSTER = "automation:muster"
"""The actor of what follows from the rules themselves."""


class Happened(Record):
    """What every fact carries."""

    at: Time
    actor: str = MUSTER
    source: str = "muster"
    authenticated: bool = False
    """The source vouches for the actor."""
    command_id: str = ""


class Declared(Happened):
    """An incident exists."""

    kind: Literal["declared"] = "declared"
    workflow_id: str
    title: str
    private: bool = False
    probe: bool = False
    drill: bool = False
    severity: Severity | None
    service: str | None
    key: str | None
    since: Time
    alerts: tuple[Alert, ...] = ()


class PolicyAdopted(Happened):
    """The policy that holds for its life, and the severity where the declaration named none."""

    kind: Literal["policy_adopted"] = "policy_adopted"
    digest: str
    severity: Severity
    defaulted: bool


class NumberGiven(Happened):
    """The ledger has numbered it."""

    kind: Literal["number_given"] = "number_given"
    number: int
    predecessor: Predecessor | None
    others: tuple[OpenIncident, ...] = ()


class ProbeAnswered(Happened):
    """The ledger has answered a probe, which takes no number; no line of the timeline."""

    kind: Literal["probe_answered"] = "probe_answered"
    next_number: int


class KnownAlready(Happened):
    """The ledger knows this key: the incident is another one's second start."""

    kind: Literal["known_already"] = "known_already"
    number: int
    workflow_id: str


class Upgraded(Happened):
    """S2 by the rule of the upgrade window."""

    kind: Literal["upgraded"] = "upgraded"
    previous: Severity
    predecessor: int | None
    """The incident after which it follows."""
    own: bool = False
    """It follows itself: it has failed again after its own closing."""


class Rated(Happened):
    """The severity has changed."""

    kind: Literal["rated"] = "rated"
    severity: Severity
    previous: Severity
    reason: str


class RatingConfirmed(Happened):
    """The severity stands, says a person."""

    kind: Literal["rating_confirmed"] = "rating_confirmed"
    severity: Severity
    reason: str


class ConfirmationAsked(Happened):
    """The IMOC is asked whether the severity still holds."""

    kind: Literal["confirmation_asked"] = "confirmation_asked"
    severity: Severity
    cause: str
    unanswered: bool = False
    """The question before was not answered: the rating stood."""


class ConfirmationPlanned(Happened):
    """When the IMOC will be asked for the severity next; no line of the timeline."""

    kind: Literal["confirmation_planned"] = "confirmation_planned"
    due: Time | None


class RoleAssigned(Happened):
    """A person has a role."""

    kind: Literal["role_assigned"] = "role_assigned"
    role: Role
    person: str
    replaced: str | None = None


class RoleFreed(Happened):
    """A person has lost a role by a rule."""

    kind: Literal["role_freed"] = "role_freed"
    role: Role
    person: str
    reason: str


class UpdatePosted(Happened):
    """Audiences are told something."""

    kind: Literal["update_posted"] = "update_posted"
    sequence: int
    message: str
    to: tuple[Audience, ...]
    status: Status | None = None
    next_at: Time | None = None
    correction: bool = False


class UpdateLate(Happened):
    """A promised update did not come."""

    kind: Literal["update_late"] = "update_late"
    audience: Audience
    promised: Time


class Noted(Happened):
    """Something is on record."""

    kind: Literal["noted"] = "noted"
    sequence: int
    text: str
    note: NoteKind = NoteKind.NOTE
    by: str
    until: Time | None = None


class TryingLate(Happened):
    """What was being tried is not back in time."""

    kind: Literal["trying_late"] = "trying_late"
    sequence: int
    text: str
    by: str


class Resolved(Happened):
    """The service is back."""

    kind: Literal["resolved"] = "resolved"
    message: str | None = None
    firing: tuple[str, ...] = ()
    wait: timedelta = timedelta(0)


class ClockStarted(Happened):
    """Nothing fires any more: the stability wait begins."""

    kind: Literal["clock_started"] = "clock_started"
    wait: timedelta


class WaitLengthened(Happened):
    """A higher rating in the wait: it lasts longer, and goes on from where it was."""

    kind: Literal["wait_lengthened"] = "wait_lengthened"
    wait: timedelta


class ClockStopped(Happened):
    """An alert fires in the wait and is no part of this incident so far."""

    kind: Literal["clock_stopped"] = "clock_stopped"
    firing: tuple[str, ...]


class Regressed(Happened):
    """An alert of this incident fires again in the wait."""

    kind: Literal["regressed"] = "regressed"
    firing: tuple[str, ...]


class AlertsReported(Happened):
    """Alerts have started or stopped."""

    kind: Literal["alerts_reported"] = "alerts_reported"
    alerts: tuple[Alert, ...]


class AlertsUnheard(Happened):
    """Alerts of which it heard only after its end: the service is told that nobody has them; no line of the timeline."""

    kind: Literal["alerts_unheard"] = "alerts_unheard"
    alerts: tuple[Alert, ...]


class AllClear(Happened):
    """No alert of an active incident fires any more; whether it is over a person says."""

    kind: Literal["all_clear"] = "all_clear"


class AlertSetAside(Happened):
    """A person declared an alert no evidence."""

    kind: Literal["alert_set_aside"] = "alert_set_aside"
    fingerprint: str
    name: str
    reason: str


class Reopened(Happened):
    """It is not over."""

    kind: Literal["reopened"] = "reopened"
    reason: str
    was_closed: bool
    by_mistake: bool = False


class Closed(Happened):
    """The wait is over, or there was none."""

    kind: Literal["closed"] = "closed"
    severity: Severity


class ClosingConfirmed(Happened):
    """The ledger has recorded the closing; its time counts."""

    kind: Literal["closing_confirmed"] = "closing_confirmed"
    closed_at: Time
    unrecorded: bool = False
    """The ledger would not have it: the time is the incident's own."""


class MergeAsked(Happened):
    """The other incident is asked to take this one over."""

    kind: Literal["merge_asked"] = "merge_asked"
    into: int
    into_workflow: str


class MergeDenied(Happened):
    """The other incident did not take it over."""

    kind: Literal["merge_denied"] = "merge_denied"
    into: int
    reason: str


class Merged(Happened):
    """It is a duplicate."""

    kind: Literal["merged"] = "merged"
    into: int


class Absorbed(Happened):
    """A duplicate was taken over."""

    kind: Literal["absorbed"] = "absorbed"
    duplicate: int
    severity: Severity
    worst: Severity
    previous: Severity
    declared_at: Time
    waited: bool = False
    services: tuple[str, ...]
    alerts: tuple[Alert, ...]


class Cancelled(Happened):
    """It was a false alarm."""

    kind: Literal["cancelled"] = "cancelled"
    reason: str


class Requested(Happened):
    """Somebody asks the IMOC for what only the IMOC does."""

    kind: Literal["requested"] = "requested"
    what: str
    grant: str


class DoneWithoutImoc(Happened):
    """What only an IMOC does was done while there was none; the next one is told."""

    kind: Literal["done_without_imoc"] = "done_without_imoc"
    what: str


class Refused(Happened):
    """A recorded command was refused by a rule or could not be read."""

    kind: Literal["refused"] = "refused"
    command: str
    code: str
    reason: str


class EffectChanged(Happened):
    """An effect is degraded, done after all, needs a human, or is abandoned."""

    kind: Literal["effect_changed"] = "effect_changed"
    key: str
    title: str
    state: EffectState
    reason: str = ""


class Exported(Happened):
    """The record so far was handed to the tracker; no line of the timeline."""

    kind: Literal["exported"] = "exported"
    upto: int


class WindowEnded(Happened):
    """It can no longer be reopened."""

    kind: Literal["window_ended"] = "window_ended"


Fact = Annotated[
    Declared
    | PolicyAdopted
    | NumberGiven
    | ProbeAnswered
    | KnownAlready
    | Upgraded
    | Rated
    | RatingConfirmed
    | ConfirmationAsked
    | ConfirmationPlanned
    | RoleAssigned
    | RoleFreed
    | UpdatePosted
    | UpdateLate
    | Noted
    | TryingLate
    | Resolved
    | ClockStarted
    | ClockStopped
    | WaitLengthened
    | Regressed
    | AlertsReported
    | AlertsUnheard
    | AllClear
    | AlertSetAside
    | Reopened
    | Closed
    | ClosingConfirmed
    | MergeAsked
    | MergeDenied
    | Merged
    | Absorbed
    | Cancelled
    | Requested
    | DoneWithoutImoc
    | Refused
    | EffectChanged
    | Exported
    | WindowEnded,
    Field(discriminator="kind"),
]
