"""Which faults are taken, which are refused, and that a late one does not outlive its sandbox."""

import asyncio
from typing import Any

import aiohttp
import pytest

from muster.sandbox import Sandbox, server
from muster.sandbox.faults import Faults

BAD: list[Any] = [
    {"kind": "status", "vendor": "nope"},
    {"kind": "status", "vendor": "x", "count": "two"},
    {"kind": "status", "vendor": "x", "count": 0},
    {"kind": "status", "vendor": "x", "status": 99},
    {"kind": "delay", "vendor": "x", "seconds": -1},
    {"kind": "status", "vendor": "x", "probability": 1.5},
    {"kind": "status", "vendor": "x", "seed": "s"},
    {"kind": "status", "vendor": "x", "unknown": 1},
    {"kind": "status"},
    [1],
]


@pytest.mark.parametrize("rule", BAD)
async def test_a_rule_that_could_not_strike_is_refused(
    sandbox: Sandbox, http: aiohttp.ClientSession, rule: Any
) -> None:
    async with http.post(f"{sandbox.url}/_control/faults", json=rule) as reply:
        assert reply.status == 400
    assert sandbox.faults.active() == []


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
