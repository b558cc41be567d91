"""An incident that has lost its workflow is noticed, and said in the announcements channel, once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e
POLICY = '[audit]\nevery = "1s"\n'


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Scene]:
    """Return a stack whose auditor looks every second."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with Stack(tmp_path / "home", free_ports(), token="token", policy=policy) as stack:
        yield Scene(stack)


async def terminate(address: str, workflow_id: str) -> None:
    client = await Client.connect(address)
    await client.get_workflow_handle(workflow_id).terminate("by hand")


def found(scene: Scene) -> list[str]:
    texts = [str(one["text"]) for one in scene.messages("incident")]
    return [text for text in texts if text.startswith("The auditor has found")]


@pytest.mark.timeout(120)
def test_an_open_incident_without_a_live_workflow_is_said_once(audited: Scene) -> None:
    healthy = audited.muster("declare", "all is well", "--severity", "S3")
    lost = audited.muster("declare", "api errors", "--severity", "S2")
    audited.until(lambda: audited.settled(healthy["number"]))

    asyncio.run(terminate(f"{HOST}:{audited.stack.ports.temporal}", lost["workflow_id"]))

    audited.until(lambda: bool(found(audited)))
    audited.muster("note", str(healthy["number"]), "time passes")
    audited.until(lambda: audited.settled(healthy["number"]))
    assert len(found(audited)) == 1
    assert f"#{lost['number']} no live workflow" in found(audited)[0]
    assert f"#{healthy['number']} " not in found(audited)[0]
