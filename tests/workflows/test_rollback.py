"""After a rollback: what a newer version has left is read as far as it can be, and waits where it cannot."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from muster import names
from muster.domain.policy import Policy
from muster.messages import AdoptedPolicy
from workflows.incident import Incident
from workflows.ledger import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEFT = {
    names.INCIDENT: {"carrier": {"state": {"facts": [{"kind": "unheard_of"}]}, "adopted": None}},
    names.LEDGER: {"next_number": 8, "open": {"7": {"phase": "unheard_of"}}},
}
"""What the next run gets, and no version of today can read."""


class Newer:
    """Continues as new with something new, and then waits for a word."""

    def __init__(self) -> None:
        self._told = False

    async def keep(self, name: str, given: Any) -> str:
        if given != LEFT[name]:
            workflow.continue_as_new(LEFT[name])
        await workflow.wait_condition(lambda: self._told)
        return "nothing was lost"

    @workflow.signal
    def tell(self) -> None:
        self._told = True


@workflow.defn(name=names.INCIDENT)
class NewerIncident(Newer):
    @workflow.run
    async def run(self, given: Any) -> str:
        return await self.keep(names.INCIDENT, given)


@workflow.defn(name=names.LEDGER)
class NewerLedger(Newer):
    @workflow.run
    async def run(self, given: Any = None) -> str:
        return await self.keep(names.LEDGER, given)


VERSIONS = [(names.INCIDENT, NewerIncident, Incident), (names.LEDGER, NewerLedger, Ledger)]


@pytest_asyncio.fixture(loop_scope="module")
async def client(env: WorkflowEnvironment) -> AsyncIterator[Client]:
    yield env.client


def worker(client: Client, kind: type) -> Worker:
    return Worker(
        client,
        task_queue="rollback",
        workflows=[kind],
        max_cached_workflows=0,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


@pytest.mark.parametrize(("name", "newer", "ours"), VERSIONS, ids=[one[0] for one in VERSIONS])
async def test_what_only_a_newer_version_can_read_waits_for_it(
    client: Client, name: str, newer: type, ours: type
) -> None:
    async with worker(client, newer):
        handle = await client.start_workflow(
            name,
            {"title": "x"},
            id=f"rollback-{name}",
            task_queue="rollback",
            task_timeout=timedelta(seconds=1),
        )
        await until(lambda: continued(handle))
    await handle.signal("tell")

    async with worker(client, ours):
        await until(lambda: has_failed_task(handle))
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING

    async with worker(client, newer):
        assert await handle.result() == "nothing was lost"


async def continued(handle: WorkflowHandle[Any, Any]) -> bool:
    return (await handle.describe()).run_id != handle.first_execution_run_id


async def has_failed_task(handle: WorkflowHandle[Any, Any]) -> bool:
    events = (await handle.fetch_history()).events
    return any(event.HasField("workflow_task_failed_event_attributes") for event in events)


async def until(ready: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await ready():
            await asyncio.sleep(0.05)


async def test_a_policy_with_keys_of_a_newer_version_is_adopted_without_them() -> None:
    text = json.loads(AdoptedPolicy(policy=Policy(), digest="d").model_dump_json())
    text["policy"] |= {"paging": {"after": "5m"}}
    text["policy"]["windows"] |= {"grace": "1m"}
    assert AdoptedPolicy.model_validate(text).policy == Policy()
    with pytest.raises(ValidationError):
        Policy.model_validate(text["policy"])


async def test_incidents_that_adopted_the_same_policy_have_one_between_them() -> None:
    text = AdoptedPolicy(policy=Policy(), digest="d").model_dump_json()
    one, other = (AdoptedPolicy.model_validate_json(text) for _ in range(2))
    assert one.policy is other.policy
    assert one.policy == Policy()
