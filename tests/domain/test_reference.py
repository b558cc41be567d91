"""The rules against a small model by another hand: outcome, phase, severity, wait, closing, upgrade and roles agree."""

import ast
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from muster import messages as m
from muster import names
from muster.domain import commands as c
from muster.domain.deciding import Refusal
from muster.domain.policy import Definition, Policy, Severities, Windows
from muster.domain.severity import Severity
from tests.domain import reference
from tests.domain.any_commands import SELDOM, AnyCommands
from tests.domain.life import START, Life, declared
from tests.domain.reference import Reference

HOUR = timedelta(hours=1)
WAITS = {1: HOUR, 2: timedelta(minutes=30), 3: timedelta(0), 4: timedelta(0)}
"""An S1 waits for an hour here: raising in the wait makes it longer."""
OUTSIDE = (names.POST_UPDATE, names.ADD_NOTE, names.RETRY_EFFECT)
"""What the reference says nothing about: none of it changes what both must agree on."""


def policy(**windows: timedelta) -> Policy:
    usual = Policy().severity
    longer = Definition.model_validate(usual.S1.model_dump() | {"stability": HOUR})
    return Policy(windows=Windows(**windows), severity=Severities(S1=longer))


def plain(value: Any) -> Any:
    """Return a field as the reference has it."""
    return value.rank if isinstance(value, Severity) else value


class BothModels(AnyCommands):
    """Both live the same, and after each step they are compared."""

    policy = policy()
    seen = 0

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, c.Command, dict[str, Any]]] = []
        self.begin(Severity.S3)

    def begin(self, severity: Severity) -> None:
        self.life = Life(Severity.S3, policy=self.policy, number=None)
        self.life.state = declared(severity)
        self.reference = Reference(severity.rank, WAITS, timedelta(hours=3))

    def clock(self) -> datetime:
        return self.life.now

    def ask(self, name: str, actor: str, **fields: Any) -> None:
        known = {"command_id": f"c{len(self.sent)}", "actor": actor, "number": None}
        command = m.COMMANDS[name].model_validate(known | fields)
        told = {key: plain(value) for key, value in (known | fields).items()}
        self.sent.append((name, command, told))
        self.send(name, command, told)

    def repeat(self, back: int) -> None:
        if self.sent:
            self.send(*self.sent[-min(back, len(self.sent))])

    def send(self, name: str, command: c.Command, told: dict[str, Any]) -> None:
        outcome = self.outcome(command)
        if name not in OUTSIDE:
            assert outcome == self.reference.ask(name, told, self.life.now)
        self.compare()

    def outcome(self, command: c.Command) -> str:
        verdict = self.life.tell(command)
        return "refused" if isinstance(verdict, Refusal) else verdict.result.outcome

    def compare(self) -> None:
        type(self).seen += 1
        state, roles = self.life.state, self.life.state.roles
        course = (state.phase, state.severity.rank, state.predecessor, state.ended)
        named = [one.person if one else None for one in (roles.imoc, roles.cmoc)]
        team = frozenset(one.person for one in roles.ocit)
        assert (*course, state.closes_at, *named, team) == self.reference.shown()

    def pass_time(self, span: timedelta) -> None:
        self.life.now += span
        self.life.tell(c.Tick())
        self.reference.tick(self.life.now)
        self.compare()

    @precondition(lambda self: self.life.state.ended)
    @rule(severity=st.sampled_from(list(Severity)))
    def another(self, severity: Severity) -> None:
        self.begin(severity)

    @precondition(lambda self: self.life.state.number is None)
    @rule(follows=st.none() | st.just(6))
    def numbered(self, follows: int | None) -> None:
        before = c.Predecessor(number=6, severity=Severity.S2, closed_at=START)
        self.life.tell(c.Registered(number=7, predecessor=before if follows else None))
        self.reference.registered(7, follows, self.life.now)
        self.compare()

    @rule(actor=st.sampled_from(["ana", "ben"]))
    def merge(self, actor: str) -> None:
        self.ask(names.MERGE, actor, into=99, into_workflow="incident-99")

    @precondition(lambda self: self.life.state.merging is not None)
    @rule(merged=SELDOM)
    def merge_answered(self, merged: bool) -> None:
        refused = not merged
        merging = self.life.state.merging
        assert merging is not None
        why = "closed" if refused else None
        self.life.tell(c.MergeAnswered(command_id=merging.command_id, refused=why))
        self.reference.merge_answered(refused=refused)
        outcome = self.life.state.results[merging.command_id].outcome
        self.reference.answers[merging.command_id] = outcome
        self.compare()

    @precondition(lambda self: self.life.phase == "closed")
    @rule(lives=st.none() | st.integers(0, 2))
    def recorded(self, lives: int | None) -> None:
        self.life.tell(c.ClosingRecorded(closed_at=self.life.now, life=lives))
        self.reference.closing_recorded(self.life.now, lives)
        self.compare()


def test_the_rules_and_the_reference_agree_for_ten_thousand_steps() -> None:
    run_state_machine_as_test(
        BothModels, settings=settings(max_examples=250, stateful_step_count=50)
    )
    assert BothModels.seen >= 10_000


# Each of these is wrong in one rule, and must be told from the reference.


class ShortWait(BothModels):
    policy = policy(stability=timedelta(minutes=29))


class ShortWindow(BothModels):
    policy = policy(upgrade=HOUR)


class AnyoneLeads(BothModels):
    def outcome(self, command: c.Command) -> str:
        imoc = self.life.state.imoc or command.actor
        return super().outcome(command.model_copy(update={"actor": imoc}))


class DeafToAlerts(BothModels):
    def outcome(self, command: c.Command) -> str:
        deaf = isinstance(command, c.ReportAlerts)
        return "applied" if deaf else super().outcome(command)


class Forgetful(BothModels):
    def outcome(self, command: c.Command) -> str:
        self.life.state = self.life.state.model_copy(update={"results": {}})
        return super().outcome(command)


class NeverUpgrades(BothModels):
    def numbered(self, follows: int | None) -> None:
        del follows
        self.life.tell(c.Registered(number=7))
        self.reference.registered(7, 6, self.life.now)
        self.compare()

    numbered = precondition(lambda self: self.life.state.number is None)(
        rule(follows=st.none())(numbered)
    )


@pytest.mark.parametrize(
    "wrong", [ShortWait, ShortWindow, AnyoneLeads, DeafToAlerts, Forgetful, NeverUpgrades]
)
def test_a_wrong_rule_is_seen(wrong: type[BothModels]) -> None:
    quick = settings(
        max_examples=2_000,
        stateful_step_count=50,
        database=None,
        derandomize=True,  # what was seen once is seen each time
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(wrong, settings=quick)


def test_the_reference_knows_nothing_of_the_product() -> None:
    tree = ast.parse(Path(reference.__file__).read_text())
    froms = [one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    plains = [
        name.name for one in ast.walk(tree) if isinstance(one, ast.Import) for name in one.names
    ]
    assert {*froms, *plains} == {"dataclasses", "datetime", "typing"}
