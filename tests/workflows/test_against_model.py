"""The incident's workflow against the pure rules: thousands of random messages, and no fact that they do not give."""

import asyncio
import itertools
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from muster import messages as m
from muster import names
from muster.domain import commands as c
from muster.domain.effects import EffectCall, Op, Receipt
from muster.domain.facts import Fact
from muster.domain.policy import Policy, Windows
from muster.domain.severity import Severity
from muster.domain.timeline import lines
from tests.servers import time_skipping
from tests.workflows.any_messages import Messages
from tests.workflows.beside import Diverged, Model, Sent, seen, shown
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World

STEPS, ALL = 1_500, 10_000
"""So many each time, and with ``--full``; the rules alone take ten thousand each time (``tests/domain/test_reference.py``)."""
AT_ONCE = 8
"""So many incidents live side by side on one server; more of them confuse it."""
ANSWERED, BURST = 4, 40
ENOUGH = 400
"""Commands of one incident: after 500 it would continue as new."""
SPANS = tuple(
    timedelta(seconds=seconds) for seconds in (50, 310, 29 * 60, 30 * 60, 31 * 60, 180 * 60)
)
CHANCES = (4, 3, 3, 3, 3, 2)


class Fates(World):
    """Every other incident is declared in a window, and every other merge is refused."""

    def __init__(self) -> None:
        super().__init__()
        self._merges = itertools.count()

    def _register(self, call: EffectCall) -> c.Registered:
        given = super()._register(call)
        closed_at = datetime.fromisoformat("2026-01-01T00:00:00Z")
        before = c.Predecessor(number=900, severity=Severity.S3, closed_at=closed_at)
        return given.model_copy(update={"predecessor": before if given.number % 2 else None})

    def _receipt(self, call: EffectCall) -> Receipt:
        if call.op is Op.INCIDENT_ABSORB:
            refused = next(self._merges) % 2
            self.absorbs.append(
                m.Answer(outcome=m.Outcome.REFUSED, message="it is closed")
                if refused
                else m.Answer(outcome=m.Outcome.APPLIED)
            )
        return super()._receipt(call)


class Pair:
    """An incident and its model."""

    def __init__(self, life: Live, messages: Messages, model: Model) -> None:
        self.life, self.messages, self.model = life, messages, model
        self.over = False

    async def burst(self, now: datetime) -> None:
        """Send some messages one after the other; what was sent before, and is repeated, is answered as it was then."""
        try:
            for sent in self._drawn(now):
                await self._send(sent)
                self.model.send(sent)
        except RPCError:
            self.over = True
        self.over = self.over or self.model.steps >= ENOUGH

    def _drawn(self, now: datetime) -> Iterator[Sent]:
        """First what is answered, since an update may overtake signals that are still to be read."""
        if self.model.steps:
            yield Sent(*self.messages.again(), at=now, answered=True)
        for _ in range(ANSWERED):
            yield Sent(*self.messages.draw(now), at=now, answered=True)
        for _ in range(BURST):
            yield Sent(*self.messages.signal(now), at=now)

    async def _send(self, sent: Sent) -> None:
        if not sent.answered:
            await self.life.handle.signal(sent.name, sent.payload)
            return
        try:
            sent.answer = await self.life.handle.execute_update(
                sent.name, sent.payload, result_type=m.Answer
            )
        except WorkflowUpdateFailedError as error:
            sent.answer = _refusal(error.cause)

    async def compare(self) -> None:
        """Hold the model to the record and to what is shown; some of it may be about to come. Raises Diverged."""
        for patience in reversed(range(20)):
            self.model.follow(await self._record())
            try:
                self._agree(await self.life.shown())
            except Diverged:
                if not patience:
                    raise
            else:
                return

    def _agree(self, snapshot: m.Snapshot) -> None:
        self.model.flush()
        told = shown(self.model.state, self.model.policy)
        if seen(snapshot) != told:
            raise Diverged(f"shown: {seen(snapshot)}, of the model: {told}")

    async def _record(self) -> list[Fact]:
        facts: list[Fact] = await self.life.handle.query(names.RECORD, result_type=list[Fact])
        return facts

    async def leave(self) -> int:
        """Compare once more, the timelines as well, and return how many steps there were."""
        await self.compare()
        told = [fact.kind for fact, _ in lines(self.model.state)]
        assert await self.life.kinds() == told
        await self.end()
        return self.model.steps

    async def end(self) -> None:
        with suppress(RPCError):
            await self.life.handle.terminate()


def _refusal(cause: BaseException) -> m.Answer:
    assert isinstance(cause, ApplicationError)
    return m.Answer.model_validate(cause.details[0])


async def _each(steps: Iterable[Coroutine[None, None, None]]) -> None:
    """Go all of these steps to their ends, and raise the first failure only then."""
    for result in await asyncio.gather(*steps, return_exceptions=True):
        if result is not None:
            raise result


class Town:
    """Incidents one after the other, some at a time, and one clock."""

    def __init__(self, env: WorkflowEnvironment, policy: Policy) -> None:
        self.env, self.policy = env, policy
        self.steps = 0
        self._seeds = itertools.count()
        self._dice = Random(7)  # noqa: S311 - no secret
        self._pairs: list[Pair] = []

    async def live(self, steps: int) -> None:
        """Go on until so many steps have been compared. Raises Diverged."""
        while self.steps + sum(pair.model.steps for pair in self._pairs) < steps:
            while len(self._pairs) < AT_ONCE:
                self._pairs.append(await self._another())
            await self._round()
        for pair in self._pairs:
            self.steps += await pair.leave()

    async def end(self) -> None:
        """End what still lives: this server may let a worker that leaves wait for ever while it has tasks for it."""
        for pair in self._pairs:
            await pair.end()

    async def _another(self) -> Pair:
        seed = next(self._seeds)
        severity = Random(seed).choice(["S1", "S2", "S3", "S3", "S4", None])  # noqa: S311
        life = await declare(self.env, severity=severity)
        return Pair(life, Messages(seed), Model(self.policy))

    async def _round(self) -> None:
        now = await self.env.get_current_time()
        await _each(pair.burst(now) for pair in self._pairs)
        await _each(pair.compare() for pair in self._pairs)
        await self.env.sleep(self._dice.choices(SPANS, CHANCES)[0])
        for pair in [pair for pair in self._pairs if pair.over]:
            self.steps += await pair.leave()
            self._pairs.remove(pair)


async def lived(steps: int, policy: Policy) -> int:
    """Let incidents live by the usual policy and their models by this one; return the steps. Raises Diverged."""
    async with (
        await time_skipping() as env,
        working(env.client, Fates(), workflow_runner=UnsandboxedWorkflowRunner()),
    ):
        town = Town(env, policy)
        try:
            await town.live(steps)
        finally:
            await town.end()
        return town.steps


@pytest.mark.timeout(600)
async def test_thousands_of_steps_are_those_of_the_model(full: bool) -> None:
    steps = ALL if full else STEPS
    assert await lived(steps, Policy()) >= steps


@pytest.mark.parametrize(
    "windows",
    [{"stability": timedelta(minutes=29)}, {"upgrade": timedelta(hours=2)}],
)
async def test_a_wrong_model_is_seen(windows: dict[str, timedelta]) -> None:
    with pytest.raises(Diverged):
        await lived(ALL, Policy(windows=Windows(**windows)))
