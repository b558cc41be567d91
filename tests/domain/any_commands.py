"""Every command in any order, at any time, by anyone: rules for hypothesis; who takes them, a subclass says."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from muster import names
from muster.domain.severity import Severity

PEOPLE = st.sampled_from(["ana", "ben", "automation:bot"])
RATINGS = st.sampled_from(list(Severity))
ALERTS = st.sampled_from(["HighErrorRate", "DiskFull"])
MOMENTS = st.sampled_from([50, 310, 29 * 60, 30 * 60, 31 * 60])
HOURS = st.sampled_from([100 * 60, 180 * 60, 200 * 60])
"""Seconds."""
WORDS = st.sampled_from(["Some requests fail.", "Fewer requests fail."])
AUDIENCES = st.lists(st.sampled_from(["end-users", "support", "estaff"]), min_size=1, max_size=2)
STATUSES = st.none() | st.sampled_from(["investigating", "monitoring", "resolved"])
SELDOM = st.integers(0, 9).map(lambda die: die == 9)
NUMBERS = st.sampled_from([None, None, None, 999])
"""Now and then a command is meant for another incident."""


class AnyCommands(RuleBasedStateMachine):
    """One rule for each message of the contract."""

    def ask(self, name: str, actor: str, **fields: Any) -> None:
        """Send a command."""
        raise NotImplementedError

    def repeat(self, back: int) -> None:
        """Send again, with its id, one of the last commands."""
        raise NotImplementedError

    def pass_time(self, span: timedelta) -> None:
        """Let time pass."""
        raise NotImplementedError

    def clock(self) -> datetime:
        """Return what time it is."""
        raise NotImplementedError

    @rule(seconds=MOMENTS)
    def moments_pass(self, seconds: int) -> None:
        self.pass_time(timedelta(seconds=seconds))

    @rule(seconds=HOURS)
    def hours_pass(self, seconds: int) -> None:
        self.pass_time(timedelta(seconds=seconds))

    @rule(back=st.integers(1, 4))
    def again(self, back: int) -> None:
        self.repeat(back)

    @rule(
        actor=PEOPLE,
        role=st.sampled_from(["imoc", "cmoc", "ocit"]),
        person=st.sampled_from(["ana", "ben", "cem"]),
    )
    def assign(self, actor: str, role: str, person: str) -> None:
        self.ask(names.ASSIGN_ROLE, actor, role=role, person=person)

    @rule(actor=PEOPLE, severity=RATINGS, number=NUMBERS)
    def rate(self, actor: str, severity: Severity, number: int | None) -> None:
        self.ask(names.CHANGE_SEVERITY, actor, severity=severity, reason="because", number=number)

    @rule(actor=PEOPLE, despite=st.none() | ALERTS)
    def resolve(self, actor: str, despite: str | None) -> None:
        self.ask(names.RESOLVE, actor, despite=despite, reason="noise" if despite else None)

    @rule()
    def lead_and_resolve(self) -> None:
        """Get on with it: most of what is interesting comes after."""
        self.ask(names.ASSIGN_ROLE, "ana", role="imoc", person="ana")
        self.ask(names.RESOLVE, "ana")

    @rule(actor=PEOPLE, mistake=st.booleans())
    def reopen(self, actor: str, mistake: bool) -> None:
        self.ask(names.REOPEN, actor, reason="again", closed_by_mistake=mistake)

    @rule(actor=PEOPLE, ends=SELDOM)
    def cancel(self, actor: str, ends: bool) -> None:
        """Seldom end it for good: an incident that is over has no more to show."""
        if ends:
            self.ask(names.CANCEL, actor, reason="false alarm")
        else:
            self.ask(names.ADD_NOTE, actor, text="a false alarm?")

    @rule(severity=RATINGS, owed=st.booleans(), waited=SELDOM, age=st.integers(0, 40))
    def absorb(self, severity: Severity, owed: bool, waited: bool, age: int) -> None:
        self.ask(
            names.ABSORB,
            "ana",
            duplicate=50,
            duplicate_workflow="incident-50",
            severity=severity,
            declared_at=self.clock() - timedelta(minutes=age),
            wait_owed=owed,
            waited=waited,
        )

    @rule(alert=ALERTS, firing=st.booleans(), age=st.integers(0, 40))
    def report(self, alert: str, firing: bool, age: int) -> None:
        found = {
            "fingerprint": alert,
            "name": alert,
            "service": "web",
            "firing": firing,
            "starts_at": self.clock() - timedelta(minutes=age),
        }
        self.ask(names.REPORT_ALERTS, "automation:alertmanager", alerts=(found,))

    @rule(actor=PEOPLE, kind=st.sampled_from(["note", "tried", "trying"]), lasts=st.booleans())
    def note(self, actor: str, kind: str, lasts: bool) -> None:
        span = 60.0 if lasts and kind == "trying" else None
        self.ask(names.ADD_NOTE, actor, text="looking", kind=kind, lasts=span)

    @rule(
        actor=PEOPLE,
        message=WORDS,
        to=AUDIENCES,
        status=STATUSES,
        promised=st.none() | st.sampled_from([-10, 10, 100]),
        correction=st.booleans(),
    )
    def update(
        self,
        *,
        actor: str,
        message: str,
        to: list[str],
        status: str | None,
        promised: int | None,
        correction: bool,
    ) -> None:
        next_at = self.clock() + timedelta(minutes=promised) if promised else None
        self.ask(
            names.POST_UPDATE,
            actor,
            message=message,
            to=to,
            status=status,
            next_at=next_at,
            correction=correction,
        )

    @rule(actor=PEOPLE, name=st.sampled_from(["issue", "announce"]))
    def retry(self, actor: str, name: str) -> None:
        self.ask(names.RETRY_EFFECT, actor, key=name)
