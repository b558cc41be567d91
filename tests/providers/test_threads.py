"""A vendor that hangs takes no thread from another: each has its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from muster.domain.effects import Document, Receipt
from muster.ports import NotSent
from muster.providers.threads import AT_A_TIME
from muster.providers.zoom import Token
from muster.sandbox import Sandbox
from tests.providers import clients

MANY = AT_A_TIME + 8
Call = Callable[[int], Coroutine[Any, Any, Receipt]]


def calls(sandbox: Sandbox) -> dict[str, Call]:
    """Return a write of each vendor."""
    chat, conference = clients.slack(sandbox), clients.zoom(sandbox)
    tracker, status = clients.gitlab(sandbox), clients.x(sandbox)
    issue = Document(title="#1 x")
    return {
        "slack": lambda n: chat.say(f"i/say:{n}", "words", channel="#support", fresh=True),
        "zoom": lambda n: conference.open(f"i{n}/bridge", "topic", fresh=True),
        "gitlab": lambda n: tracker.open(f"i{n}/issue", issue, fresh=True),
        "x": lambda n: status.post(f"i/post:{n}", f"words {n}", clients.AT, fresh=True),
    }


@asynccontextmanager
async def hanging(
    sandbox: Sandbox, vendor: str, call: Call
) -> AsyncIterator[set[asyncio.Task[Any]]]:
    """Let a vendor hang with more calls under way than it has threads."""
    sandbox.faults.add("hang", vendor, count=None)
    under_way = {asyncio.create_task(call(n)) for n in range(MANY)}
    while not sandbox.made(vendor):
        await asyncio.sleep(0.01)
    yield under_way
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    assert all(isinstance(one, Exception) for one in ended)


@pytest.mark.parametrize("vendor", ["slack", "zoom", "gitlab", "x"])
async def test_while_one_hangs_all_others_are_done(sandbox: Sandbox, vendor: str) -> None:
    every = calls(sandbox)
    async with hanging(sandbox, vendor, every.pop(vendor)) as under_way:
        done = await asyncio.gather(*(call(0) for call in every.values()))
        assert all(one.id for one in done)
        # The first that hung gives up when its time is over: until then they have all been hanging.
        assert not any(one.done() for one in under_way)


def test_who_waits_too_long_for_a_token_writes_nothing() -> None:
    token = Token("http://127.0.0.1:1", "account", "client", "secret", timeout=0.05)
    with token._lock, pytest.raises(NotSent):
        token.get()
