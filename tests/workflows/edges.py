"""Incidents and their real ledger on skipped time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from activities.ledger import LedgerActivities
from muster import names
from muster.providers.temporal_ledger import TemporalLedger
from tests.servers import time_skipping
from tests.workflows.incidents import Live, working
from tests.workflows.world import World

WINDOW = timedelta(hours=3)


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
