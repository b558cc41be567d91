"""The auditor's look against a real server: what it finds of incidents that are not as they should be."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.audit import AuditActivities
from muster import names
from muster.domain.audit import OVERDUE, Finding
from tests.servers import real

pytestmark = pytest.mark.e2e
NOW = datetime.now(UTC)
LONG_AGO = (NOW - 2 * OVERDUE).isoformat()
SOON = (NOW + timedelta(hours=1)).isoformat()


def shown(deadline: str, *late: str) -> dict[str, Any]:
    """Return the least that a snapshot is."""
    return {
        "workflow_id": "incident",
        "number": None,
        "service": None,
        "roles": {},
        "title": "t",
        "severity": "S2",
        "phase": "active",
        "declared_at": LONG_AGO,
        "since": LONG_AGO,
        "declared_by": "ana",
        "deadlines": [{"kind": "stability", "at": deadline, "text": "closes"}],
        "late": list(late),
    }


@workflow.defn(name=names.LEDGER)
class StandInLedger:
    """Has open what it is told."""

    @workflow.init
    def __init__(self, entries: list[dict[str, Any]] | None) -> None:
        self._entries = entries

    @workflow.run
    async def run(self, _entries: list[dict[str, Any]] | None) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name=names.LEDGER_OPEN)
    def open(self) -> list[dict[str, Any]]:
        if self._entries is None:
            raise ValueError("no answer")
        return self._entries


@workflow.defn(name=names.INCIDENT)
class StandIn:
    """Shows what it is told, or does not answer."""

    @workflow.init
    def __init__(self, snapshot: dict[str, Any] | None) -> None:
        self._snapshot = snapshot

    @workflow.run
    async def run(self, _snapshot: dict[str, Any] | None) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name=names.SNAPSHOT)
    def snapshot(self) -> dict[str, Any]:
        if self._snapshot is None:
            raise ValueError("no answer")
        return self._snapshot


INCIDENTS = {
    "sound": shown(SOON),
    "overdue": shown(LONG_AGO),
    "late": shown(SOON, "update to support promised for 14:00 UTC"),
    "silent": None,
    "strange": {"answers": "in the words of another version"},
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """Return a client of a server of our own, with the incidents above running on it."""
    async with await real() as env, worker(env.client):
        for name, snapshot in INCIDENTS.items():
            await start(env.client, names.INCIDENT, snapshot, f"incident-{name}")
        yield env.client


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=names.TASK_QUEUE,
        workflows=[StandInLedger, StandIn],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def start(client: Client, kind: str, given: object, workflow_id: str) -> None:
    await client.start_workflow(kind, given, id=workflow_id, task_queue=names.TASK_QUEUE)


async def look(client: Client) -> dict[str, Finding]:
    found = await ActivityEnvironment().run(AuditActivities(client).look)
    return {f"{one.workflow_id.removeprefix('incident-')} {one.trouble}": one for one in found}


WRONG = {
    "overdue overdue step",
    "late late",
    "silent does not answer",
    "strange does not answer",
}


async def test_of_each_incident_that_the_ledger_has_open_it_says_what_is_wrong(
    client: Client,
) -> None:
    ids = [*INCIDENTS, "gone", "cancelled"]
    entries = [
        {
            "number": number,
            "workflow_id": f"incident-{name}",
            "severity": "S2",
            "declared_at": LONG_AGO,
            "phase": "cancelled" if name == "cancelled" else "active",
        }
        for number, name in enumerate(ids, start=1)
    ]
    await start(client, names.LEDGER, entries, names.LEDGER_ID)
    found = await look(client)
    assert found.keys() == WRONG | {"gone no live workflow"}
    assert {one.number for one in found.values()} == {2, 3, 4, 5, 6}
    assert found["late late"].text == "update to support promised for 14:00 UTC"


@pytest.mark.parametrize("ledger", ["silent", "absent"])
async def test_where_the_ledger_is_no_help_it_looks_at_what_the_server_lists(
    client: Client, ledger: str
) -> None:
    if ledger == "silent":
        await start(client, names.LEDGER, None, names.LEDGER_ID)
    await listed(client)
    trouble = {"silent": "does not answer", "absent": "no live workflow"}[ledger]
    assert (await look(client)).keys() == WRONG | {f"ledger {trouble}"}


async def listed(client: Client) -> None:
    """Wait until the server's list has caught up."""
    query = f"WorkflowType = '{names.INCIDENT}'"
    async with asyncio.timeout(20):
        while (await client.count_workflows(query)).count < len(INCIDENTS):
            await asyncio.sleep(0.05)


async def test_it_says_that_it_is_alive_while_it_waits_so_that_its_death_is_noticed(
    client: Client,
) -> None:
    await listed(client)
    beats: list[tuple[object, ...]] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    await environment.run(AuditActivities(client).look)
    assert beats


async def test_where_there_has_never_been_an_incident_nothing_is_wrong() -> None:
    async with await real() as env:
        assert await look(env.client) == {}
