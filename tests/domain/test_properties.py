"""What holds for any sequence of commands and times."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from muster.domain import commands as c
from muster.domain import record
from muster.domain.decide import decide
from muster.domain.deciding import Decision, Refusal
from muster.domain.evolve import born, evolve
from muster.domain.lifecycle import Phase
from muster.domain.severity import WAITS, Severity, highest
from tests.domain.life import START, Life, alert

PEOPLE = st.sampled_from(["ana", "ben", "automation:bot"])
RATINGS = st.sampled_from(list(Severity))
NAMES = st.sampled_from(["HighErrorRate", "DiskFull"])
THIRTY = timedelta(minutes=30)


class AnyLife(RuleBasedStateMachine):
    """Every command, in any order, at any time, by anyone."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(Severity.S3, number=None)
        self.trail = [Phase.ACTIVE]
        self.was_severe = False
        self.quiet_since = START
        self.count = 0

    def send(self, model: type[c.Command], actor: str, /, **fields: object) -> None:
        self.count += 1
        self.tell(model.model_validate({"command_id": f"c{self.count}", "actor": actor, **fields}))

    def tell(self, command: object) -> None:
        before = self.life.state
        verdict = self.life.tell(command)
        if isinstance(verdict, Refusal):
            assert self.life.state is before
        assert self.life.state.facts[: len(before.facts)] == before.facts
        self.observe(before)
        self.twice(command)

    def twice(self, command: object) -> None:
        """Applying a command id twice equals once."""
        if not isinstance(command, c.Command):
            return
        before = self.life.state
        again = self.life.tell(command)
        if command.command_id in before.results:
            assert isinstance(again, Decision)
            assert not again.facts
        assert self.life.state == before

    def observe(self, before: object) -> None:
        state = self.life.state
        for fact in state.facts[len(before.facts) :]:  # type: ignore[attr-defined]
            if fact.kind in {"resolved", "regressed", "reopened"}:
                self.quiet_since = fact.at
            if fact.kind == "reopened" and fact.was_closed:
                self.was_severe = False
        self.was_severe |= state.severity in WAITS
        if state.phase is not self.trail[-1]:
            self.check_end(self.trail[-1], state.phase)
            self.trail.append(state.phase)

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

    @rule(minutes=st.sampled_from([1, 5, 29, 30, 31, 200]))
    def time_passes(self, minutes: int) -> None:
        self.life.now += timedelta(minutes=minutes)
        self.tell(c.Tick())

    @precondition(lambda self: self.life.state.number is None)
    @rule(before=st.booleans())
    def numbered(self, before: bool) -> None:
        predecessor = c.Predecessor(number=6, severity=Severity.S2, closed_at=START)
        self.tell(c.Registered(number=7, predecessor=predecessor if before else None))

    @rule(
        actor=PEOPLE,
        role=st.sampled_from(["imoc", "cmoc", "ocit"]),
        person=st.sampled_from(["ana", "ben", "cem"]),
    )
    def assign(self, actor: str, role: str, person: str) -> None:
        self.send(c.AssignRole, actor, role=role, person=person)

    @rule(actor=PEOPLE, severity=RATINGS)
    def rate(self, actor: str, severity: Severity) -> None:
        self.send(c.ChangeSeverity, actor, severity=severity, reason="because")

    @rule(actor=PEOPLE, despite=st.none() | NAMES)
    def resolve(self, actor: str, despite: str | None) -> None:
        self.send(c.Resolve, actor, despite=despite, reason="noise" if despite else None)

    @rule(actor=PEOPLE, mistake=st.booleans())
    def reopen(self, actor: str, mistake: bool) -> None:
        self.send(c.Reopen, actor, reason="again", closed_by_mistake=mistake)

    @rule(actor=PEOPLE)
    def cancel(self, actor: str) -> None:
        self.send(c.Cancel, actor, reason="false alarm")

    @rule(actor=PEOPLE)
    def merge(self, actor: str) -> None:
        self.send(c.Merge, actor, into=99, into_workflow="incident-99")

    @precondition(lambda self: self.life.state.merging is not None)
    @rule(refused=st.none() | st.just("closed"))
    def merge_answered(self, refused: str | None) -> None:
        merging = self.life.state.merging
        assert merging is not None
        self.tell(c.MergeAnswered(command_id=merging.command_id, refused=refused))

    @rule(severity=RATINGS, owed=st.booleans())
    def absorb(self, severity: Severity, owed: bool) -> None:
        self.send(
            c.Absorb,
            "ana",
            duplicate=50,
            duplicate_workflow="incident-50",
            severity=severity,
            declared_at=START,
            wait_owed=owed,
        )
        self.was_severe |= owed and self.life.state.facts[-1].command_id == f"c{self.count}"

    @rule(name=NAMES, firing=st.booleans(), age=st.integers(0, 40))
    def report(self, name: str, firing: bool, age: int) -> None:
        at = max(START, self.life.now - timedelta(minutes=age))
        self.send(
            c.ReportAlerts, "automation:alertmanager", alerts=(alert(name, firing=firing, at=at),)
        )

    @rule(actor=PEOPLE)
    def note(self, actor: str) -> None:
        self.send(c.AddNote, actor, text="looking", kind="trying", lasts=60)

    @rule()
    def recorded(self) -> None:
        self.tell(c.ClosingRecorded(closed_at=self.life.now))

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
        replayed = born(state.facts[0])  # type: ignore[arg-type]
        for fact in state.facts[1:]:
            replayed = evolve(replayed, fact)
        assert replayed.model_copy(update={"results": state.results}) == state

    def teardown(self) -> None:
        """What the tracker is given of a life, read back, gives its state as well."""
        state = self.life.state
        facts, complete = record.read(text for _, text, _ in record.parts(state.facts, 0))
        again = record.rebuilt(facts)
        assert complete
        assert again is not None
        assert again.model_copy(update={"results": state.results}) == state

    @invariant()
    def decide_is_pure(self) -> None:
        state = self.life.state
        assert decide(state, c.Tick(), self.life.policy, self.life.now) == decide(
            state, c.Tick(), self.life.policy, self.life.now
        )


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
