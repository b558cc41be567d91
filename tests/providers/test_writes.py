"""Every write against every fault: at the end there is exactly one live object."""

from datetime import UTC, datetime
from typing import Any

import pytest

from muster.domain.effects import Document
from muster.ports import Ambiguous, NeedsHuman, NotSent, ProviderError
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.sandbox import Sandbox
from tests.providers.clients import AT, CARD, FAULTS, gitlab, slack, until_done, x, zoom


def announcements(sandbox: Sandbox) -> list[Any]:
    rooms = sandbox.slack.channels.values()
    return [one for room in rooms if room["name"] == "incident" for one in room["messages"]]


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_an_announcement_is_posted_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    sandbox.faults.add(kind, "slack", "chat.postMessage", **options)
    chat = slack(sandbox)
    done = await until_done(
        lambda fresh: chat.announce("k/announce", "#incident", CARD, fresh=fresh)
    )
    assert len(announcements(sandbox)) == 1
    assert done.id == announcements(sandbox)[0]["ts"]


@pytest.mark.parametrize("word", ["fatal_error", "internal_error", "ratelimited"])
async def test_slacks_own_words_for_try_again(sandbox: Sandbox, word: str) -> None:
    sandbox.faults.add("slack_error", "slack", "chat.postMessage", error=word)
    chat = slack(sandbox)
    await until_done(lambda fresh: chat.say("k/post", "we look", channel="#support", fresh=fresh))
    await until_done(lambda _: chat.say("k/post", "we look", channel="#support", fresh=False))
    rooms = [room for room in sandbox.slack.channels.values() if room["name"] == "support"]
    assert len(rooms[0]["messages"]) == 1


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_a_channel_is_opened_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    sandbox.faults.add(kind, "slack", "conversations.create", **options)
    chat = slack(sandbox)
    done = await until_done(lambda fresh: chat.open_channel("k/channel", "inc-42", fresh=fresh))
    await chat.set_topic(done, "#42", key="k/channel")
    again = await chat.open_channel("k/channel", "inc-42", fresh=False)
    live = [one for one in sandbox.slack.channels.values() if one["name"].startswith("inc-42")]
    assert [one["id"] for one in live] == [done.id] == [again.id]


async def test_a_message_made_twice_by_the_vendor_is_found_and_one_retired(
    sandbox: Sandbox,
) -> None:
    sandbox.faults.add("ghost_duplicate", "slack", "chat.postMessage")
    chat = slack(sandbox)
    await chat.announce("k/announce", "#incident", CARD, fresh=True)
    assert len(announcements(sandbox)) == 2
    kept = await chat.announce("k/announce", "#incident", CARD, fresh=False)
    assert [one["ts"] for one in announcements(sandbox)] == [kept.id]


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_a_bridge_is_opened_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    conference = zoom(sandbox)
    sandbox.faults.add(kind, "zoom", "POST /v2/users", **options)
    done = await until_done(lambda fresh: conference.open("k/bridge", "api errors", fresh=fresh))
    assert list(sandbox.zoom.meetings) == [done.id]


