"""Each kind of fault: what the client sees, and what was written."""

import asyncio

import aiohttp
import pytest

from muster.sandbox import Sandbox

RESETS = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


async def post(sandbox: Sandbox, http: aiohttp.ClientSession, text: str = "words") -> int:
    async with http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": text}) as reply:
        await reply.read()
        return reply.status


@pytest.mark.parametrize(("kind", "kept"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_reset_breaks_the_connection_before_or_after_the_write(
    sandbox: Sandbox, http: aiohttp.ClientSession, kind: str, kept: int
) -> None:
    sandbox.faults.add(kind, "x")
    with pytest.raises(RESETS):
        await post(sandbox, http)
    assert len(sandbox.x.posts) == kept
    assert sandbox.calls[-1].committed is bool(kept)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "late_commit", "outage"])
async def test_a_reset_is_a_reset_and_no_orderly_end(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add(kind, "x")
    host, port = sandbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /x/2/users/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_a_delay_outlives_its_client_and_a_hang_does_not_write(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for kind in ("delay", "hang"):
        sandbox.faults.add(kind, "x", seconds=0.4)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(sandbox, http, kind), 0.1)
    assert not sandbox.x.posts
    await asyncio.sleep(0.6)
    assert [one["text"] for one in sandbox.x.posts.values()] == ["delay"]


async def test_what_is_committed_late_is_found_late_and_once(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("late_commit", "gitlab", "POST /api/v4/projects", seconds=0.3)
    issues = f"{sandbox.urls['gitlab']}/api/v4/projects/1/issues"

    async def found() -> int:
        async with http.get(issues) as reply:
            return len(await reply.json())

    with pytest.raises(RESETS):
        await http.post(issues, json={"title": "late"})
    assert await found() == 0
    assert not sandbox.made("gitlab", "issues")[0].committed
    await asyncio.sleep(0.5)
    assert await found() == 1
    assert sandbox.made("gitlab", "issues")[0].committed


async def test_a_late_commit_lands_after_the_client_has_gone(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("late_commit", "x", seconds=0.1)
    with pytest.raises(RESETS):
        await post(sandbox, http)
    assert not sandbox.x.posts
    await asyncio.sleep(0.3)
    assert len(sandbox.x.posts) == 1


async def test_a_status_is_given_as_often_as_asked_and_writes_nothing(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("status", "x", "POST /2/tweets", status=502, count=2)
    assert [await post(sandbox, http) for _ in range(3)] == [502, 502, 201]
    assert len(sandbox.x.posts) == 1


async def test_a_fault_strikes_only_its_vendor_and_route(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("status", "x", "/2/users/me")
    sandbox.faults.add("status", "gitlab")
    assert await post(sandbox, http) == 201


async def test_a_rate_limit_says_how_long(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.faults.add("rate_limit", "slack", "auth.test", retry_after=7)
    async with http.post(f"{sandbox.urls['slack']}auth.test") as reply:
        assert reply.status == 429
        assert reply.headers["Retry-After"] == "7"


async def test_a_malformed_body_is_no_json(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.faults.add("malformed", "x")
    async with http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": "w"}) as reply:
        with pytest.raises(ValueError, match="Expecting value"):
            await reply.json(content_type=None)


async def test_a_slack_error_comes_with_status_200(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("slack_error", "slack", error="fatal_error")
    async with http.post(f"{sandbox.urls['slack']}auth.test") as reply:
        assert (reply.status, await reply.json()) == (200, {"ok": False, "error": "fatal_error"})


async def test_a_ghost_duplicate_writes_twice(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("ghost_duplicate", "slack")
    body = {"channel": "#incident", "text": "once"}
    async with http.post(f"{sandbox.urls['slack']}chat.postMessage", json=body) as reply:
        assert (await reply.json())["ok"]
    assert len(sandbox.slack.channels["C00000001"]["messages"]) == 2


async def test_an_outage_lasts_until_it_is_cleared(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("outage", "x")
    for _ in range(3):
        with pytest.raises(RESETS):
            await post(sandbox, http)
    sandbox.faults.clear()
    assert await post(sandbox, http) == 201


async def test_a_delay_answers_late_and_a_hang_not_at_all(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.faults.add("delay", "x", seconds=0.2)
    began = asyncio.get_running_loop().time()
    assert await post(sandbox, http) == 201
    assert asyncio.get_running_loop().time() - began >= 0.2
    sandbox.faults.add("hang", "x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(sandbox, http, "other"), 0.2)
    assert len(sandbox.x.posts) == 1


async def test_the_control_api_adds_lists_and_clears_faults(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    url = f"{sandbox.url}/_control/faults"
    async with http.post(url, json={"kind": "status", "vendor": "x"}) as reply:
        assert reply.status == 201
    async with http.get(url) as reply:
        assert [one["kind"] for one in await reply.json()] == ["status"]
    async with http.post(url, json={"kind": "nonsense", "vendor": "x"}) as reply:
        assert reply.status == 400
    await http.delete(url)
    assert sandbox.faults.active() == []


async def test_the_call_log_holds_no_secrets(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    body = {"account_id": "secret-account", "client_secret": "hidden", "grant_type": "g"}
    await http.post(sandbox.urls["zoom_oauth"], data=body)
    await http.post(f"{sandbox.urls['slack']}auth.test", data={"token": "xoxb-hidden"})
    async with http.get(f"{sandbox.url}/_control/calls") as reply:
        log = await reply.text()
    assert "hidden" not in log
    assert "secret-account" not in log
