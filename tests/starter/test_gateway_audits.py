"""What the gateway says of the auditor's last look, against a server that has schedules."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from muster import names
from muster.domain.audit import Audit, Finding, Trouble
from tests.servers import real
from tests.starter.test_gateway import opened, scraped
from tests.workflows.neighbours import until
from workers.schedule import ensure

pytestmark = pytest.mark.e2e
AT = datetime(2026, 1, 1, 3, tzinfo=UTC)
LATE = Finding(trouble=Trouble.LATE, number=7, workflow_id="incident-7", text="update")
LAST_LOOK = ("muster_audit_last_look_timestamp_seconds", ())


@workflow.defn(name=names.AUDITOR)
class OneLook:
    """Has looked when the test says."""

    @workflow.run
    async def run(self) -> Audit:
        return Audit(at=AT, findings=(LATE, LATE))


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """Return a client of a server whose schedule has nobody who looks yet."""
    async with await real() as env:
        await ensure(env.client, timedelta(days=1))
        yield env.client


async def test_metrics_say_when_the_auditor_looked_last_and_what_it_found(client: Client) -> None:
    async with opened(client) as door:
        assert (await scraped(door))[LAST_LOOK] == 0
        looking = Worker(
            client,
            task_queue=names.TASK_QUEUE,
            workflows=[OneLook],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with looking:
            await client.get_schedule_handle(names.AUDITOR_SCHEDULE).trigger()

            async def looked() -> bool:
                return (await scraped(door))[LAST_LOOK] == AT.timestamp()

            assert await until(looked)
        found = await scraped(door)
        assert found["muster_audit_findings", ("late",)] == 2
        assert found["muster_audit_findings", ("gone",)] == 0


async def test_a_look_that_nobody_takes_does_not_count_as_one(client: Client) -> None:
    schedule = client.get_schedule_handle(names.AUDITOR_SCHEDULE)
    await schedule.trigger()

    async def started() -> bool:
        return bool((await schedule.describe()).info.recent_actions)

    assert await until(started)
    async with opened(client) as door:
        assert (await scraped(door))[LAST_LOOK] == 0