async def test_wrong_credentials_need_a_human(sandbox: Sandbox) -> None:
    with pytest.raises(NeedsHuman):
        await zoom(sandbox, "wrong").open("k/bridge", "x", fresh=True)
    with pytest.raises(NeedsHuman):
        await GitLabTracker(sandbox.urls["gitlab"], "revoked", "ops/production").open(
            "k", Document(title="x"), fresh=True
        )
    with pytest.raises(NeedsHuman):
        await XStatus(sandbox.urls["x"], "revoked").post("k", "x", AT, fresh=True)
    with pytest.raises(NeedsHuman):
        await SlackChat("revoked", sandbox.urls["slack"], people={}).announce(
            "k", "#incident", CARD, fresh=True
        )


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_an_issue_and_a_note_are_made_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    tracker = gitlab(sandbox)
    sandbox.faults.add(kind, "gitlab", "POST", **options)
    issue = await until_done(
        lambda fresh: tracker.open("k/issue", Document(title="#42 api errors"), fresh=fresh)
    )
    sandbox.faults.add(kind, "gitlab", "/notes", **options)
    await until_done(lambda fresh: tracker.note("k/note:1", issue, "resolved", AT, fresh=fresh))
    assert list(sandbox.gitlab.issues) == [issue.id]
    assert len(sandbox.gitlab.issues[issue.id]["notes"]) == 1


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_two_issues_are_linked_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    tracker = gitlab(sandbox)
    labels = ("incident",)
    first, second = [
        await tracker.open(key, Document(title=title, labels=labels), fresh=True)
        for key, title in (("a/issue", "#41 api errors"), ("b/issue", "#42 api errors"))
    ]
    path = f"/api/v4/projects/ops%2Fproduction/issues/{second.id}/links"
    sandbox.faults.add(kind, "gitlab", f"POST {path}", **options)
    await until_done(lambda _: tracker.link(second, 41, "follows"))
    assert sandbox.gitlab.issues[second.id]["links"] == [int(first.id)]


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_a_post_is_published_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    sandbox.faults.add(kind, "x", "POST", **options)
    status, at = x(sandbox), datetime.now(UTC)
    await until_done(lambda fresh: status.post("k/post", "Some requests fail.", at, fresh=fresh))
    assert len(sandbox.x.posts) == 1


async def test_an_outage_is_not_sent_or_unclear_and_then_over(sandbox: Sandbox) -> None:
    sandbox.faults.add("outage", "slack")
    chat = slack(sandbox)
    with pytest.raises((NotSent, Ambiguous)):
        await chat.announce("k/announce", "#incident", CARD, fresh=True)
    sandbox.faults.clear()
    await chat.announce("k/announce", "#incident", CARD, fresh=False)
    assert len(announcements(sandbox)) == 1


async def test_a_refused_connection_is_known_not_to_have_written() -> None:
    nowhere = "http://127.0.0.1:9"
    with pytest.raises(NotSent):
        await SlackChat("t", f"{nowhere}/slack/api/", people={}, timeout=1).announce(
            "k", "#i", CARD, fresh=True
        )
    with pytest.raises(NotSent):
        await GitLabTracker(nowhere, "t", "p").open("k", Document(title="x"), fresh=True)
    with pytest.raises(NotSent):
        await XStatus(nowhere, "t").post("k", "x", AT, fresh=True)


async def test_a_fresh_creation_is_one_call(sandbox: Sandbox) -> None:
    chat, conference, tracker = slack(sandbox), zoom(sandbox), gitlab(sandbox)
    await chat.open_channel("k/channel", "inc-42", fresh=True)
    await conference.open("k/bridge", "x", fresh=True)
    await tracker.open("k/issue", Document(title="x"), fresh=True)
    await x(sandbox).post("k/post", "x", AT, fresh=True)
    calls = [f"{one.vendor} {one.path}" for one in sandbox.calls]
    once = ("oauth", "auth.test")  # who we are is asked once by a process, not by a creation
    assert len([one for one in calls if not any(word in one for word in once)]) == 4, calls


async def test_the_issue_follows_its_document_and_is_linked(sandbox: Sandbox) -> None:
    tracker = gitlab(sandbox)
    first = await tracker.open(
        "a/issue", Document(title="#41 old", labels=("incident",)), fresh=True
    )
    second = await tracker.open(
        "b/issue", Document(title="#42 new", labels=("incident",)), fresh=True
    )
    await tracker.edit(
        second,
        Document(
            title="#42 new", labels=("incident", "severity::S2", "state::closed"), closed=True
        ),
        key="b/issue",
    )
    for _ in range(2):
        await tracker.link(second, 41, "follows")
    kept = sandbox.gitlab.issues[second.id]
    assert (kept["state"], kept["links"]) == ("closed", [int(first.id)])
    with pytest.raises(ProviderError, match="no issue yet"):
        await tracker.link(second, 7, "follows")
