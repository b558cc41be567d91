"""The vendors' own SDKs work against the stand-ins, and text from outside shows what it would do."""

import asyncio

import aiohttp
import gitlab
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from muster.sandbox import Sandbox


async def test_slack_sdk_announces_threads_edits_and_pins(sandbox: Sandbox) -> None:
    slack = AsyncWebClient("test", base_url=sandbox.urls["slack"])
    posted = await slack.chat_postMessage(channel="#incident", text="it <!channel> burns")
    channel, ts = str(posted["channel"]), str(posted["ts"])
    await slack.chat_postMessage(channel=channel, thread_ts=ts, text="update &lt;!here&gt;")
    await slack.chat_update(channel=channel, ts=ts, text="it is out")
    await slack.pins_add(channel=channel, timestamp=ts)
    thread = await slack.conversations_replies(channel=channel, ts=ts)
    assert [one["text"] for one in thread["messages"]] == ["it is out", "update &lt;!here&gt;"]
    assert [one["notified"] for one in sandbox.slack.channels[channel]["messages"]] == [[], []]


async def test_slack_sdk_meets_the_documented_errors(sandbox: Sandbox) -> None:
    slack = AsyncWebClient("test", base_url=sandbox.urls["slack"])
    made = await slack.conversations_create(name="inc-1")
    channel = made["channel"]["id"]
    with pytest.raises(SlackApiError, match="name_taken"):
        await slack.conversations_create(name="inc-1")
    await slack.conversations_archive(channel=channel)
    with pytest.raises(SlackApiError, match="already_archived"):
        await slack.conversations_archive(channel=channel)
    with pytest.raises(SlackApiError, match="is_archived"):
        await slack.chat_postMessage(channel=channel, text="late")
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await AsyncWebClient("revoked", base_url=sandbox.urls["slack"]).auth_test()


async def test_python_gitlab_creates_finds_edits_and_closes(sandbox: Sandbox) -> None:
    def life() -> None:
        with gitlab.Gitlab(sandbox.urls["gitlab"], private_token="test") as client:
            project = client.projects.get("ops/production")
            issue = project.issues.create(
                {"title": "Fire", "issue_type": "incident", "labels": ["severity::1"]}
            )
            issue.notes.create({"body": "```\n/close\n```"})
            assert [one.iid for one in project.issues.list(iterator=True)] == [issue.iid]
            (ana,) = client.users.list(username="Ana", get_all=False)
            assert client.users.list(username="nobody", get_all=False) == []
            issue.assignee_ids = [ana.id]
            issue.labels = ["severity::2"]
            issue.state_event = "close"
            issue.save()
            kept = project.issues.get(issue.iid)
            assert kept.state == "closed"
            assert [one["username"] for one in kept.assignees] == ["ana"]

    await asyncio.to_thread(life)
    assert sandbox.gitlab.quick_actions == []


async def test_a_live_quick_action_and_mention_are_seen(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    url = f"{sandbox.urls['gitlab']}/api/v4/projects/ops%2Fproduction/issues"
    body = {"title": "t", "description": "see @all\n/close"}
    async with http.post(url, json=body) as reply:
        assert reply.status == 201
    assert sandbox.gitlab.quick_actions == ["/close"]
    assert sandbox.gitlab.mentions == ["all"]


async def test_the_page_escapes_words_of_others(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    text = "<script>alert(1)</script>"
    slack = f"{sandbox.urls['slack']}chat.postMessage"
    await http.post(slack, json={"channel": "#incident", "text": text})
    await http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": text})
    project = f"{sandbox.urls['gitlab']}/api/v4/projects/1"
    await http.post(f"{project}/issues", json={"title": text, "description": text})
    await http.get(f"{project}/<script>")
    async with http.get(sandbox.url) as reply:
        page = await reply.text()
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 4
