"""What the tests of the CLI do again and again."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from muster import names
from tests.starter.conftest import Cli

VOUCHED = {"command_id": "chat-1", "actor": "eve", "source": "chat", "authenticated": True}
"""What a source of its own sends, which knows who asks."""


def declared(muster: Cli, *words: str) -> dict[str, Any]:
    """Declare an incident and return the answer."""
    done = muster("declare", *(words or ("api errors", "--severity", "S1")), "--json")
    assert done.code == 0, done
    document: dict[str, Any] = done.document
    return document


def label(incident: dict[str, Any]) -> str:
    """Return the incident's number as a word."""
    return str(incident["number"])


def shown(muster: Cli, number: str) -> dict[str, Any]:
    """Return what ``show`` says."""
    document: dict[str, Any] = muster("show", number, "--json").document
    return document


def until(look: Callable[[], dict[str, Any]], name: str) -> dict[str, Any]:
    """Look until the document has something under this name; return it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        document: dict[str, Any] = look()
        if document.get(name):
            return document
        time.sleep(0.2)
    message = f"no {name} in time"
    raise AssertionError(message)


def until_found(muster: Cli, number: str) -> None:
    """Wait until search knows the incident, its number and its manager."""
    client = muster.environment["TEMPORAL_ADDRESS"]
    query = f"IncidentNumber = {number} AND IncidentManager = 'ann'"
    until(lambda: {"count": asyncio.run(_count(client, query))}, "count")


def until_gone(muster: Cli, incident: dict[str, Any]) -> None:
    """Wait until the workflow of an ended incident runs no more."""
    client = muster.environment["TEMPORAL_ADDRESS"]
    query = f"WorkflowId = '{incident['workflow_id']}' AND ExecutionStatus != 'Running'"
    until(lambda: {"count": asyncio.run(_count(client, query))}, "count")


def spoken(muster: Cli, incident: dict[str, Any], payload: dict[str, Any]) -> None:
    """Send a note as a source of its own does, as an update and as a signal."""

    async def sent() -> None:
        client = await Client.connect(muster.environment["TEMPORAL_ADDRESS"])
        handle = client.get_workflow_handle(incident["workflow_id"])
        await handle.signal(names.ADD_NOTE, payload)
        await handle.execute_update(names.ADD_NOTE, payload)

    asyncio.run(sent())


def declared_in_private(muster: Cli) -> dict[str, Any]:
    """Declare a private incident of ann's, and return the answer."""
    return declared(muster, "a leak", "--severity", "S3", "--service", "vault", "--private")


async def _count(address: str, query: str) -> int:
    client = await Client.connect(address)
    return (await client.count_workflows(query)).count


async def forget(address: str, *workflow_ids: str) -> None:
    """Make Temporal forget workflows, as its retention would; a dev server takes up to 20 s for it."""
    client = await Client.connect(address)
    await asyncio.gather(*(_forgotten(client, workflow_id) for workflow_id in workflow_ids))


async def _forgotten(client: Client, workflow_id: str) -> None:
    request = DeleteWorkflowExecutionRequest(
        namespace="default", workflow_execution=WorkflowExecution(workflow_id=workflow_id)
    )
    await client.workflow_service.delete_workflow_execution(request)
    handle = client.get_workflow_handle(workflow_id)
    with contextlib.suppress(RPCError):
        while True:
            await handle.describe()
            await asyncio.sleep(0.1)
