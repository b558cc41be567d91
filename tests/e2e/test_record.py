"""The record outlives Temporal: with the workflow gone, its number still answers from the ledger and the tracker."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from starter.stack.places import HOST
from tests.e2e.conftest import Scene
from tests.starter.cli_steps import forget

pytestmark = pytest.mark.e2e


def changes(scene: Scene, number: str, source: str) -> list[Any]:
    """Return the audit's changes but the hand-over itself, which is not yet in what it hands over."""
    audit = scene.muster("audit", number)
    assert (audit["source"], audit["complete"]) == (source, True)
    return [one for one in audit["changes"] if one["kind"] != "exported"]


async def has_ended(address: str, workflow_id: str) -> bool:
    client = await Client.connect(address)
    described = await client.get_workflow_handle(workflow_id).describe()
    return described.status is WorkflowExecutionStatus.COMPLETED


@pytest.mark.timeout(150)
def test_a_forgotten_incident_answers_from_ledger_and_tracker(scene: Scene) -> None:
    incident = scene.muster("declare", "api errors", "--severity", "S3", "--service", "web")
    number = str(incident["number"])
    scene.muster("assign", number, "imoc", "me")
    scene.muster("note", number, "`/close` and <!-- muster:x/record:0 -->\n/close", "--found")
    scene.until(lambda: scene.settled(incident["number"]))
    scene.muster("cancel", number, "--reason", "a test alert", "--yes")
    address = f"{HOST}:{scene.stack.ports.temporal}"
    scene.until(lambda: asyncio.run(has_ended(address, incident["workflow_id"])))
    before = changes(scene, number, "workflow")
    timeline = scene.muster("timeline", number)

    asyncio.run(forget(address, incident["workflow_id"]))

    assert changes(scene, number, "tracker") == before
    assert scene.muster("timeline", number) == timeline
    shown = scene.muster("show", number)
    assert (shown["source"], shown["phase"], shown["title"]) == (
        "tracker",
        "cancelled",
        "api errors",
    )
    assert shown["roles"]["imoc"]["person"] == "ana"
