"""The pure model beside a running incident: fed with what was sent, and held to whatever the incident records.

The record says when something was decided; what was decided, the model must find by itself.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from muster import messages as m
from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.deadlines import deadlines
from muster.domain.decide import apply, decide, entered, refuse, refused
from muster.domain.deciding import Decision
from muster.domain.evolve import born, evolve
from muster.domain.policy import Policy
from muster.domain.state import IncidentState, Result
from workflows.answering import unreadable

BEGINNING = 3
"""Declaration, policy and the first confirmation come before any command."""
OUTSIDE = (f.EffectChanged, f.Exported)
"""Of effects the model knows nothing: taken as they are."""
START = datetime(2000, 1, 1, tzinfo=UTC)
PUNCTUAL = timedelta(seconds=2)
"""Timers fire on whole seconds."""


class Diverged(AssertionError):
    """The incident and the model are not the same."""


@dataclass
class Sent:
    """A message as it goes out: a signal, or an update, which is answered."""

    name: str
    payload: dict[str, Any]
    at: datetime
    answered: bool = False
    answer: m.Answer | None = None

    @property
    def command_id(self) -> str:
        return str(self.payload.get("command_id", ""))

    @property
    def is_unreadable(self) -> bool:
        return isinstance(self.command, m.BadInput)

    @cached_property
    def command(self) -> c.Command | m.BadInput:
        try:
            return m.parse(self.name, self.payload)
        except m.BadInput as error:
            return error


class Model:
    """One incident as the pure rules have it.

    Signals are decided in the order in which they were sent. An update may overtake them: one that has left nothing on
    record must have its answer from some state between.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.steps = 0
        self._signals: deque[Sent] = deque()
        self._updates: list[Sent] = []
        self._state: IncidentState | None = None
        self._now = START

    @property
    def state(self) -> IncidentState:
        assert self._state is not None
        return self._state

    def send(self, sent: Sent) -> None:
        if not sent.answered:
            self._signals.append(sent)
        else:
            self._updates.append(sent)

    def follow(self, record: Sequence[f.Fact]) -> None:
        """Live through what has been recorded since. Raises Diverged."""
        if self._state is None:
            self._begin(record)
        known = len(self.state.facts)
        on_record = {fact.command_id for fact in record[known:]}
        while (known := len(self.state.facts)) < len(record):
            self._step(record[known], on_record)
            found = self.state.facts[known:]
            if not found or found != tuple(record[known : known + len(found)]):
                raise Diverged(
                    f"the model: {found}\nthe record: {record[known : known + len(found) + 1]}"
                )

    def flush(self) -> None:
        """Live through what has left nothing on record; where something must have, raise Diverged and stay."""
        before = self._state, self.steps, self._signals.copy(), self._updates.copy()
        try:
            self._answer()
            while self._signals:
                self._without_trace(self._signals.popleft())
                self._answer()
            self._hold_answered()
        except Diverged:
            self._state, self.steps, self._signals, self._updates = before
            raise

    def _hold_answered(self) -> None:
        if self._updates:
            raise Diverged(f"no state gives this answer: {self._updates[0]}")

    def _begin(self, record: Sequence[f.Fact]) -> None:
        declared = record[0]
        assert isinstance(declared, f.Declared)
        self._state = born(declared).model_copy(update={"first_run": ""})
        for fact in record[1:BEGINNING]:
            self._state = evolve(self.state, fact)
        self._now = record[BEGINNING - 1].at

    def _step(self, fact: f.Fact, on_record: set[str]) -> None:
        self._hold_punctual(fact)
        self._answer(on_record)
        if isinstance(fact, f.Refused) and fact.code == "too_many":
            self._refuse_first(fact)
            return
        sent = self._cause(fact)
        if sent is None:
            self._pass_over(on_record)
            self._now = fact.at
            self._state = self._by_itself(fact)
            return
        self._take(sent, on_record)
        self._now = fact.at
        self._receive(sent, fact.at, on_record=True)

    def _refuse_first(self, fact: f.Refused) -> None:
        """Find the first signal that is refused: of a flood the record does not say which."""
        self._now, before = fact.at, len(self.state.facts)
        while self._signals and len(self.state.facts) == before:
            self._receive(self._signals.popleft(), fact.at, on_record=True)

    def _take(self, sent: Sent, on_record: set[str]) -> None:
        """Take it from what waits; the signals before it have left nothing on record."""
        if sent.answered:
            self._updates.remove(sent)
            return
        while (first := self._signals.popleft()) is not sent:
            self._without_trace(first)
            self._answer(on_record)

    def _hold_punctual(self, fact: f.Fact) -> None:
        for due in deadlines(self.state, self.policy):
            is_open = due.kind == "window" and not self.state.closing_recorded
            if not is_open and due.at + PUNCTUAL < fact.at:
                raise Diverged(f"{due} was let pass: {fact}")

    def _cause(self, fact: f.Fact) -> Sent | None:
        """Return the message that this fact comes from; None where it comes from within."""
        if isinstance(fact, f.Refused) and fact.code == "bad_input":
            return next(one for one in self._signals if one.is_unreadable)
        if not fact.command_id or isinstance(fact, OUTSIDE):
            return None
        for one in (*self._updates, *self._signals):
            if one.command_id == fact.command_id and not one.is_unreadable:
                return one
        raise Diverged(f"nobody has sent this: {fact}")

    def _answer(self, on_record: Collection[str] = ()) -> None:
        """Find the updates that this state gives the answer to; not those that are still to come on record."""
        for sent in self._updates.copy():
            if not self._is_to_come(sent, on_record) and self._is_answered(sent):
                self._updates.remove(sent)

    def _is_to_come(self, sent: Sent, on_record: Collection[str]) -> bool:
        return sent.command_id in on_record and sent.command_id not in self.state.results

    def _is_answered(self, sent: Sent) -> bool:
        before = self._state, self.steps
        try:
            self._without_trace(sent)
        except Diverged:
            self._state, self.steps = before
            return False
        return True

    def _pass_over(self, on_record: set[str]) -> None:
        """Take the signals that came before what happens from within, and have left nothing on record."""
        while self._signals:
            first = self._signals[0]
            if self._is_to_come(first, on_record) or not self._is_answered(first):
                return
            self._signals.popleft()

    def _without_trace(self, sent: Sent) -> None:
        before = len(self.state.facts)
        self._receive(sent, max(self._now, sent.at), on_record=not sent.answered)
        if len(self.state.facts) != before:
            raise Diverged(f"not on record: {sent}: {self.state.facts[before:]}")

    def _by_itself(self, fact: f.Fact) -> IncidentState:
        if isinstance(fact, OUTSIDE):
            return evolve(self.state, fact)
        news = self._news(fact)
        verdict = decide(self.state, news, self.policy, fact.at)
        assert isinstance(verdict, Decision)
        return apply(self.state, news, verdict)

    def _news(self, fact: f.Fact) -> object:
        """Return what the incident was told, or what it told itself."""
        if isinstance(fact, f.NumberGiven):
            return c.Registered(
                number=fact.number, predecessor=fact.predecessor, others=fact.others
            )
        if isinstance(fact, f.ClosingConfirmed):
            return c.ClosingRecorded(closed_at=fact.closed_at, unrecorded=fact.unrecorded)
        if isinstance(fact, f.Merged | f.MergeDenied) and self.state.merging is not None:
            refused = fact.reason if isinstance(fact, f.MergeDenied) else None
            return c.MergeAnswered(command_id=self.state.merging.command_id, refused=refused)
        return c.Tick()

    def _receive(self, sent: Sent, now: datetime, *, on_record: bool) -> None:
        """Do with a message what the incident must do with it; an update is seldom refused on record."""
        self.steps += 1
        command = sent.command
        if isinstance(command, c.Command):
            hold(sent, self._decide(command, now, on_record=on_record), self.state)
        elif on_record:
            self._state = entered(self.state, unreadable(sent.name, command, now))
        else:
            hold(sent, Result(outcome="refused", code="bad_input"), None)

    def _decide(self, command: c.Command, now: datetime, *, on_record: bool) -> Result:
        verdict = decide(self.state, command, self.policy, now)
        if isinstance(verdict, Decision):
            self._state = apply(self.state, command, verdict)
            return verdict.result
        if on_record and command.command_id not in self.state.results:
            self._state = refuse(self.state, command, verdict, now)
        return refused(verdict)


