"""The rules of phase, severity, wait, closing, upgrade and authority once more, small, and by another hand.

Nothing here knows the product's code: commands are plain fields, severities are numbers from 1, times are datetimes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Fields = dict[str, Any]
OPENS = (2, 3)
SEVERE = (1, 2)
PHASES: dict[str, tuple[str, ...]] = {
    "assign_role": ("active", "resolved"),
    "change_severity": ("active", "resolved"),
    "resolve": ("active", "resolved"),
    "reopen": ("resolved", "closed"),
    "merge": ("active",),
    "cancel": ("active",),
    "absorb": ("active",),
}
NOT_IN_A_MERGE = ("resolve", "cancel", "merge", "absorb", "change_severity")
"""What cannot be while another incident is asked to take this one over."""


@dataclass
class Alert:
    """One alert as it was last heard of."""

    name: str
    firing: bool
    since: datetime
    aside: bool = False
    linked: bool = True

    @property
    def counts(self) -> bool:
        return self.firing and not self.aside


@dataclass
class Reference:
    """One incident."""

    severity: int
    waits: dict[int, timedelta]
    window: timedelta
    phase: str = "active"
    worst: int = 4
    number: int | None = None
    follows: int | None = None
    """The incident in whose window it was declared."""
    predecessor: int | None = None
    imoc: str | None = None
    cmoc: str | None = None
    team: set[str] = field(default_factory=set)
    resolved_at: datetime | None = None
    clock: datetime | None = None
    wait: timedelta = timedelta(0)
    closed_at: datetime | None = None
    recorded: bool = False
    lives: int = 0
    over: bool = False
    merging: bool = False
    waited: bool = False
    """A stability wait has begun in this life, its own or that of a duplicate."""
    lowered: bool = False
    """The last rating by a person was a lower one."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.worst = self.severity

    @property
    def closes_at(self) -> datetime | None:
        if self.phase != "resolved" or self.clock is None or self._may_be_upgraded():
            return None
        return self.clock + self.wait

    def _may_be_upgraded(self) -> bool:
        """Tell whether the ledger has yet to say if this S3 is an S2: it closes only then."""
        return self.number is None and self.worst == 3

    def shown(self) -> tuple[Any, ...]:
        """Return all that two models of an incident must agree on."""
        roles = (self.imoc, self.cmoc, frozenset(self.team))
        course = (self.phase, self.severity, self.predecessor, self.over)
        return (*course, self.closes_at, *roles)

    # Commands of people and machines.

    def ask(self, name: str, fields: Fields, now: datetime) -> str:
        """Return the outcome; what is refused is not remembered."""
        known = self.answers.get(fields["command_id"])
        if known is not None:
            return known
        outcome = self._outcome(name, fields, now)
        if outcome != "refused":
            self.answers[fields["command_id"]] = outcome
        return outcome

    def _outcome(self, name: str, fields: Fields, now: datetime) -> str:
        another = self.number is not None and fields["number"] not in {None, self.number}
        if another or (name in PHASES and not self._in_time(name)):
            return "refused"
        may = getattr(self, f"_may_{name}", None)
        if may is not None and not may(fields):
            return "refused"
        if self._is_the_imocs(name, fields) and (self.imoc or _machine(fields["actor"])):
            return "requested"
        getattr(self, f"_{name}")(fields, now)
        return "pending" if name == "merge" else "applied"

    def _in_time(self, name: str) -> bool:
        if self.over or (self.merging and name in NOT_IN_A_MERGE):
            return False
        return self.phase in PHASES[name]

    def _is_the_imocs(self, name: str, fields: Fields) -> bool:
        if self.severity not in SEVERE or fields["actor"] == self.imoc:
            return False
        lowers = name == "change_severity" and fields["severity"] > self.severity
        aside = fields.get("despite") is not None and self.resolved_at is not None
        return lowers or name in {"cancel", "merge"} or (name == "resolve" and not aside)

    def _may_assign_role(self, fields: Fields) -> bool:
        person, role = fields["person"], fields["role"]
        held = self._held(person)
        pairs = [{role, other} for other in held - {role}]
        fixing = any(pair == {"imoc", "ocit"} for pair in pairs)
        shared = self.severity == 1 and any("cmoc" in pair for pair in pairs)
        return role in held or not (fixing or shared)

    def _held(self, person: str) -> set[str]:
        named: dict[str, set[Any]] = {
            "imoc": {self.imoc},
            "cmoc": {self.cmoc},
            "ocit": {*self.team},
        }
        return {role for role, people in named.items() if person in people}

    def _assign_role(self, fields: Fields, _now: datetime) -> None:
        if fields["role"] == "ocit":
            self.team.add(fields["person"])
        else:
            setattr(self, fields["role"], fields["person"])

    def _change_severity(self, fields: Fields, _now: datetime) -> None:
        lowers = fields["severity"] > self.severity
        same = fields["severity"] == self.severity
        self.lowered = self.lowered if same else lowers
        self._rate(fields["severity"], upgrades=not (lowers or same))
        if self.phase == "resolved":
            self.wait = max(self.wait, self.waits[self.worst])

    def _rate(self, severity: int, *, upgrades: bool) -> None:
        self.severity = severity
        follows = self.follows and self.predecessor is None and not self.lowered
        if upgrades and follows and severity in OPENS:
            self.severity, self.predecessor = 2, self.follows
        self.worst = min(self.worst, self.severity)
        if self.severity == 1 and self.cmoc and len(self._held(self.cmoc)) > 1:
            self.cmoc = None

    def _may_resolve(self, fields: Fields) -> bool:
        despite = fields.get("despite")
        if despite is None:
            return self.phase == "active"
        return len(self._counting(despite)) == 1

    def _counting(self, name: str | None = None) -> list[Alert]:
        return [one for one in self.alerts.values() if one.counts and name in {None, one.name}]

    def _resolve(self, fields: Fields, now: datetime) -> None:
        if fields.get("despite") is not None:
            self._counting(fields["despite"])[0].aside = True
        if self.phase == "active":
            self.phase, self.resolved_at = "resolved", now
            self.wait = self.waits[self.worst]
            self.waited = self.waited or bool(self.wait)
            self.clock = None
        self._start_clock(now)
        self._close(now)

    def _start_clock(self, now: datetime) -> None:
        if self.phase == "resolved" and self.clock is None and not self._counting():
            self.clock, self.wait = now, self.waits[self.worst]

    def _close(self, now: datetime) -> None:
        at = self.closes_at
        owes_none = not self.waits[self.worst] and not self._may_be_upgraded()
        if self.phase == "resolved" and (owes_none or (at and now >= at)):
            self.phase, self.closed_at, self.recorded, self.clock = "closed", now, False, None

    def _reopen(self, fields: Fields, _now: datetime) -> None:
        was_closed = self.phase == "closed"
        self.phase, self.clock, self.resolved_at, self.recorded = "active", None, None, False
        if not was_closed:
            for alert in self._firing():
                alert.linked = True
            return
        self.lives += 1
        self.worst, self.waited = self.severity, False
        self.alerts = {key: one for key, one in self.alerts.items() if not one.firing}
        if self.severity == 3 and not fields["closed_by_mistake"]:
            self.severity = self.worst = 2
        else:
            self._rate(self.severity, upgrades=True)

    def _firing(self) -> list[Alert]:
        return [one for one in self.alerts.values() if one.firing]

    def _may_cancel(self, _fields: Fields) -> bool:
        return not self.waited

    def _cancel(self, _fields: Fields, _now: datetime) -> None:
        self._end("cancelled")

    def _end(self, phase: str) -> None:
        self.phase, self.clock, self.over, self.merging = phase, None, True, False

    def _may_merge(self, _fields: Fields) -> bool:
        return self.number is not None

    def _merge(self, _fields: Fields, _now: datetime) -> None:
        self.merging = True

    def _absorb(self, fields: Fields, _now: datetime) -> None:
        owed = 2 if fields["wait_owed"] else 4
        self.waited = self.waited or fields["waited"]
        self.worst = min(self.worst, fields["severity"], owed)
        self._rate(min(self.severity, fields["severity"]), upgrades=True)

    def _report_alerts(self, fields: Fields, now: datetime) -> None:
        if self.phase not in {"active", "resolved"}:
            return
        news = [one for one in fields["alerts"] if self._hear(one)]
        started = [self.alerts[one["fingerprint"]] for one in news if one["firing"]]
        counting = [one for one in started if one.counts]
        if self.phase == "resolved" and counting:
            late = [one for one in counting if one.linked and self._after(one.since)]
            self.clock = None
            if late:
                self.phase, self.resolved_at = "active", None
        if news:
            self._start_clock(now)
            if self.clock == now:
                self._close(now)

    def _hear(self, told: Fields) -> bool:
        known = self.alerts.get(told["fingerprint"])
        since = told["starts_at"]
        same = known is not None and known.since == since
        if known is not None and (since < known.since or (same and told["firing"])):
            return False
        if same and known is not None and not known.firing:
            return False
        of_it = self.phase == "active" or any(
            one.linked and one.name == told["name"] for one in self.alerts.values()
        )
        aside = same and known is not None and known.aside
        self.alerts[told["fingerprint"]] = Alert(told["name"], told["firing"], since, aside, of_it)
        return True

    def _after(self, since: datetime) -> bool:
        return self.resolved_at is None or since > self.resolved_at

    # What happens by itself.

    def tick(self, now: datetime) -> None:
        """Let time have come."""
        self._close(now)
        if self.phase == "closed" and self.recorded and self.closed_at:
            self.over = self.over or now > self.closed_at + self.window

    def registered(self, number: int, follows: int | None, now: datetime) -> None:
        """Take the ledger's word."""
        self.number, self.follows = number, follows
        if self.phase not in {"active", "resolved"}:
            return
        self._rate(self.severity, upgrades=True)
        if self.phase == "resolved":
            self.wait = max(self.wait, self.waits[self.worst])
            self._close(now)

    def closing_recorded(self, at: datetime, lives: int | None) -> None:
        """Take the ledger's time of the closing."""
        if self.phase == "closed" and not self.recorded and lives in {None, self.lives}:
            self.closed_at, self.recorded = at, True

    def merge_answered(self, *, refused: bool) -> None:
        """Take the survivor's word."""
        self.merging = False
        if not refused:
            self._end("merged")


def _machine(actor: str) -> bool:
    return actor.startswith("automation:")
