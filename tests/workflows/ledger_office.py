"""A real ledger for tests: its workflows, its activities and its provider on one worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import Replayer, Worker

from activities.ledger import LedgerActivities
from muster import names, ports
from muster.converter import DATA_CONVERTER
from muster.domain.ledger import LedgerEntry, LedgerState, Limits, Registration
from muster.domain.ledger_pages import Page
from muster.domain.lifecycle import Phase
from muster.domain.severity import Severity
from muster.providers.temporal_ledger import TemporalLedger
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
"""A window that is over as soon as it is open, so that closings move to pages at once."""
TINY = Limits(
    entries=6, recent=2, entry_batch=3, keys=4, key_pages=3, grace=timedelta(0), renew_after=15
)


def registration(name: str, **fields: Any) -> Registration:
    """Return what an incident asks; with a key its workflow id is the key's."""
    key = fields.get("key")
    given: dict[str, Any] = {
        "workflow_id": names.incident_id(key) if key else f"incident-{name}",
        "title": f"{name} is broken",
        "severity": Severity.S3,
        "service": "web",
        "declared_at": START,
        "window": timedelta(hours=3),
        "first_run": "run-1",
    }
    return Registration.model_validate(given | fields)


def closed(number: int, at: datetime = START) -> LedgerEntry:
    """Return an incident that is over."""
    return LedgerEntry(
        number=number,
        workflow_id=f"incident-{number}",
        severity=Severity.S3,
        phase=Phase.CLOSED,
        service="web",
        declared_at=at,
        closed_at=at,
    )


class Office(TemporalLedger):
    """The provider with an activity's patience; ``fault`` is a page that cannot be written."""

    fault: Exception | None = None
    retries = 0

    async def _update(self, *args: Any) -> Any:
        while True:
            try:
                return await super()._update(*args)
            except ports.NotSent:
                self.retries += 1
                await asyncio.sleep(0.05)

    async def store(self, page_id: str, page: Page) -> None:
        if self.fault:
            raise self.fault
        await super().store(page_id, page)


@asynccontextmanager
async def working(client: Client, **options: Any) -> AsyncIterator[Office]:
    """Run a worker with everything that the ledger needs."""
    office = Office(client)
    own = LedgerActivities(office)
    async with Worker(
        client,
        task_queue=names.TASK_QUEUE,
        workflows=[Ledger, LedgerPage],
        activities=[own.store, own.look_up],
        **options,
    ):
        yield office


async def begin(client: Client, state: LedgerState | None = None) -> WorkflowHandle[Any, Any]:
    """End the ledger of the test before with its first pages, and start one."""
    page_ids = [names.ledger_page_id(number) for number in (0, 99_000, 100_000)]
    key_ids = [f"ledger-keys-{prefix:02x}" for prefix in range(256)]
    for workflow_id in (names.LEDGER_ID, *page_ids, *key_ids):
        await terminated(client, workflow_id)
    payloads = () if state is None else (state,)
    return await client.start_workflow(
        names.LEDGER, args=payloads, id=names.LEDGER_ID, task_queue=names.TASK_QUEUE
    )


async def terminated(client: Client, workflow_id: str) -> None:
    """End a workflow if there is one."""
    try:
        await client.get_workflow_handle(workflow_id).terminate()
    except RPCError:
        return


async def sound(handle: WorkflowHandle[Any, Any]) -> None:
    """Hold that no task of this run has failed, and that its history replays."""
    run = (await handle.describe()).run_id
    client = handle._client
    history = await client.get_workflow_handle(handle.id, run_id=run).fetch_history()
    failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    assert not [event for event in history.events if event.event_type == failed]
    replayer = Replayer(workflows=[Ledger, LedgerPage], data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)
