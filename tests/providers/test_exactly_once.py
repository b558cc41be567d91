"""Every call of every write against every fault: at the end it is done, and once."""

import asyncio
from typing import Any

import pytest

from muster.ports import Chat, Conference, StatusChannel, Tracker
from muster.sandbox import Sandbox
from muster.sandbox.faults import Kind
from tests.providers.clients import FAULTS, until_done
from tests.providers.writes import WRITES, Row

PORTS = (Chat, Conference, Tracker, StatusChannel)
READS = {"Tracker.notes"}
WHO_WE_ARE = ("auth.test", "/oauth/token")
"""Asked once by a process, whatever it then does; what goes wrong there has tests of its own."""
TWICE = "ghost_duplicate"
Ended = tuple[object, object]
"""What is there at the vendor, and what should be."""


async def met(row: Row, kind: str, options: dict[str, Any], staging: asyncio.Lock) -> Ended:
    """Let a write meet a fault; the scenes before are set one by one, so that none of them is late."""
    async with Sandbox.serve() as sandbox:
        async with staging:
            case = await row.scene(sandbox)
        sandbox.faults.add(kind, row.vendor, row.route, **options)
        done = await until_done(case.write)
        assert sandbox.faults.struck[-1] == kind
        if kind == TWICE:
            done = await until_done(lambda _: case.write(False))
        return case.state(), case.wanted(done)


async def failures(kind: str, options: dict[str, Any]) -> dict[str, Ended | BaseException]:
    """Return what has not ended as it should, by row; all of them wait side by side."""
    rows = [row for row in WRITES if kind != "slack_error" or row.vendor == "slack"]
    staging = asyncio.Lock()
    meetings = (met(row, kind, options, staging) for row in rows)
    ended = await asyncio.gather(*meetings, return_exceptions=True)
    return {row.name: one for row, one in zip(rows, ended, strict=True) if not is_as_wanted(one)}


def is_as_wanted(ended: Ended | BaseException) -> bool:
    return isinstance(ended, tuple) and ended[0] == ended[1]


def test_the_table_has_every_operation_of_every_port() -> None:
    named = {f"{port.__name__}.{name}" for port in PORTS for name in vars(port) if name[0] != "_"}
    assert {row.operation for row in WRITES} == named - READS


def test_the_table_has_every_fault() -> None:
    assert {kind for kind, _ in FAULTS} | {TWICE} == set(Kind)


@pytest.mark.parametrize("scene", dict.fromkeys(row.scene for row in WRITES))
async def test_the_table_has_every_call_of_a_write(sandbox: Sandbox, scene: Any) -> None:
    case = await scene(sandbox)
    before = len(sandbox.calls)
    done = await case.write(True)
    made = [f"{one.method} {one.path}" for one in list(sandbox.calls)[before:]]
    routes = (*WHO_WE_ARE, *(row.route for row in WRITES if row.scene is scene))
    assert [one for one in made if not any(route in one for route in routes)] == []
    assert case.state() == case.wanted(done)


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_what_a_fault_befalls_is_done_once(kind: str, options: dict[str, Any]) -> None:
    assert await failures(kind, options) == {}


async def test_what_the_vendor_does_twice_is_there_once_after_another_look() -> None:
    assert await failures(TWICE, {}) == {}
