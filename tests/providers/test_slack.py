"""Slack: names, what is so already, and channels that someone archived."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from muster.domain.effects import Link, Receipt
from muster.ports import Ambiguous, NotFound, Rejected
from muster.providers.slack import NAMES_TRIED
from muster.sandbox import Sandbox
from muster.sandbox.slack_state import BOT
from tests.providers.clients import CARD, slack


def room(sandbox: Sandbox, channel: Receipt) -> dict[str, Any]:
    return sandbox.slack.channels[channel.id]


def methods(sandbox: Sandbox) -> list[str]:
    return [one.path.removeprefix("/api/") for one in sandbox.made("slack")]


async def test_a_name_that_is_anothers_is_followed_by_the_next_free_one(sandbox: Sandbox) -> None:
    others = slack(sandbox)
    taken = await others.open_channel("other/channel", "inc-42", fresh=True)
    await others.set_topic(taken, "theirs", key="other/channel")
    ours = await slack(sandbox).open_channel("k/channel", "inc-42", fresh=True)
    assert (ours.note, ours.id == taken.id) == ("inc-42-2", False)


async def test_a_persons_bare_channel_of_that_name_is_not_taken_over(sandbox: Sandbox) -> None:
    theirs = sandbox.slack._create("inc-42")
    ours = await slack(sandbox).open_channel("k/channel", "inc-42", fresh=True)
    assert (ours.note, ours.id == theirs["id"]) == ("inc-42-2", False)


async def test_a_channel_under_a_following_name_is_found_again(sandbox: Sandbox) -> None:
    theirs = sandbox.slack._create("inc-42")
    theirs["purpose"] = {"value": "muster key other/channel"}
    broken_off = sandbox.slack._create("inc-42-2")
    broken_off["creator"] = BOT
    chat = slack(sandbox)
    first = await chat.open_channel("k/channel", "inc-42", fresh=False)
    assert (first.note, first.id) == ("inc-42-2", broken_off["id"])
    await chat.set_topic(first, "#42", key="k/channel")
    assert (await chat.open_channel("k/channel", "inc-42", fresh=False)).id == first.id


async def test_the_first_channel_of_a_process_has_a_link_or_stands_without(
    sandbox: Sandbox,
) -> None:
    first = await slack(sandbox).open_channel("k/channel", "inc-42", fresh=True)
    assert (first.link or "").endswith(f"/archives/{first.id}")
    sandbox.faults.add("outage", "slack", "auth.test")
    second = await slack(sandbox).open_channel("l/channel", "inc-43", fresh=True)
    assert (second.note, second.link) == ("inc-43", None)


async def test_where_all_names_are_taken_a_human_must_look(sandbox: Sandbox) -> None:
    for number in range(1, NAMES_TRIED + 1):
        sandbox.slack._create("inc-42" if number == 1 else f"inc-42-{number}")
    with pytest.raises(Rejected) as caught:
        await slack(sandbox).open_channel("k/channel", "inc-42", fresh=True)
    assert caught.value.code == "name_taken"


async def test_doing_again_what_is_done_changes_nothing(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    link = Link(title="Bridge", url="https://z.test/1")
    for _ in range(2):
        await chat.pin("k/pin", channel, CARD, fresh=False)
        await chat.bookmark(channel, (link,))
        note = (await chat.invite(channel, ("ana", "nobody"))).note
        assert "nobody" in note
    kept = room(sandbox, channel)
    assert (len(kept["pins"]), len(kept["bookmarks"]), kept["members"]) == (1, 1, ["UANA"])
    for _ in range(2):
        await chat.archive(channel)
    assert kept["is_archived"]
    await chat.set_topic(channel, "open again", key="k/channel")
    assert not kept["is_archived"]


async def test_who_is_in_already_keeps_nobody_out(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    await chat.invite(channel, ("ana",))
    await chat.invite(channel, ("ana", "ben"))
    assert room(sandbox, channel)["members"] == ["UANA", "UBEN"]


@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("already_in_channel", "conversations.invite"),
        ("cant_invite_self", "conversations.invite"),
        ("already_archived", "conversations.archive"),
        ("already_pinned", "pins.add"),
    ],
)
async def test_what_slack_says_is_so_already_is_done(
    sandbox: Sandbox, word: str, method: str
) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    sandbox.faults.add("slack_error", "slack", method, error=word)
    done: Callable[[], Awaitable[object]] = {
        "conversations.invite": lambda: chat.invite(channel, ("ana",)),
        "conversations.archive": lambda: chat.archive(channel),
        "pins.add": lambda: chat.pin("k/pin", channel, CARD, fresh=True),
    }[method]
    await done()
    assert sandbox.faults.struck == ["slack_error"]


async def test_any_other_word_is_not_swallowed(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    sandbox.faults.add("slack_error", "slack", "archive", error="channel_not_found")
    with pytest.raises(NotFound):
        await chat.archive(channel)


async def test_a_word_into_an_archived_channel_reopens_it(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    await chat.archive(channel)
    await chat.say("k/say", "back", channel=channel.id, fresh=True)
    kept = room(sandbox, channel)
    assert (kept["is_archived"], len(kept["messages"])) == (False, 1)


async def test_a_channel_that_we_were_put_out_of_is_joined_once(sandbox: Sandbox) -> None:
    sandbox.faults.add("slack_error", "slack", "chat.postMessage", error="not_in_channel")
    await slack(sandbox).say("k/say", "hi", channel="#support", fresh=True)
    assert methods(sandbox)[:4] == [
        "chat.postMessage",
        "conversations.list",
        "conversations.join",
        "chat.postMessage",
    ]


async def test_a_bookmark_that_broke_off_is_added_once(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
    sandbox.faults.add("reset_after", "slack", "bookmarks.add")
    link = Link(title="Bridge", url="https://z.test/1")
    with pytest.raises(Ambiguous):
        await chat.bookmark(channel, (link,))
    await chat.bookmark(channel, (link,))
    await chat.bookmark(channel, (link, Link(title="Issue", url="https://z.test/2")))
    marks = room(sandbox, channel)["bookmarks"]
    assert [one["link"] for one in marks] == ["https://z.test/1", "https://z.test/2"]


async def test_an_announcement_is_posted_before_anything_is_asked(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    for number in range(3):
        await chat.announce(f"k/announce:{number}", "#incident", CARD, fresh=True)
    posts = ["chat.postMessage", "auth.test", "chat.postMessage", "chat.postMessage"]
    assert methods(sandbox) == posts


async def test_an_announcement_stands_though_its_address_cannot_be_told(sandbox: Sandbox) -> None:
    sandbox.faults.add("outage", "slack", "auth.test")
    chat = slack(sandbox)
    done = await chat.announce("k/announce", "#incident", CARD, fresh=True)
    assert (done.link, bool(done.id)) == (None, True)
    sandbox.faults.clear()
    edited = await chat.edit(done, CARD, key="k/edit")
    assert (edited.link or "").endswith(f"/{done.container}/p{done.id.replace('.', '')}")


async def test_a_message_found_again_stands_though_its_address_cannot_be_told(
    sandbox: Sandbox,
) -> None:
    first = await slack(sandbox).announce("k/announce", "#incident", CARD, fresh=True)
    sandbox.faults.add("outage", "slack", "auth.test")
    again = await slack(sandbox).announce("k/announce", "#incident", CARD, fresh=False)
    assert (again.id, again.link) == (first.id, None)


async def test_an_unknown_channel_needs_a_human(sandbox: Sandbox) -> None:
    for fresh in (True, False):
        with pytest.raises(NotFound):
            await slack(sandbox).say("k/say", "hi", channel="#nowhere", fresh=fresh)


async def test_a_reply_in_a_thread_is_found_in_its_thread(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    thread = await chat.announce("k/announce", "#incident", CARD, fresh=True)
    said = await chat.say("k/say", "hi", thread=thread, people=("ana",), fresh=True)
    again = await chat.say("k/say", "hi", thread=thread, people=("ana",), fresh=False)
    assert again.id == said.id
    assert sandbox.slack.pings == ["@UANA"]


async def test_a_message_is_found_behind_a_page_of_others(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    first = await chat.say("k/say", "hi", channel="#support", fresh=True)
    for number in range(250):
        sandbox.slack._chat_postMessage({"channel": "#support", "text": f"noise {number}"})
    assert (await chat.say("k/say", "hi", channel="#support", fresh=False)).id == first.id
