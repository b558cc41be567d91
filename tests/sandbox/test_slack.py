"""Slack's stand-in: whom a message pings, who is known, and what a bad call is told."""

from typing import Any

import aiohttp
import pytest

from muster.sandbox import Sandbox


async def call(sandbox: Sandbox, http: aiohttp.ClientSession, method: str, **given: Any) -> Any:
    async with http.post(sandbox.urls["slack"] + method, json=given) as reply:
        assert reply.status == 200
        return await reply.json()


def section(kind: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": kind, "text": "<!channel>"}}]


PINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"text": "<!channel> and <@UANA|ana>"}, ["!channel", "@UANA"]),
    ({"text": "<@W123> <!subteam^S1|@sre>"}, ["!subteam^S1", "@W123"]),
    ({"text": "&lt;!channel&gt; @here @ana"}, []),
    ({"text": "a", "blocks": section("mrkdwn")}, ["!channel"]),
    ({"text": "a", "blocks": section("plain_text")}, []),
    (
        {
            "text": "a",
            "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "<!here>"}]}],
        },
        ["!here"],
    ),
    (
        {
            "text": "a",
            "blocks": [
                {"type": "rich_text", "elements": [{"type": "broadcast", "range": "channel"}]}
            ],
        },
        ["!channel"],
    ),
    ({"text": "a", "attachments": [{"pretext": "<!everyone>"}]}, ["!everyone"]),
    ({"text": "@here @ana mail@ben.test", "link_names": True}, ["!here", "@UANA"]),
]


@pytest.mark.parametrize(("given", "pinged"), PINGS)
async def test_whom_a_message_pings(
    sandbox: Sandbox, http: aiohttp.ClientSession, given: dict[str, Any], pinged: list[str]
) -> None:
    assert (await call(sandbox, http, "chat.postMessage", channel="#incident", **given))["ok"]
    assert sandbox.slack.channels["C00000001"]["messages"][-1]["notified"] == pinged


async def test_a_ping_stays_on_record_when_the_message_is_edited(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    posted = await call(sandbox, http, "chat.postMessage", channel="#incident", text="<!here>")
    await call(sandbox, http, "chat.update", channel=posted["channel"], ts=posted["ts"], text="x")
    assert sandbox.slack.pings == ["!here"]
    assert sandbox.dump()["slack"]["pings"] == ["!here"]


async def test_people_are_found_and_written_to(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    ana = await call(sandbox, http, "users.lookupByEmail", email="ana@example.com")
    assert ana["user"]["id"] == "UANA"
    stranger = await call(sandbox, http, "users.lookupByEmail", email="nobody@example.com")
    assert stranger["error"] == "users_not_found"
    opened = await call(sandbox, http, "conversations.open", users="UANA")
    posted = await call(sandbox, http, "chat.postMessage", channel="UANA", text="you are IMOC")
    assert posted["channel"] == opened["channel"]["id"]
    listed = await call(sandbox, http, "conversations.list")
    assert posted["channel"] not in {one["id"] for one in listed["channels"]}


async def test_an_archived_channel_takes_no_writes(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    posted = await call(sandbox, http, "chat.postMessage", channel="#incident", text="x")
    where = {"channel": posted["channel"]}
    await call(sandbox, http, "conversations.archive", **where)
    pinned = {"timestamp": posted["ts"]}
    tries: list[tuple[str, dict[str, Any]]] = [
        ("chat.postMessage", {"text": "y"}),
        ("chat.update", {"text": "y", "ts": posted["ts"]}),
        ("conversations.rename", {"name": "other"}),
        ("conversations.join", {}),
        ("pins.add", pinned),
    ]
    for method, given in tries:
        assert (await call(sandbox, http, method, **where, **given))["error"] == "is_archived"


async def test_history_keeps_to_its_span_and_pages(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for text in ("1", "2", "3"):
        await call(sandbox, http, "chat.postMessage", channel="#incident", text=text)
    first, second, third = (one["ts"] for one in sandbox.slack.channels["C00000001"]["messages"])
    given = {"channel": "C00000001", "oldest": first, "latest": third}
    found = await call(sandbox, http, "conversations.history", **given)
    assert [one["ts"] for one in found["messages"]] == [second]
    found = await call(sandbox, http, "conversations.history", **given, inclusive=True, limit=2)
    assert [one["ts"] for one in found["messages"]] == [third, second]
    assert found["has_more"]


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("create", {}, "unknown_method"),
        ("conversations.list", {"limit": "abc"}, "invalid_limit"),
        ("conversations.list", {"cursor": "-1"}, "invalid_cursor"),
        ("conversations.history", {"channel": "C00000001", "oldest": "x"}, "invalid_ts_oldest"),
        ("conversations.create", {"name": "A b"}, "invalid_name_specials"),
        ("conversations.create", {"name": "a" * 81}, "invalid_name_maxlength"),
        ("chat.postMessage", {"channel": "", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#incident", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.update", {"channel": "C00000001", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("bookmarks.edit", {"channel_id": "C00000001", "bookmark_id": "B"}, "not_found"),
        ("bookmarks.remove", {"channel_id": "C00000001", "bookmark_id": "B"}, "not_found"),
    ],
)
async def test_a_bad_call_is_told_so_and_changes_nothing(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    method: str,
    given: dict[str, Any],
    error: str,
) -> None:
    before = str(sandbox.dump())
    assert (await call(sandbox, http, method, **given)) == {"ok": False, "error": error}
    assert str(sandbox.dump()) == before
