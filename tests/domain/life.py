"""A life of one incident for domain tests: commands in, state out, with the clock in the test's hand."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.decide import apply, decide
from muster.domain.deciding import Decision, Refusal, Verdict
from muster.domain.evolve import born, evolve
from muster.domain.lifecycle import Phase
from muster.domain.policy import Policy
from muster.domain.severity import Severity
from muster.domain.state import IncidentState

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def declared(
    severity: Severity = Severity.S2,
    service: str | None = "web",
    alerts: tuple[Alert, ...] = (),
    actor: str = "ana",
    *,
    probe: bool = False,
    private: bool = False,
    drill: bool = False,
) -> IncidentState:
    """Return an incident as it is just after its declaration."""
    state = born(
        f.Declared(
            at=START,
            actor=actor,
            workflow_id="incident-1",
            title="api errors",
            severity=severity,
            service=service,
            key=None,
            since=START,
            alerts=alerts,
            probe=probe,
            private=private,
            drill=drill,
        )
    )
    begun = f.PolicyAdopted(at=START, digest="d", severity=severity, defaulted=False)
    return evolve(state, begun)


def alert(
    name: str = "HighErrorRate",
    *,
    firing: bool = True,
    at: datetime = START,
    fingerprint: str | None = None,
) -> Alert:
    """Return an alert of the service web."""
    return Alert(
        fingerprint=fingerprint or name, name=name, service="web", firing=firing, starts_at=at
    )


class Life:
    """One incident and a clock that only the test moves."""

    def __init__(
        self,
        severity: Severity = Severity.S2,
        *,
        policy: Policy | None = None,
        number: int | None = 42,
        **declaration: Any,
    ) -> None:
        self.policy = policy or Policy()
        self.now = START
        self.state = declared(severity, **declaration)
        self._ids = itertools.count()
        if number is not None:
            self.tell(c.Registered(number=number))

    def after(self, span: str | timedelta) -> "Life":
        """Move the clock and let what is due happen, as the workflow's timer does."""
        from muster.domain.spans import duration

        self.now += duration(span)
        self.tell(c.Tick())
        return self

    def tell(self, command: object) -> Verdict:
        """Decide a command and live with the decision."""
        verdict = decide(self.state, command, self.policy, self.now)
        if isinstance(verdict, Decision):
            self.state = apply(self.state, command, verdict)
        return verdict

    def say(self, model: type[c.Command], actor: str = "ana", /, **fields: Any) -> Verdict:
        """Send a command with an id of its own."""
        return self.tell(model(command_id=f"c{next(self._ids)}", actor=actor, **fields))

    def must(self, model: type[c.Command], actor: str = "ana", /, **fields: Any) -> Decision:
        """Send a command that is not refused."""
        verdict = self.say(model, actor, **fields)
        assert isinstance(verdict, Decision), verdict
        return verdict

    def refused(self, model: type[c.Command], actor: str = "ana", /, **fields: Any) -> Refusal:
        """Send a command that is refused, and see that it has changed nothing."""
        before = self.state
        verdict = self.say(model, actor, **fields)
        assert isinstance(verdict, Refusal), verdict
        assert self.state is before
        return verdict

    def report(self, *alerts: Alert) -> Verdict:
        """Let the service report alerts."""
        return self.say(c.ReportAlerts, "automation:alertmanager", alerts=alerts)

    def kinds(self) -> list[str]:
        """Return the kinds of all facts in order."""
        return [fact.kind for fact in self.state.facts]

    @property
    def phase(self) -> Phase:
        """Return the phase."""
        return self.state.phase
