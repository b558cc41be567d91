"""What the gateway says of the rotations ahead of time, with no Temporal anywhere."""

import logging
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from muster.policy import load
from starter.gateway.rotations import Rotations
from starter.gateway.server import connect
from tests.oncall.calendars import calendar, event
from tests.starter.test_gateway import Door, opened, scraped
from tests.workflows.neighbours import until

POLICY = """
[people]
ana = { name = "Ana Alves" }
bo = {}
[oncall.imoc]
turns = [{ members = ["ana"] }]
[oncall.services.api]
turns = [{ feed = "api" }]
"""
WHOLE = calendar(event("Ana Alves", ":20260101T000000Z", ":20990101T000000Z"))


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a calendar without a gap."""
    path = tmp_path / "api.ics"
    path.write_text(WHOLE)
    monkeypatch.setenv("MUSTER_FEED_API", str(path))
    monkeypatch.setenv("MUSTER_CACHE", str(tmp_path / "cache"))
    return path


@pytest.fixture
async def nowhere(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a client of a server that there is not."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return await connect()


def policy(directory: Path) -> Any:
    path = directory / "muster.toml"
    path.write_text(POLICY)
    return load(path)


async def looked(door: Door) -> dict[str, Any]:
    """Return what readiness says of the rotations, once somebody has looked at them."""
    said: dict[str, Any] = {}

    async def has_looked() -> bool:
        async with door.get("/readyz") as answer:
            said.update((await answer.json())["rotations"])
        return said["looked_at"] is not None

    assert await until(has_looked)
    return said


async def test_whole_rotations_have_no_problems(
    feed: Path, nowhere: Client, tmp_path: Path
) -> None:
    assert feed.exists()
    async with opened(nowhere, policy=policy(tmp_path)) as door:
        said = await looked(door)
        assert (said["weeks"], said["problems"]) == (8, {"imoc": 0, "service:api": 0})
        assert list(said["fed_at"]) == ["service:api"]


async def test_a_lost_calendar_is_counted_and_named_in_the_log_alone(
    feed: Path, nowhere: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    feed.unlink()
    with caplog.at_level(logging.WARNING, logger=Rotations.__module__):
        async with opened(nowhere, policy=policy(tmp_path)) as door:
            said = await looked(door)
            series = await scraped(door)
    assert said["problems"]["service:api"] > 0
    assert series["muster_rotation_problems", ("service:api",)] == said["problems"]["service:api"]
    assert series["muster_rotation_problems", ("imoc",)] == 0
    assert "feed api" in caplog.text
    assert "feed api" not in str(said)


async def test_without_rotations_nobody_looks(nowhere: Client) -> None:
    async with opened(nowhere) as door, door.get("/readyz") as answer:
        said = (await answer.json())["rotations"]
    assert said == {"looked_at": None, "weeks": 8, "problems": {}, "fed_at": {}}
