"""Incidents and their real ledger on skipped time, and what the ledger's recorded times say of each."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from activities.ledger import LedgerActivities
from muster import names
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import Phase
from muster.domain.severity import Severity
from muster.providers.temporal_ledger import TemporalLedger
from tests.servers import time_skipping
from tests.workflows.incidents import Live, working
from tests.workflows.world import World

WINDOW = timedelta(hours=3)
UPGRADED = (Severity.S2, Severity.S3)


@asynccontextmanager
async def office(**options: Any) -> AsyncIterator[WorkflowEnvironment]:
    """Run a server with a worker for incidents and the ledger."""
    async with await time_skipping() as env:
        ledger = LedgerActivities(TemporalLedger(env.client))
        methods = [
            ledger.register,
            ledger.close,
            ledger.reopen,
            ledger.end,
            ledger.record,
        ]
        async with working(env.client, World(), ledger=methods, **options):
            yield env


async def closed(life: Live, step: timedelta = timedelta(minutes=5)) -> datetime:
    """Resolve, wait until it is closed and the ledger has said when, and return that."""
    await life.ask(names.RESOLVE)
    for _ in range(500):
        seen = await life.shown()
        if seen.window_ends_at is None:
            await life.env.sleep(step)
        elif not seen.closing_recorded:
            await asyncio.sleep(0.01)
        else:
            return seen.window_ends_at - WINDOW
    raise AssertionError("it did not close")


def predecessors(entries: Sequence[LedgerEntry]) -> dict[int, int | None]:
    """Return in whose window each was declared, by the recorded times alone; nothing is reopened here."""
    windows = [
        (one.closed_at, one.number)
        for one in entries
        if one.closed_at and one.phase is Phase.CLOSED and one.severity in UPGRADED
    ]
    return {one.number: max(_around(one, windows), default=(None, None))[1] for one in entries}


def _around(
    one: LedgerEntry, windows: Sequence[tuple[datetime, int]]
) -> Iterator[tuple[datetime, int]]:
    for closed_at, number in windows:
        if number != one.number and closed_at <= one.declared_at <= closed_at + WINDOW:
            yield closed_at, number


def rated(severity: Severity, predecessor: int | None) -> tuple[Severity, int | None]:
    """Return what an incident is that was declared so, and after which one it says that it is."""
    upgraded = predecessor is not None and severity in UPGRADED
    return (Severity.S2, predecessor) if upgraded else (severity, None)


def wrong(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Return those whose answer is not what the recorded times say."""
    right = predecessors(entries)
    return [one for one in entries if answered(one) != right[one.number]]


def answered(one: LedgerEntry) -> int | None:
    return one.predecessor.number if one.predecessor else None
