"""Which faults are taken, which are refused, and that a late one does not outlive its sandbox."""

import asyncio
from typing import Any

import aiohttp
import pytest

from muster.sandbox import Sandbox, server
from muster.sandbox.faults import Faults

BAD: list[tuple[Any, str]] = [
    ({"kind": "status", "vendor": "nope"}, "vendor: must be one of gitlab, slack, x, zoom"),
    ({"kind": "nope", "vendor": "x"}, "kind: must be one of status, delay, reset_before"),
    ({"kind": [], "vendor": "x"}, "kind: must be one of"),
    ({"kind": "status", "vendor": "x", "route": 1}, "route: must be text"),
    ({"kind": "status", "vendor": "x", "count": "two"}, "count: must be a whole number from 1"),
    ({"kind": "status", "vendor": "x", "count": 0}, "count: must be a whole number from 1"),
    ({"kind": "status", "vendor": "x", "status": 99}, "status: must be an HTTP status"),
    ({"kind": "delay", "vendor": "x", "seconds": -1}, "seconds: must be a number from 0"),
    ({"kind": "status", "vendor": "x", "probability": 1.5}, "probability: must be a number"),
    ({"kind": "status", "vendor": "x", "seed": "s"}, "seed: must be a whole number"),
    ({"kind": "status", "vendor": "x", "unknown": 1}, "unknown: is no field of a fault"),
    ({"kind": "status", "vendor": "x", "id": 1}, "id: is no field of a fault"),
    ({"kind": "status"}, "vendor: is missing"),
    ({}, "kind: is missing"),
    ([1], "a fault is a JSON object"),
]


@pytest.mark.parametrize(("rule", "says"), BAD)
async def test_a_rule_that_could_not_strike_is_refused_by_its_field(
    sandbox: Sandbox, http: aiohttp.ClientSession, rule: Any, says: str
) -> None:
    async with http.post(f"{sandbox.url}/_control/faults", json=rule) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"].startswith(says)
    assert sandbox.faults.active() == []


async def test_what_is_no_json_is_said_to_be_none(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    async with http.post(f"{sandbox.url}/_control/faults", data="x") as reply:
        assert (reply.status, await reply.json()) == (400, {"error": "the body is no JSON"})


def test_a_seed_strikes_the_same_calls() -> None:
    def struck() -> list[bool]:
        faults = Faults()
        faults.add("status", "x", count=None, probability=0.3, seed=7)
        return [faults.take("x", "GET /") is not None for _ in range(200)]

    assert struck() == struck()
    assert 30 < sum(struck()) < 90


async def test_a_seed_strikes_the_same_calls_over_http(http: aiohttp.ClientSession) -> None:
    async def struck() -> list[bool]:
        rule = {"kind": "status", "vendor": "x", "count": None, "probability": 0.5, "seed": 11}
        seen = []
        async with Sandbox.serve() as sandbox:
            await http.post(f"{sandbox.url}/_control/faults", json=rule | {"status": 503})
            for place in range(30):
                url, body = f"{sandbox.urls['x']}/2/tweets", {"text": f"words {place}"}
                async with http.post(url, json=body) as reply:
                    seen.append(reply.status == 503)
            assert len(sandbox.x.posts) == seen.count(False)
        return seen

    first = await struck()
    assert first == await struck()
    assert set(first) == {True, False}


async def test_what_hangs_is_never_written(
    sandbox: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HANGS", 0.1)
    sandbox.faults.add("hang", "x")
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": "hung"})
    assert not sandbox.x.posts


async def test_a_late_commit_does_not_outlive_a_reset(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("late_commit", "x", seconds=0.1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": "late"})
    await http.post(f"{sandbox.url}/_control/reset")
    await asyncio.sleep(0.2)
    assert not sandbox.x.posts


@pytest.mark.parametrize(("given", "status"), [({"ms": 150}, 200), ({"seconds": 0.15}, 200)])
async def test_latency_is_for_every_call(
    sandbox: Sandbox, http: aiohttp.ClientSession, given: dict[str, Any], status: int
) -> None:
    async with http.post(f"{sandbox.url}/_control/latency", json=given) as reply:
        assert reply.status == status
    began = asyncio.get_running_loop().time()
    await http.post(f"{sandbox.urls['slack']}auth.test")
    assert asyncio.get_running_loop().time() - began >= 0.15


@pytest.mark.parametrize("given", [{}, {"ms": -1}, {"ms": "x"}, {"seconds": 1e9}, [1]])
async def test_a_latency_that_makes_no_sense_is_refused(
    sandbox: Sandbox, http: aiohttp.ClientSession, given: Any
) -> None:
    async with http.post(f"{sandbox.url}/_control/latency", json=given) as reply:
        assert reply.status == 400
    assert sandbox.latency == 0
