"""The policy of an incident as data: every default of the product stands here."""

import hashlib
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from muster.domain.audiences import Audience
from muster.domain.effects import Timing
from muster.domain.model import Line, Person, Value
from muster.domain.permissions import Permissions
from muster.domain.rotation import OnCall, Zone
from muster.domain.severity import WAITS, Rating, Severity
from muster.domain.spans import Duration, Positive


class Scope(StrEnum):
    """What an upgrade window is about."""

    GLOBAL = "global"
    SERVICE = "service"


class Regression(StrEnum):
    """Which alert breaks a stability wait."""

    LINKED = "linked"
    ANY = "any"


class Windows(Value):
    """The two windows of the process."""

    stability: Duration = timedelta(minutes=30)
    upgrade: Positive = timedelta(hours=3)
    upgrade_scope: Scope = Scope.GLOBAL


class Declare(Value):
    """What a declaration gets that does not say."""

    severity: Rating = Severity.S2


class Alerts(Value):
    """How alerts become incidents."""

    service_label: Line = "service"
    starting_severity: Rating = Severity.S3
    regression: Regression = Regression.LINKED
    resolve_after: Positive | None = None
    """How long an S3 or S4 that only machines have touched is all clear before it resolves by itself; None: never."""


class Definition(Value):
    """What a severity means and what is spent on it."""

    name: Line
    users: Line
    service: Line
    performance: Line
    confirm: Positive | None = None
    """How often the IMOC is asked to confirm the rating."""
    dedicated_cmoc: bool = False
    stability: Duration | None = None
    """A wait of its own; S1 and S2 never wait less than the stability window."""


class Severities(Value):
    """The four definitions."""

    S1: Definition = Definition(
        name="blocker: no workaround, data loss or breach",
        users="more than half",
        service="outage or significant impact on all",
        performance="-",
        confirm=timedelta(minutes=30),
        dedicated_cmoc=True,
    )
    S2: Definition = Definition(
        name="critical: workaround unacceptable",
        users="many, or several paying customers",
        service="significant impact on large portions",
        performance="degraded, guaranteed soon",
        confirm=timedelta(minutes=30),
    )
    S3: Definition = Definition(
        name="major: acceptable workaround",
        users="a few, or one paying customer",
        service="limited impact on important portions",
        performance="likely soon",
        confirm=timedelta(hours=2),
    )
    S4: Definition = Definition(
        name="low: inconvenience or cosmetic",
        users="none that pays, now or soon",
        service="minor",
        performance="possible, unlikely",
    )


class Chat(Value):
    """Where the team talks."""

    announcements: Line = "#incident"
    reach_imoc: Line = "a direct message to the IMOC"
    own_channel: bool = False
    channel_prefix: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")] = "inc-"


class Fallback(Value):
    """Where people go while a provider, or all of Muster, is down."""

    bridge: Line | None = None
    """A standing bridge or dial-in; the card shows it until the incident's own stands."""
    channel: Line | None = None
    """Where to write without the chat."""
    checklist: tuple[Line, ...] = (
        "Call the on-call Incident Manager by phone.",
        "Agree on one bridge and one place to write.",
        "Write down who does what, with times: it is the record.",
    )
    """What ``declare`` prints when Temporal cannot be reached."""


class AudiencePlan(Value):
    """Where an audience hears: ``status`` is the public account, ``#name`` a chat channel."""

    channels: tuple[Line, ...] = ()


class Private(Value):
    """How an incident is run of which others must not read."""

    releasers: tuple[Person, ...] = ()
    """Who may release a text of it to an audience that would not hear otherwise."""
    audiences: tuple[Audience, ...] = ()
    """Who hears its updates without a release."""
    authenticated: bool = False
    """Its commands are only for whom the source vouches; a CLI's ``--as`` is no more than a claim."""


class Auditing(Value):
    """How open incidents are looked after from outside."""

    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=60)


class PersonRecord(Value):
    """How one person is known elsewhere."""

    name: Line | None = None
    slack: Line | None = None
    gitlab: Line | None = None
    email: Line | None = None
    timezone: Zone = "UTC"


class Effects(Value):
    """How effects are tried."""

    give_up: Positive = timedelta(days=7)
    http_timeout: Positive = timedelta(seconds=5)
    settle: Positive = timedelta(seconds=10)
    first_leg: Positive = timedelta(seconds=15)
    slowest_retry: Positive = timedelta(minutes=1)


def _audiences() -> dict[Audience, AudiencePlan]:
    return {
        Audience.END_USERS: AudiencePlan(channels=("status",)),
        Audience.ESTAFF: AudiencePlan(channels=("#estaff",)),
        Audience.SUPPORT: AudiencePlan(channels=("#support",)),
        Audience.EMPLOYEES: AudiencePlan(channels=("#employees",)),
    }


class Policy(Value):
    """``muster.toml``: every key optional, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows: Windows = Windows()
    declare: Declare = Declare()
    alerts: Alerts = Alerts()
    severity: Severities = Severities()
    chat: Chat = Chat()
    fallback: Fallback = Fallback()
    audiences: dict[Audience, AudiencePlan] = Field(default_factory=_audiences)
    people: dict[Person, PersonRecord] = {}
    oncall: OnCall = OnCall()
    permissions: Permissions = Permissions()
    private: Private = Private()
    effects: Effects = Effects()
    audit: Auditing = Auditing()

    def definition(self, severity: Severity) -> Definition:
        """Return what the severity means here."""
        found: Definition = getattr(self.severity, severity.value)
        return found

    def wait(self, worst: Severity) -> timedelta:
        """Return how long an incident that was once this severe waits between resolved and closed."""
        own = self.definition(worst).stability or timedelta(0)
        return max(own, self.windows.stability) if worst in WAITS else own

    def channels(self, audience: Audience) -> tuple[str, ...]:
        """Return where the audience hears."""
        plan = self.audiences.get(audience)
        return plan.channels if plan else ()

    def called(self, handle: str) -> str:
        """Return how a person is shown: ``Ana Alves (ana)``, or the handle where no name is known."""
        known = self.people.get(handle)
        return f"{known.name} ({handle})" if known and known.name else handle

    def kept(self) -> "Policy":
        """Return what an incident keeps of it: who is on call is asked anew each time, and no address of anyone is kept."""
        people = {
            handle: one.model_copy(update={"email": None}) for handle, one in self.people.items()
        }
        return self.model_copy(update={"people": people, "oncall": OnCall()})

    def timing(self) -> Timing:
        """Return how effects are tried."""
        return Timing(
            http_timeout=self.effects.http_timeout,
            settle=self.effects.settle,
            first_leg=self.effects.first_leg,
            slowest_retry=self.effects.slowest_retry,
            give_up=self.effects.give_up,
        )

    def digest(self) -> str:
        """Return the first 12 hex digits of the policy's SHA-256."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]
