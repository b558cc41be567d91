"""What holds for any sequence of commands and times."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from muster import messages as m
from muster import names
from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain import record
from muster.domain.deadlines import deadlines
from muster.domain.decide import decide
from muster.domain.deciding import Refusal
from muster.domain.effects import EffectState
from muster.domain.evolve import evolve
from muster.domain.lifecycle import Phase
from muster.domain.plan import plan
from muster.domain.severity import WAITS, Severity, highest
from muster.domain.state import IncidentState
from muster.views import timeline
from tests.domain.any_commands import SELDOM, AnyCommands
from tests.domain.life import START, Life

THIRTY = timedelta(minutes=30)


class AnyLife(AnyCommands):
    """The pure rules: each step is decided, lived, and looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(Severity.S3, number=None)
        self.trail = [Phase.ACTIVE]
        self.was_severe = False
        self.quiet_since = START
        self.sent: list[c.Command] = []
        self.replayed = self.life.state
        self.planned: dict[str, int] = {}

    def clock(self) -> datetime:
        return self.life.now

    def pass_time(self, span: timedelta) -> None:
        self.life.now += span
        self.tell(c.Tick())

    def ask(self, name: str, actor: str, **fields: Any) -> None:
        known = {"command_id": f"c{len(self.sent)}", "actor": actor}
        command = m.COMMANDS[name].model_validate(known | fields)
        self.sent.append(command)
        self.tell(command)

    def repeat(self, back: int) -> None:
        if self.sent:
            self.tell(self.sent[-min(back, len(self.sent))])

    def tell(self, command: object) -> None:
        before = self.life.state
        verdict = self.life.tell(command)
        known = isinstance(command, c.Command) and command.command_id in before.results
        if known or isinstance(verdict, Refusal):
            assert self.life.state is before or self.life.state == before
        assert self.life.state.facts[: len(before.facts)] == before.facts
        self.observe(before)
        self.twice(command)

    def twice(self, command: object) -> None:
        """Applying a command id twice equals once."""
        if not isinstance(command, c.Command):
            return
        before = self.life.state
        again = self.life.tell(command)
        if (known := before.results.get(command.command_id)) is not None:
            assert isinstance(again, Refusal) is (known.outcome == "refused")
        assert self.life.state == before

    def observe(self, before: IncidentState) -> None:
        state = self.life.state
        for fact in state.facts[len(before.facts) :]:
            self.observe_fact(fact)
        self.was_severe |= state.severity in WAITS
        if state.phase is not self.trail[-1]:
            self.check_end(self.trail[-1], state.phase)
            self.trail.append(state.phase)

    def observe_fact(self, fact: f.Fact) -> None:
        assert fact.at == self.life.now
        assert fact.actor
        if isinstance(fact, f.Resolved | f.Regressed | f.Reopened):
            self.quiet_since = fact.at
        if isinstance(fact, f.Reopened) and fact.was_closed:
            self.was_severe = False
        if isinstance(fact, f.Absorbed):
            self.was_severe |= fact.worst in WAITS
        self.replayed = evolve(self.replayed, fact)
        for effect in plan(self.replayed, fact, self.life.policy):
            self.planned[effect.key] = self.planned.get(effect.key, 0) + 1

    def check_end(self, left: Phase, reached: Phase) -> None:
        if reached is Phase.CLOSED:
            # An S3 or S4 that owes no wait passes through resolved within one decision.
            kinds = self.life.kinds()
            since = kinds[: len(kinds) - kinds[::-1].index("closed")][::-1]
            back = [one for one in since if one in {"resolved", "regressed", "reopened"}]
            assert back[0] == "resolved"
        if reached is Phase.CLOSED and self.was_severe:
            assert self.life.now - self.quiet_since >= THIRTY
            assert not self.life.state.counting()
        if left is Phase.RESOLVED and self.was_severe and reached is not Phase.ACTIVE:
            assert reached is Phase.CLOSED

    @precondition(lambda self: self.life.state.number is None)
    @rule(before=st.booleans())
    def numbered(self, before: bool) -> None:
        predecessor = c.Predecessor(number=6, severity=Severity.S2, closed_at=START)
        self.tell(c.Registered(number=7, predecessor=predecessor if before else None))

    @rule(actor=st.sampled_from(["ana", "ben"]))
    def merge(self, actor: str) -> None:
        self.ask(names.MERGE, actor, into=99, into_workflow="incident-99")

    @precondition(lambda self: self.life.state.merging is not None)
    @rule(merged=SELDOM)
    def merge_answered(self, merged: bool) -> None:
        merging = self.life.state.merging
        assert merging is not None
        self.tell(
            c.MergeAnswered(command_id=merging.command_id, refused=None if merged else "closed")
        )

    @rule(life=st.none() | st.integers(0, 2))
    def recorded(self, life: int | None) -> None:
        self.tell(c.ClosingRecorded(closed_at=self.life.now, life=life))

    @rule(state=st.sampled_from([EffectState.NEEDS_HUMAN, EffectState.DONE]))
    def effect_changes(self, state: EffectState) -> None:
        before = self.life.state
        changed = f.EffectChanged(at=self.life.now, key="issue", title="issue", state=state)
        self.life.state = evolve(before, changed)
        self.observe(before)

    @invariant()
    def roles_are_lawful(self) -> None:
        roles = self.life.state.roles
        team = {one.person for one in roles.ocit}
        assert self.life.state.imoc not in team
        if self.life.state.severity is Severity.S1 and roles.cmoc:
            assert len(roles.held_by(roles.cmoc.person)) == 1

    @invariant()
    def the_worst_is_never_below_the_severity(self) -> None:
        state = self.life.state
        assert highest(state.worst, state.severity) is state.worst

    @invariant()
    def the_record_gives_the_state(self) -> None:
        state = self.life.state
        assert self.replayed.model_copy(update={"results": state.results}) == state

    @invariant()
    def decide_is_pure(self) -> None:
        state = self.life.state
        assert decide(state, c.Tick(), self.life.policy, self.life.now) == decide(
            state, c.Tick(), self.life.policy, self.life.now
        )

    @invariant()
    def nothing_is_overdue_once_time_has_been_told(self) -> None:
        self.life.tell(c.Tick())
        before, state = self.replayed, self.life.state
        for fact in state.facts[len(before.facts) :]:
            self.observe_fact(fact)
        self.observe(state)
        for due in deadlines(state, self.life.policy):
            # A window ends only after its last instant, and never before the ledger has the closing.
            waits = due.kind == "window" and not state.closing_recorded
            assert waits or due.at >= self.life.now

    @invariant()
    def no_two_effects_have_one_key(self) -> None:
        twice = {key for key, count in self.planned.items() if count > 1}
        # A link to the same incident is one thing, however often it is planned: the outbox adds a key once.
        assert all("/link:" in key for key in twice), twice

    def teardown(self) -> None:
        """What the tracker is given of a life, read back, gives its state as well, and no line more than it has facts."""
        state = self.life.state
        facts, complete = record.read(text for _, text, _ in record.parts(state.facts, 0))
        again = record.rebuilt(facts)
        assert complete
        assert again is not None
        assert again.model_copy(update={"results": state.results}) == state
        assert len(timeline(state)) <= len(state.facts)


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=250, stateful_step_count=50)
