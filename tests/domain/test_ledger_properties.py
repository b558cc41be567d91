"""What holds for any incidents and retries in any order, against a model that forgets nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from muster.domain import ledger_rules as rules
from muster.domain.commands import Registered
from muster.domain.ledger import PAST, LedgerEntry, Limits, Registration
from muster.domain.lifecycle import ENDED, OPEN, Phase
from muster.domain.policy import Scope
from muster.domain.severity import OPENS_WINDOW, Severity
from tests.domain.ledger_desk import WINDOW, Desk, registration

SMALL = Limits(entries=6, recent=3, entry_batch=2, keys=3, key_pages=1)
STEPS = st.sampled_from(
    [timedelta(0), timedelta(seconds=1), timedelta(minutes=30), WINDOW, timedelta(days=2)]
)
LAGS = st.sampled_from([timedelta(0), timedelta(seconds=1), timedelta(hours=1), timedelta(hours=4)])


@dataclass
class Closing:
    """One closing of the model."""

    at: datetime
    severity: Severity
    reopened_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        ended = self.reopened_at is not None and self.reopened_at <= at
        return self.at <= at <= self.at + WINDOW and not ended


@dataclass
class Known:
    """One incident of the model."""

    asked: Registration
    phase: Phase = Phase.ACTIVE
    life: int = 0
    closings: list[Closing] = field(default_factory=list)


class AnyLedger(RuleBasedStateMachine):
    """Declares, closes, reopens, ends and repeats, on a ledger that carries next to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(SMALL)
        self.known: dict[int, Known] = {}
        self.answers: list[tuple[Registration, Registered]] = []
        self.told: list[tuple[Callable[..., Any], LedgerEntry, Any]] = []

    def predecessors(self, asked: Registration) -> set[tuple[datetime, int]]:
        """Search through everything that ever closed; of one instant any is the latest."""
        found = {
            (closing.at, number)
            for number, one in self.known.items()
            for closing in one.closings
            if one.phase not in ENDED
            and closing.severity in OPENS_WINDOW
            and closing.is_open(asked.declared_at)
            and (asked.scope is Scope.GLOBAL or one.asked.service == asked.service)
        }
        latest = max((at for at, _ in found), default=None)
        return {(at, number) for at, number in found if at == latest}

    @initialize()
    def begin(self) -> None:
        self.declare(Severity.S3, "web", None, Scope.GLOBAL, timedelta(0))

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.desk.now += step

    @rule(
        severity=st.sampled_from(Severity),
        service=st.sampled_from(["web", "db"]),
        key=st.none() | st.sampled_from("abcdefgh"),
        scope=st.sampled_from(Scope),
        lag=LAGS,
    )
    def declare(
        self,
        severity: Severity,
        service: str,
        key: str | None,
        scope: Scope,
        lag: timedelta,
    ) -> None:
        count = len(self.answers)
        asked = registration(
            str(count),
            severity,
            self.desk.now - lag,
            service=service,
            key=key,
            scope=scope,
            first_run=f"run-{count}",
        )
        first = next((n for n, one in self.known.items() if key and one.asked.key == key), None)
        expected = self.predecessors(asked)
        answer = self.desk.register(asked)
        self.answers.append((asked, answer))
        if first is not None:
            assert (answer.number, answer.known_as) == (first, self.known[first].asked.workflow_id)
            return
        assert answer.number == len(self.known) + 1
        got = answer.predecessor
        assert (got.closed_at, got.number) in expected if got else not expected
        self.known[answer.number] = Known(asked)

    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """A retry whose first try was heard; without a key it comes while the incident is open."""
        asked, before = data.draw(st.sampled_from(self.answers))
        if not asked.key and before.number not in self.desk.state.open:
            return
        again = self.desk.register(asked)
        assert again.model_copy(update={"others": before.others}) == before

    @rule(data=st.data(), severity=st.sampled_from(Severity))
    def close(self, data: st.DataObject, severity: Severity) -> None:
        number = data.draw(st.sampled_from(sorted(self.known)))
        one = self.known[number]
        if one.phase not in OPEN:
            return
        answer = self.tell(rules.close, number, severity=severity, life=one.life)
        assert answer.closed_at == self.desk.now
        one.phase = Phase.CLOSED
        one.closings.append(Closing(self.desk.now, severity))

    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.known)))
        one = self.known[number]
        if one.phase is not Phase.CLOSED or len(one.closings) == PAST:
            return
        one.life += 1
        one.phase = Phase.ACTIVE
        one.closings[-1].reopened_at = self.desk.now
        self.tell(rules.reopen, number, life=one.life)

    @rule(data=st.data(), phase=st.sampled_from(sorted(ENDED)))
    def end(self, data: st.DataObject, phase: Phase) -> None:
        number = data.draw(st.sampled_from(sorted(self.known)))
        if self.known[number].phase not in OPEN:
            return
        self.known[number].phase = phase
        self.tell(rules.end, number, phase=phase)

    def tell(self, step: Callable[..., Any], number: int, **fields: object) -> Any:
        told = self.desk.known(number).model_copy(update=fields)
        answer = self.desk.tell(step, told)
        self.told.append((step, told, answer))
        return answer

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """Any message comes once more, however late, and changes nothing."""
        step, told, before = data.draw(st.sampled_from(self.told))
        entry = self.desk.known(told.number)
        assert self.desk.tell(step, told) == before
        assert self.desk.known(told.number) == entry

    @rule()
    def move(self) -> None:
        self.desk.move()

    @invariant()
    def numbers_have_no_gap_and_none_is_forgotten(self) -> None:
        assert self.desk.state.next_number == len(self.known) + 1
        for number, one in self.known.items():
            entry = self.desk.known(number)
            assert (entry.number, entry.workflow_id) == (number, one.asked.workflow_id)
            assert (entry.phase, entry.life) == (one.phase, one.life)

    @invariant()
    def no_more_is_carried_than_is_needed(self) -> None:
        desk = self.desk
        needed = [
            entry
            for entry in (*desk.state.open.values(), *desk.state.closed.values())
            if entry.closed_at is None or desk.now <= entry.closed_at + WINDOW + SMALL.grace
        ]
        desk.move()
        assert desk.state.carried <= len(needed) + SMALL.entries
        assert len(desk.state.keys) <= SMALL.keys


TestAnyLedger = AnyLedger.TestCase
TestAnyLedger.settings = settings(max_examples=400, stateful_step_count=80)
