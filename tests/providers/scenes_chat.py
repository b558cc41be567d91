"""Every write of the chat."""

from datetime import UTC, datetime, timedelta
from typing import Any

from muster.domain.effects import Card, Link, Receipt
from muster.providers.slack import SlackChat
from muster.providers.slack_words import purpose
from muster.sandbox import Sandbox
from muster.sandbox.slack_state import BOT
from tests.providers.clients import CARD, PATIENT, slack
from tests.providers.scenes import Case

LATER = Card(headline="#42 S1 resolved: api errors")
LINKS = tuple(Link(title=title, url=f"https://{title}.test") for title in ("bridge", "issue"))
ADDRESSES = [link.url for link in LINKS]
KEY = "k/channel"


def messages(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    rooms = sandbox.slack.channels.values()
    return [one for room in rooms if room["name"] == name for one in room["messages"]]


def said(sandbox: Sandbox, name: str) -> list[tuple[str, str]]:
    return [(one["ts"], one["text"]) for one in messages(sandbox, name)]


def live(sandbox: Sandbox) -> list[str]:
    rooms = sandbox.slack.channels.values()
    ours = [one for one in rooms if one["name"].startswith("inc-42")]
    return [one["id"] for one in ours if not one["is_archived"]]


def addresses(room: dict[str, Any]) -> list[str]:
    return [one["link"] for one in room["bookmarks"]]


async def opened(sandbox: Sandbox) -> tuple[SlackChat, Receipt, dict[str, Any]]:
    """Return a client, its channel, and what the vendor has of it."""
    channel = await slack(sandbox, PATIENT).open_channel(KEY, "inc-42", fresh=True)
    return slack(sandbox), channel, sandbox.slack.channels[channel.id]


async def announced(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    return Case(
        lambda fresh: chat.announce("k/announce", "#incident", CARD, fresh=fresh),
        lambda: said(sandbox, "incident"),
        lambda done: [(done.id, CARD.headline)],
    )


async def announced_twice(sandbox: Sandbox) -> Case:
    sandbox.faults.add("ghost_duplicate", "slack", "chat.postMessage")
    chat = slack(sandbox)
    await slack(sandbox, PATIENT).announce("k/announce", "#incident", CARD, fresh=True)
    return Case(
        lambda _: chat.announce("k/announce", "#incident", CARD, fresh=False),
        lambda: said(sandbox, "incident"),
        lambda done: [(done.id, CARD.headline)],
    )


async def edited(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    card = await slack(sandbox, PATIENT).announce("k/announce", "#incident", CARD, fresh=True)
    return Case(
        lambda _: chat.edit(card, LATER, key="k/edit"),
        lambda: said(sandbox, "incident"),
        lambda done: [(done.id, LATER.headline)],
    )


async def posted(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    return Case(
        lambda fresh: chat.say("k/post", "we look", channel="#support", fresh=fresh),
        lambda: said(sandbox, "support"),
        lambda done: [(done.id, "we look")],
    )


async def answered_in_the_thread(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    card = await slack(sandbox, PATIENT).announce("k/announce", "#incident", CARD, fresh=True)
    return Case(
        lambda fresh: chat.say("k/say", "hi", thread=card, people=("ana",), fresh=fresh),
        lambda: [
            (one["ts"], one["thread_ts"], one["notified"]) for one in messages(sandbox, "incident")
        ],
        lambda done: [(card.id, None, []), (done.id, card.id, ["@UANA"])],
    )


async def answered_twice(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    card = await slack(sandbox, PATIENT).announce("k/announce", "#incident", CARD, fresh=True)
    sandbox.faults.add("ghost_duplicate", "slack", "chat.postMessage")
    await slack(sandbox, PATIENT).say("k/say", "hi", thread=card, fresh=True)
    return Case(
        lambda _: chat.say("k/say", "hi", thread=card, fresh=False),
        lambda: said(sandbox, "incident"),
        lambda done: [(card.id, CARD.headline), (done.id, "hi")],
    )


async def posted_from_outside(sandbox: Sandbox) -> Case:
    sandbox.faults.add("slack_error", "slack", "chat.postMessage", error="not_in_channel")
    return await posted(sandbox)


async def said_into_an_archived_channel(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    await slack(sandbox, PATIENT).archive(channel)
    return Case(
        lambda fresh: chat.say("k/say", "back", channel=channel.id, fresh=fresh),
        lambda: (room["is_archived"], said(sandbox, "inc-42")),
        lambda done: (False, [(done.id, "back")]),
    )


async def opened_channel(sandbox: Sandbox) -> Case:
    chat = slack(sandbox)
    return Case(
        lambda fresh: chat.open_channel(KEY, "inc-42", fresh=fresh),
        lambda: live(sandbox),
        lambda done: [done.id],
    )


async def opened_beside_anothers(sandbox: Sandbox) -> Case:
    theirs = sandbox.slack._create("inc-42")
    chat = slack(sandbox)
    return Case(
        lambda fresh: chat.open_channel(KEY, "inc-42", fresh=fresh),
        lambda: live(sandbox),
        lambda done: [theirs["id"], done.id],
    )


async def topic(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    return Case(
        lambda _: chat.set_topic(channel, "#42", key=KEY),
        lambda: (room["topic"]["value"], room["purpose"]["value"]),
        lambda _: ("#42", purpose(KEY)),
    )


async def pinned(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    return Case(
        lambda fresh: chat.pin("k/pin", channel, CARD, fresh=fresh),
        lambda: (said(sandbox, "inc-42"), room["pins"]),
        lambda done: ([(done.id, CARD.headline)], [done.id]),
    )


async def bookmarked(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    return Case(
        lambda _: chat.bookmark(channel, LINKS),
        lambda: addresses(room),
        lambda _: ADDRESSES,
    )


async def bookmarked_twice(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    sandbox.faults.add("ghost_duplicate", "slack", "bookmarks.add")
    await slack(sandbox, PATIENT).bookmark(channel, LINKS)
    return Case(
        lambda _: chat.bookmark(channel, LINKS),
        lambda: addresses(room),
        lambda _: ADDRESSES,
    )


async def invited(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    return Case(
        lambda _: chat.invite(channel, ("ana", "ben")),
        lambda: room["members"],
        lambda _: ["UANA", "UBEN"],
    )


async def archived(sandbox: Sandbox) -> Case:
    chat, channel, room = await opened(sandbox)
    return Case(lambda _: chat.archive(channel), lambda: room["is_archived"], lambda _: True)


async def swept(sandbox: Sandbox) -> Case:
    """Two cards in the channel of all, and a second channel of its own; in the first, two bookmarks of one address."""
    chat, channel, room = await opened(sandbox)
    before = slack(sandbox, PATIENT)
    await before.set_topic(channel, "#42", key=KEY)
    sandbox.slack._create("inc-42")["creator"] = BOT
    sandbox.faults.add("ghost_duplicate", "slack", "bookmarks.add")
    await before.bookmark(channel, LINKS)
    sandbox.faults.add("ghost_duplicate", "slack", "chat.postMessage")
    card = await before.announce("k/announce", "#incident", CARD, fresh=True)
    kept = {KEY: channel, "k/announce": card}
    since = datetime.now(UTC) - timedelta(minutes=5)
    return Case(
        lambda _: chat.sweep("k/", ("#support",), kept, since=since),
        lambda: (said(sandbox, "incident"), live(sandbox), addresses(room)),
        lambda _: ([(card.id, CARD.headline)], [channel.id], ADDRESSES),
    )
