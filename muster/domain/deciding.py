"""What all deciders share: the context that they are asked in and the two answers that they may give."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from muster.domain.commands import Command
from muster.domain.evolve import evolve
from muster.domain.facts import Fact, Happened
from muster.domain.policy import Policy
from muster.domain.state import IncidentState, Result

F = TypeVar("F", bound=Happened)


@dataclass(frozen=True)
class Refusal:
    """A rule says no; ``code`` is for programs, ``field`` names the part of the command."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class Decision:
    """What has happened, and what the sender is told."""

    facts: tuple[Fact, ...] = ()
    result: Result = field(default_factory=Result)


Verdict = Refusal | Decision


@dataclass(frozen=True)
class Context:
    """What is known when a command is decided."""

    policy: Policy
    now: datetime
    actor: str
    source: str
    authenticated: bool
    command_id: str

    def fact(self, kind: type[F], **what: Any) -> F:
        """Return a fact of the command's actor."""
        return kind(
            at=self.now,
            actor=self.actor,
            source=self.source,
            authenticated=self.authenticated,
            command_id=self.command_id,
            **what,
        )

    def rule(self, kind: type[F], **what: Any) -> F:
        """Return a fact that follows from a rule, not from a person."""
        return kind(at=self.now, authenticated=True, command_id=self.command_id, **what)


def context(command: object, policy: Policy, now: datetime) -> Context:
    """Return the context of a command from outside or of one that the incident gives itself."""
    if isinstance(command, Command):
        return Context(
            policy, now, command.actor, command.source, command.authenticated, command.command_id
        )
    return Context(policy, now, "automation:muster", "muster", authenticated=True, command_id="")


def after(state: IncidentState, facts: tuple[Fact, ...] | list[Fact]) -> IncidentState:
    """Return the state after these facts."""
    for fact in facts:
        state = evolve(state, fact)
    return state