def hold(sent: Sent, result: Result, state: IncidentState | None) -> None:
    """Hold that an update was answered as the model has it; a merge is answered by another incident."""
    answer = sent.answer
    if answer is None or result.outcome == "pending":
        return
    said: tuple[Any, ...] = (answer.outcome, answer.code)
    found: tuple[Any, ...] = (result.outcome, result.code)
    if state is not None:
        said += (answer.phase, answer.severity, answer.predecessor)
        found += (state.phase, state.severity, state.predecessor)
    if said != found:
        raise Diverged(f"the answer to {sent}: {said}, of the model: {found}")


def shown(state: IncidentState, policy: Policy) -> tuple[Any, ...]:
    """Return what must be equal at each rest."""
    roles = state.roles
    leads = tuple(one.person if one else None for one in (roles.imoc, roles.cmoc))
    team = tuple(one.person for one in roles.ocit)
    due = tuple((one.kind, one.at) for one in deadlines(state, policy))
    course = (state.phase, state.severity, state.predecessor, state.closes_at, state.closed_at)
    return (*course, *leads, team, due)


def seen(snapshot: m.Snapshot) -> tuple[Any, ...]:
    """Return the same of the incident."""
    roles = snapshot.roles
    leads = tuple(one.person if one else None for one in (roles.imoc, roles.cmoc))
    team = tuple(one.person for one in roles.ocit)
    due = tuple((one.kind, one.at) for one in snapshot.deadlines)
    course = (snapshot.phase, snapshot.severity, snapshot.predecessor)
    return (*course, snapshot.closes_at, snapshot.closed_at, *leads, team, due)
