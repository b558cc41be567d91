"""The worker dies in every phase; nothing is lost and nothing is doubled."""

import asyncio
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from starter.stack.children import StackError
from starter.stack.embedded import Stack
from starter.stack.keeping import RETENTION, keep
from starter.stack.places import HOST, Ports, free_ports
from tests.e2e.conftest import POLICY, Scene

pytestmark = pytest.mark.e2e


@pytest.fixture
def policy() -> str:
    """Let the upgrade window end while the test looks."""
    return POLICY.replace("[windows]", '[windows]\nupgrade = "15s"')


def has_closed(seen: dict[str, Any]) -> bool:
    return seen.get("phase") == "closed" and seen.get("closing_recorded", False)


def happened(scene: Scene, number: int, kind: str) -> list[datetime]:
    lines = scene.muster("timeline", str(number))
    return [datetime.fromisoformat(line["at"]) for line in lines if line["kind"] == kind]


def bridges(scene: Scene) -> list[str]:
    """Return whose bridges there are."""
    meetings = scene.sandbox()["zoom"]["meetings"].values()
    return [one["agenda"].removeprefix("[muster ").partition("/")[0] for one in meetings]


@pytest.mark.timeout(240)
def test_a_worker_that_dies_in_every_phase_loses_and_doubles_nothing(scene: Scene) -> None:
    # While it is being declared.
    scene.stack.worker.kill()
    declared = scene.muster("declare", "api errors", "--severity", "S2", "--service", "web", code=6)
    assert declared["number"] is None
    scene.stack.start_worker()
    scene.until(lambda: scene.see(1).get("number") == 1)
    scene.stack.worker.kill()
    scene.stack.start_worker()
    scene.until(lambda: scene.settled(1))

    # While commands come in and nobody is there to take them.
    scene.stack.worker.kill()
    for index in range(5):
        scene.muster("note", declared["workflow_id"], f"note {index}", code=6)
    words = "Some requests fail."
    scene.muster(
        "update", declared["workflow_id"], words, "--to", "end-users,support", "--yes", code=6
    )
    scene.stack.start_worker()
    scene.until(lambda: len(scene.sandbox()["x"]["posts"]) == 1)
    scene.until(lambda: scene.settled(1))
    notes = [line["text"] for line in scene.muster("timeline", "1") if line["kind"] == "noted"]
    assert notes == [f"note {index}" for index in range(5)]

    # In the stability wait.
    scene.muster("resolve", "1", "--yes")
    scene.stack.worker.kill()
    scene.stack.start_worker()
    scene.until(lambda: has_closed(scene.see(1)))
    ends_at = datetime.fromisoformat(scene.see(1)["window_ends_at"])

    # While it is closed and its upgrade window is open.
    scene.stack.worker.kill()
    scene.stack.worker.start()
    scene.muster("declare", "api errors again", "--severity", "S3", "--service", "web", code=None)
    scene.until(lambda: scene.see(2).get("number") == 2)
    again = scene.see(2)
    assert (again["severity"], again["predecessor"]) == ("S2", 1)
    scene.until(lambda: bridges(scene) == [again["workflow_id"]])
    assert [at > ends_at for at in happened(scene, 1, "window_ended")] == [True]
    scene.muster("reopen", "1", "--reason", "it fails again", code=4)
    scene.until(lambda: scene.settled(1) and scene.settled(2))

    seen = scene.sandbox()
    assert len(seen["gitlab"]["issues"]) == 2
    assert bridges(scene) == [again["workflow_id"]]
    assert [one["text"] for one in seen["x"]["posts"].values()] == [words]
    cards = [one for one in scene.messages("incident") if one["text"].startswith("#1 ")]
    assert len([one for one in cards if not one["thread_ts"]]) == 1
    assert len(scene.messages("support")) == 1
    texts = [(one["text"], one["thread_ts"]) for one in scene.messages("incident")]
    assert len(texts) == len(set(texts))
    bodies = [note["body"] for note in seen["gitlab"]["issues"]["1"]["notes"]]
    assert len(bodies) == len(set(bodies))


@pytest.mark.timeout(120)
def test_a_second_start_finds_the_incidents_of_the_first(tmp_path: Path) -> None:
    ports = free_ports()
    with Stack(tmp_path, ports, token="token") as stack:
        assert asyncio.run(keep(f"{HOST}:{ports.temporal}")) == RETENTION
        first = Scene(stack).muster("declare", "api errors", "--severity", "S3")
    with Stack(tmp_path, ports, token="token") as stack:
        found = Scene(stack).muster("show", "1")
    assert found["workflow_id"] == first["workflow_id"]
    assert not any(child.running() for child in stack.children())


def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"port {port}"):
            Ports(temporal=port).check()
