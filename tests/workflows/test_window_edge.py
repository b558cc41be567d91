"""Ten declarations at once at the edge of an upgrade window, a thousand times, judged by what the ledger has recorded."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from muster import names
from muster.domain import ledger_rules as rules
from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.ledger import LedgerEntry, LedgerState, Limits, Registration
from muster.domain.lifecycle import Phase
from muster.domain.model import Record
from muster.domain.severity import Severity
from muster.messages import Answer, Snapshot
from tests.domain.ledger_desk import Desk
from tests.domain.life import Life
from tests.servers import time_skipping
from tests.workflows.edges import WINDOW, closed, office, predecessors, rated, wrong
from tests.workflows.incidents import Live, declare
from tests.workflows.ledger_office import INSTANT, registration, working

R = TypeVar("R", bound=Record | None)
Rated = tuple[Severity, Answer | Snapshot]
"""As what an incident was declared, and how it is shown."""

SIDES = (
    -WINDOW - INSTANT,
    -WINDOW,
    -timedelta(minutes=1),
    -timedelta(milliseconds=1),
    -INSTANT,
    timedelta(0),
    timedelta(0),
    INSTANT,
    timedelta(milliseconds=1),
    timedelta(minutes=1),
)
"""How far from the last instant of the window each of the ten is declared; the first two are at its other edge."""
LATER = timedelta(minutes=2)
CHAPTERS, ALL, ROUNDS = 4, 20, 50
"""So many chapters each time, and with ``--full``; each has a ledger that goes on with the numbers, since a new run is
not for this server."""
ONE_RUN = Limits(entries=50_000, renew_after=50_000)
PLAIN = UnsandboxedWorkflowRunner()
"""Other tests have the same workflows in the sandbox, which is a third of the time."""
DICE = Random(41)  # noqa: S311 - no secret


class Books:
    """One run of the ledger."""

    def __init__(self, env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any]) -> None:
        self.env, self._handle = env, handle

    async def register(self, asked: Registration) -> Registered:
        return await self._tell(names.LEDGER_REGISTER, asked, Registered)

    async def close(self, one: LedgerEntry) -> ClosingRecorded:
        return await self._tell(names.LEDGER_CLOSE, one, ClosingRecorded)

    async def end(self, one: LedgerEntry) -> None:
        await self._tell(names.LEDGER_END, one, type(None))

    async def _tell(self, name: str, message: Record, answer: type[R]) -> R:
        told: R = await self._handle.execute_update(name, message, result_type=answer)
        return told

    async def entries(self) -> list[LedgerEntry]:
        found: list[LedgerEntry] = await self._handle.query(
            names.LEDGER_RECENT, result_type=list[LedgerEntry]
        )
        return found

    async def burn(self) -> None:
        await self._handle.terminate()


async def opened(env: WorkflowEnvironment, number: int, limits: Limits = ONE_RUN) -> Books:
    """Open the books at this number."""
    state = LedgerState(next_number=number, limits=limits)
    handle = await env.client.start_workflow(
        names.LEDGER, state, id=names.LEDGER_ID, task_queue=names.TASK_QUEUE
    )
    return Books(env, handle)


def entry(asked: Registration, number: int) -> LedgerEntry:
    """Return how an incident tells the ledger of its end."""
    shared = asked.model_dump(include={"workflow_id", "severity", "declared_at"})
    return LedgerEntry(number=number, phase=Phase.CLOSED, **shared)


async def a_round(books: Books, before: LedgerEntry) -> LedgerEntry:
    """Close one, declare ten at the edge of its window, hold them to their answers, and return one of them."""
    closing = await books.close(before)
    await books.env.sleep(WINDOW + LATER)
    asked = [
        registration(
            f"{before.number}-{count}",
            severity=DICE.choice(list(Severity)),
            declared_at=closing.closed_at + WINDOW + side,
        )
        for count, side in enumerate(DICE.sample(SIDES, len(SIDES)))
    ]
    answers = await asyncio.gather(*(books.register(one) for one in asked))
    for one, answer in zip(asked, answers, strict=True):
        hold(one, answer)
    heir = DICE.randrange(len(asked))
    return entry(asked[heir], answers[heir].number)


def hold(asked: Registration, answer: Registered) -> None:
    """Hold that an incident becomes an S2 by its answer exactly where there is a predecessor and it may be one."""
    life = Life(asked.severity, number=None)
    life.tell(answer)
    predecessor = answer.predecessor.number if answer.predecessor else None
    assert (life.state.severity, life.state.predecessor) == rated(asked.severity, predecessor)


async def a_chapter(books: Books, number: int) -> list[LedgerEntry]:
    """Live fifty rounds and return what the ledger has recorded; now and then one was a false alarm."""
    asked = registration("first", declared_at=await books.env.get_current_time())
    assert (await books.register(asked)).number == number
    before = entry(asked, number)
    for _ in range(ROUNDS):
        if DICE.random() < 0.1:
            await books.end(before.model_copy(update={"phase": Phase.CANCELLED}))
        before = await a_round(books, before)
    return sorted(await books.entries(), key=lambda one: one.number)


@pytest.mark.timeout(600)
async def test_rounds_of_ten_each_get_what_the_recorded_times_say(full: bool) -> None:
    seen: Counter[bool] = Counter()
    number, chapters = 1, ALL if full else CHAPTERS
    async with await time_skipping() as env, working(env.client, workflow_runner=PLAIN):
        for _ in range(chapters):
            books = await opened(env, number)
            entries = await a_chapter(books, number)
            upto = number + len(entries)
            assert [one.number for one in entries] == list(range(number, upto))
            assert wrong(entries) == []
            seen += Counter(answer is None for answer in predecessors(entries).values())
            number = upto
            await books.burn()
    assert number == chapters * (1 + ROUNDS * len(SIDES)) + 1
    assert min(seen.values()) > 100 * chapters


def test_a_window_that_is_an_instant_too_short_is_seen() -> None:
    desk = Desk()
    desk.register(registration("first", window=WINDOW - INSTANT))
    desk.tell(rules.close, desk.known(1))
    for count, side in enumerate(SIDES):
        desk.register(registration(str(count), declared_at=desk.now + WINDOW + side))
    entries = [desk.known(number) for number in range(1, len(SIDES) + 2)]
    assert {one.declared_at - desk.now - WINDOW for one in wrong(entries)} == {timedelta(0)}


# The same with incidents themselves, which are declared when they are started.

LIVES, TEN = 12, 10
EARLY = timedelta(milliseconds=40)
WAITED = timedelta(minutes=31)


async def ten_at_the_edge(env: WorkflowEnvironment, before: Live) -> tuple[Live, list[Rated]]:
    """Close one and declare ten around the last instant of its window; all but one are false alarms."""
    closed_at = await closed(before, step=WAITED)
    await env.sleep(closed_at + WINDOW - EARLY - await env.get_current_time())
    severities = [DICE.choice(list(Severity)) for _ in range(TEN)]
    lives = await asyncio.gather(*(started(env, *one) for one in enumerate(severities)))
    heir = lives[DICE.randrange(TEN)]
    shown = [
        await life.shown() if life is heir else await life.ask(names.CANCEL, reason="false alarm")
        for life in lives
    ]
    return heir, list(zip(severities, shown, strict=True))


async def started(env: WorkflowEnvironment, count: int, severity: Severity) -> Live:
    """Declare one of ten, a few milliseconds after the one before it."""
    await asyncio.sleep(count * EARLY.total_seconds() / 6)
    return await declare(env, severity=severity)


async def test_incidents_at_the_edge_are_upgraded_exactly_inside() -> None:
    shown: list[Rated] = []
    async with office(workflow_runner=PLAIN) as env:
        books = await opened(env, 1)
        life = await declare(env, severity="S3")
        for _ in range(LIVES):
            life, more = await ten_at_the_edge(env, life)
            shown += more
        entries = await books.entries()
        await life.ask(names.CANCEL, reason="false alarm")
        await life.passes(minutes=5)
    assert sorted(one.number or 0 for _, one in shown) == list(range(2, LIVES * TEN + 2))
    assert wrong(entries) == []
    right = predecessors(entries)
    for severity, one in shown:
        assert (one.severity, one.predecessor) == rated(severity, right[one.number or 0])
    inside = Counter(right[one.number or 0] is not None for _, one in shown)
    assert inside[True]
    assert inside[False]
