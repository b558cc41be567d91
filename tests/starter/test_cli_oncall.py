"""``muster oncall``: who is on call, and what is wrong ahead of time, with nothing else running."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from starter.cli import run
from tests.oncall.calendars import calendar, event

POLICY = """
[people]
ana = { name = "Ana Alves" }
bo = {}
[oncall.imoc]
timezone = "Europe/Berlin"
turns = [{ members = ["ana", "bo"], start = "2026-01-05 09:00", every = "FREQ=WEEKLY" }, { layer = 2, members = ["bo"] }]
[oncall.services.api]
turns = [{ feed = "api" }]
"""
AT = "2026-03-02T12:00:00+00:00"


UNKNOWN = "overrides may be missing: Temporal does not answer at 127.0.0.1:1 (TEMPORAL_ADDRESS)"


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the loops that a command leaves open, whose process ends with it."""
    opened, create = [], asyncio.new_event_loop

    def kept() -> asyncio.AbstractEventLoop:
        opened.append(create())
        return opened[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", kept)
    yield
    for loop in opened:
        loop.close()


@pytest.fixture
def said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    loops: None,
) -> Any:
    del loops
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    path = tmp_path / "muster.toml"
    path.write_text(POLICY)
    feed = tmp_path / "api.ics"
    feed.write_text(calendar(event("Ana Alves", ":20260101T000000Z", ":20990101T000000Z")))
    monkeypatch.setenv("MUSTER_POLICY", str(path))
    monkeypatch.setenv("MUSTER_FEED_API", str(feed))
    monkeypatch.setenv("MUSTER_CACHE", str(tmp_path / "cache"))

    def say(*words: str, code: int = 0) -> Any:
        assert run(["oncall", *words]) == code
        return capsys.readouterr().out

    return say


def test_everyone_on_call_is_shown_layer_by_layer(said: Any) -> None:
    lines = said("--at", AT).splitlines()
    assert lines[0].startswith("imoc: ana · then bo, until ")
    assert lines[1].startswith("service:api: ana")
    assert lines[2:] == [UNKNOWN]


def test_programs_get_one_document(said: Any) -> None:
    (found,) = json.loads(said("--role", "imoc", "--at", AT, "--json"))
    assert found == {
        "rotation": "imoc",
        "at": AT,
        "layers": [["ana"], ["bo"]],
        "until": "2026-03-09T08:00:00+00:00",
        "fed_at": None,
        "problems": [UNKNOWN],
    }
    (found,) = json.loads(said("--service", "api", "--at", AT, "--json"))
    assert (found["rotation"], found["layers"]) == ("service:api", [["ana"]])
    assert found["fed_at"] is not None


def test_a_rotation_that_there_is_not_is_said(said: Any) -> None:
    assert "No such rotation" in said("--role", "cmoc")
    assert json.loads(said("--role", "cmoc", "--json")) == []


def test_a_check_that_finds_nothing_leaves_with_0(said: Any) -> None:
    found = said("check", "--weeks", "2").splitlines()
    assert found == [UNKNOWN, "2 rotations, nothing wrong in the next 2 weeks"]


def test_a_check_that_finds_something_leaves_with_1(
    said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSTER_FEED_API")
    found = json.loads(said("check", "--json", code=1))
    assert found["problems"][0] == {
        "rotation": "service:api",
        "text": "feed api: MUSTER_FEED_API is not set",
    }


def test_a_wrong_word_is_refused(said: Any) -> None:
    assert said("chek", code=2) == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--until", "1h"),
        ("--from", "1h"),
        ("--layer", "1"),
        ("--weeks", "8"),
        ("check", "--at", "1h"),
        ("check", "--service", "api"),
        ("override", "--role", "imoc"),
        ("override", "imoc", "ana", "--until", "1h", "--at", "1h"),
    ],
)
def test_an_option_of_another_one_is_refused(said: Any, words: tuple[str, ...]) -> None:
    assert said(*words, code=2) == ""


def test_an_answer_from_an_old_copy_says_so(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said()
    monkeypatch.delenv("MUSTER_FEED_API")
    answer, why, _ = said("--service", "api").splitlines()
    assert answer == "service:api: ana"
    assert why.startswith("  feed api: MUSTER_FEED_API is not set; what it said at ")


def test_a_time_that_nobody_knows_anything_of_is_refused(said: Any) -> None:
    assert said("--at", "2099-01-01T00:00", code=2) == ""
