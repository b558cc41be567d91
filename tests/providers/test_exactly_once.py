"""Every write against every fault: at the end there is exactly one live object."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from muster.domain.effects import Card, Document, Link, Receipt
from muster.ports import Ambiguous, NeedsHuman, NotSent, ProviderError
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.providers.zoom import ZoomConference
from muster.sandbox import Sandbox

SETTLE = 0.5
AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Card(
    headline="#42 S1 active: api errors", links=(Link(title="Bridge", url="https://z.test"),)
)
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("reset_before", {}),
    ("reset_after", {}),
    ("late_commit", {"seconds": 0.2}),
    ("rate_limit", {"retry_after": 1}),
    ("malformed", {}),
    ("hang", {}),
]


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as serving:
        yield serving


def slack(sandbox: Sandbox) -> SlackChat:
    people = {"ana": "UANA", "ben": "UBEN"}
    return SlackChat("token", sandbox.urls["slack"], people=people, timeout=1)


def zoom(sandbox: Sandbox, account: str = "account") -> ZoomConference:
    urls = sandbox.urls
    return ZoomConference(
        account, "client", "secret", api_url=urls["zoom"], oauth_url=urls["zoom_oauth"], timeout=1
    )


def gitlab(sandbox: Sandbox) -> GitLabTracker:
    return GitLabTracker(sandbox.urls["gitlab"], "token", "ops/production", timeout=1)


def x(sandbox: Sandbox) -> XStatus:
    return XStatus(sandbox.urls["x"], "token", timeout=1)


Write = Callable[[bool], Awaitable[Receipt]]


async def until_done(write: Write) -> Receipt:
    """Try as the border lets an effect be tried: settle after an unclear end, and read by key from then on."""
    fresh = True
    for _ in range(6):
        try:
            return await write(fresh)
        except NotSent:
            await asyncio.sleep(0.01)
        except Ambiguous:
            await asyncio.sleep(SETTLE)
        fresh = False
    message = "it was never done"
    raise AssertionError(message)


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


async def test_a_name_that_is_anothers_is_followed_by_the_next_free_one(sandbox: Sandbox) -> None:
    others = slack(sandbox)
    taken = await others.open_channel("other/channel", "inc-42", fresh=True)
    await others.set_topic(taken, "theirs", key="other/channel")
    ours = await slack(sandbox).open_channel("k/channel", "inc-42", fresh=True)
    assert (ours.note, ours.id == taken.id) == ("inc-42-2", False)


async def test_a_message_made_twice_by_the_vendor_is_found_and_one_retired(
    sandbox: Sandbox,
) -> None:
    sandbox.faults.add("ghost_duplicate", "slack", "chat.postMessage")
    chat = slack(sandbox)
    await chat.announce("k/announce", "#incident", CARD, fresh=True)
    assert len(announcements(sandbox)) == 2
    kept = await chat.announce("k/announce", "#incident", CARD, fresh=False)
    assert [one["ts"] for one in announcements(sandbox)] == [kept.id]


async def test_doing_again_what_is_done_changes_nothing(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    link = Link(title="Bridge", url="https://z.test/1")
    for _ in range(2):
        await chat.pin("k/pin", channel, CARD, fresh=False)
        await chat.bookmark(channel, link)
        note = (await chat.invite(channel, ("ana", "nobody"))).note
        assert "nobody" in note
    room = sandbox.slack.channels[channel.id]
    assert (len(room["pins"]), len(room["bookmarks"]), room["members"]) == (1, 1, ["UANA"])
    for _ in range(2):
        await chat.archive(channel)
    assert room["is_archived"]
    await chat.set_topic(channel, "open again", key="k/channel")
    assert not room["is_archived"]


@pytest.mark.parametrize(("kind", "options"), FAULTS)
async def test_a_bridge_is_opened_once(
    sandbox: Sandbox, kind: str, options: dict[str, Any]
) -> None:
    conference = zoom(sandbox)
    sandbox.faults.add(kind, "zoom", "POST /v2/users", **options)
    done = await until_done(lambda fresh: conference.open("k/bridge", "api errors", fresh=fresh))
    assert list(sandbox.zoom.meetings) == [done.id]


async def test_one_token_serves_many_and_is_renewed_once_when_refused(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    await asyncio.gather(*(conference.open(f"k{one}/bridge", "x", fresh=True) for one in range(5)))
    assert len(sandbox.made("zoom", "/oauth/token")) == 1
    sandbox.zoom.expire_tokens()
    await asyncio.gather(*(conference.open(f"l{one}/bridge", "x", fresh=True) for one in range(5)))
    assert len(sandbox.made("zoom", "/oauth/token")) == 2
    assert len(sandbox.zoom.meetings) == 10


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


async def test_a_bridge_is_never_ended_under_someone(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    bridge = await conference.open("k/bridge", "x", fresh=True)
    sandbox.zoom.occupy(bridge.id, occupied=True)
    with pytest.raises(ProviderError, match="someone is on the bridge"):
        await conference.end(bridge)
    sandbox.zoom.occupy(bridge.id, occupied=False)
    for _ in range(2):
        await conference.end(bridge)
    assert not sandbox.zoom.meetings


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
    calls = [f"{one.vendor} {one.path}" for one in sandbox.calls if "oauth" not in one.path]
    assert len(calls) == 4, calls


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
