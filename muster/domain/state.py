"""The state of one incident: what its facts add up to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, TypeVar

from pydantic import Field

from muster.domain.alerts import Alert
from muster.domain.audiences import Audience, Status
from muster.domain.commands import OpenIncident, Predecessor
from muster.domain.facts import Fact
from muster.domain.lifecycle import ENDED, Phase
from muster.domain.model import Record, Time
from muster.domain.roles import Roles
from muster.domain.severity import Severity

R = TypeVar("R", bound=Record)

RESULTS_KEPT = 2_000
"""Command ids that are remembered over a continue-as-new, as far as they have room."""
RESULTS_ROOM = 200_000
"""Bytes of JSON for them."""


class Result(Record):
    """What became of a command, kept by its id."""

    outcome: Literal["applied", "refused", "requested", "pending"] = "applied"
    message: str = ""
    code: str = ""
    field: str | None = None


class Told(Record):
    """The last words to one audience."""

    audience: Audience
    at: Time
    by: str
    text: str
    status: Status | None = None


class Trying(Record):
    """What is being tried."""

    sequence: int
    text: str
    by: str
    until: Time | None = None
    late: bool = False


class Promise(Record):
    """A promised update."""

    audience: Audience
    at: Time
    late: bool = False


class Merging(Record):
    """A merge that the other incident has yet to answer."""

    into: int
    into_workflow: str
    command_id: str


class IncidentState(Record):
    """One incident; built by ``evolve`` alone, and the carrier of continue-as-new."""

    workflow_id: str = ""
    first_run: str = ""
    """The id of its first run: a later start of the same key is another."""
    title: str = ""
    private: bool = False
    """Others must not read of it: its own private channel, a confidential issue, no word outside."""
    probe: bool = False
    """A test of the whole way: nothing outside, no number, and it ends by itself."""
    probe_answered: bool = False
    drill: bool = False
    """An exercise on the real paths: marked as one, nothing for end users and eStaff, and apart from what is real."""
    number: int | None = None
    housed: bool = False
    """It had its number while a channel of its own could still be of use; one that has closed may be reopened."""
    known_as: str | None = None
    severity: Severity = Severity.S2
    worst: Severity = Severity.S2
    """The highest since it was declared or last reopened."""
    severity_reason: str = ""
    severity_defaulted: bool = False
    phase: Phase = Phase.ACTIVE
    life: int = 0
    """How often it was reopened after a closing."""
    services: tuple[str, ...] = ()
    key: str | None = None
    declared_at: Time
    """When it was declared; the older of both after a merge."""
    declared_by: str = ""
    source: str = ""
    since: Time
    policy_digest: str = ""
    roles: Roles = Roles()
    predecessor: int | None = None
    window: Predecessor | None = None
    """The ledger's answer for a later raise."""
    others: tuple[OpenIncident, ...] = ()
    status: Status = Status.INVESTIGATING
    resolved_at: Time | None = None
    clock_since: Time | None = None
    """Since when nothing that counts fires, in the wait; None while something does."""
    wait: timedelta = timedelta(0)
    waited: bool = False
    """A stability wait has begun since it was declared or last reopened from closed."""
    lowered: bool = False
    """A person has lowered it, and nobody has raised it since."""
    touched: bool = False
    """A person has done something with it, not only machines."""
    clear_since: Time | None = None
    """Since when no alert fires any more, after some have."""
    closed_at: Time | None = None
    closing_recorded: bool = False
    window_ended: bool = False
    merging: Merging | None = None
    merged_into: int | None = None
    alerts: dict[str, Alert] = Field(default_factory=dict)
    alerts_weight: int = 0
    """About how many bytes they have as JSON."""
    told: dict[str, Told] = Field(default_factory=dict)
    promises: dict[str, Promise] = Field(default_factory=dict)
    trying: tuple[Trying, ...] = ()
    confirm_at: Time | None = None
    confirm_asked: bool = False
    unconfirmed_since: Time | None = None
    """Since when a question for the rating is late: its whole interval passed without an answer."""
    requests: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    """Keys of the effects that need a human or were given up: those that can be tried again by a command."""
    for_next_imoc: tuple[str, ...] = ()
    sequence: int = 0
    """How many facts there are: the numbers of notes and updates."""
    exported: int = 0
    """How many facts the tracker has been given."""
    facts: tuple[Fact, ...] = ()
    """The newest of them, all as far as they fit into what a workflow may carry."""
    results: dict[str, Result] = Field(default_factory=dict)
    refusals_since: Time | None = None
    """When the hour began in which refusals are counted."""
    refusals: int = 0
    """How many there were in it; of a flood not all go on record."""

    @property
    def closes_at(self) -> Time | None:
        """Return when the wait will be over, if nothing happens."""
        if self.phase is not Phase.RESOLVED or self.clock_since is None or self.awaits_ledger:
            return None
        return self.clock_since + self.wait

    @property
    def awaits_ledger(self) -> bool:
        """Tell whether the ledger may still make it an S2, which closes only after a wait."""
        return self.number is None and self.worst is Severity.S3

    @property
    def registered(self) -> bool:
        """Tell whether the ledger has answered."""
        return self.number is not None or self.probe_answered

    @property
    def label(self) -> str:
        """Return the incident as people name it: its number, or N while it has none."""
        return str(self.number) if self.number is not None else "N"

    @property
    def address(self) -> str:
        """Return the incident as a command names it: its number, or its workflow id while it has none."""
        return str(self.number) if self.number is not None else self.workflow_id

    @property
    def service(self) -> str | None:
        """Return the service for which it was declared."""
        return self.services[0] if self.services else None

    def people(self) -> tuple[str, ...]:
        """Return who belongs to it: who declared it and all who hold a role."""
        holders = (self.roles.imoc, self.roles.cmoc, *self.roles.ocit)
        return tuple(dict.fromkeys((self.declared_by, *(one.person for one in holders if one))))

    @property
    def imoc(self) -> str | None:
        """Return who leads."""
        return self.roles.imoc.person if self.roles.imoc else None

    @property
    def ended(self) -> bool:
        """Tell whether no command can change it any more."""
        return self.phase in ENDED or self.window_ended

    def unexported(self) -> tuple[Fact, ...]:
        """Return the facts that the tracker has not been given."""
        count = min(self.sequence - self.exported, len(self.facts))
        return self.facts[len(self.facts) - count :]

    def trimmed(self, room: int) -> "IncidentState":
        """Return the state with no more facts than fit into so many bytes of JSON, and no more results than have room.

        The newest are kept; what the tracker has not been given stays.
        """
        kept = list(newest(self.facts, room))
        owed = self.unexported()
        facts = owed if len(owed) > len(kept) else tuple(kept)
        return self.model_copy(update={"facts": facts, "results": self._newest_results()})

    def _newest_results(self) -> dict[str, Result]:
        latest = list(self.results.items())[-RESULTS_KEPT:]
        kept, room = [], RESULTS_ROOM
        for key, result in reversed(latest):
            room -= len(key.encode()) + len(result.model_dump_json().encode())
            if room < 0:
                break
            kept.append((key, result))
        return dict(reversed(kept))

    def counting(self) -> tuple[Alert, ...]:
        """Return the alerts that stop the clock."""
        return tuple(alert for alert in self.alerts.values() if alert.counts)


def newest(records: Sequence[R], room: int) -> tuple[R, ...]:
    """Return the newest of them that fit into so many bytes of JSON."""
    first = len(records)
    for record in reversed(records):
        room -= len(record.model_dump_json().encode())
        if room < 0:
            break
        first -= 1
    return tuple(records[first:])
