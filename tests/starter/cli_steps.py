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

from tests.starter.conftest import Cli


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


def ended(muster: Cli, incident: dict[str, Any]) -> dict[str, Any]:
    """Return what the ledger has of an incident that has ended, or nothing while it does not say so."""
    entries: list[dict[str, Any]] = muster("list", "--json").document
    mine = (one for one in entries if one["number"] == incident["number"])
    return next((one for one in mine if one["phase"] not in {"active", "resolved"}), {})


async def _count(address: str, query: str) -> int:
    client = await Client.connect(address)
    return (await client.count_workflows(query)).count


async def forget(address: str, workflow_id: str) -> None:
    """Make Temporal forget a workflow, as its retention would."""
    client = await Client.connect(address)
    request = DeleteWorkflowExecutionRequest(
        namespace="default", workflow_execution=WorkflowExecution(workflow_id=workflow_id)
    )
    await client.workflow_service.delete_workflow_execution(request)
    handle = client.get_workflow_handle(workflow_id)
    with contextlib.suppress(RPCError):
        while True:
            await handle.describe()
            await asyncio.sleep(0.1)
