"""What a vendor makes twice of one request is found by its key, and all but the one that we know is retired."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.tracker import TrackerActivities
from muster.domain.effects import Body, Document, EffectCall, Op, Receipt
from muster.sandbox import Sandbox
from muster.sandbox.slack_state import BOT
from tests.providers.clients import CARD, gitlab, slack, x, zoom

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(minutes=5)
PREFIX = "incident-1/"


def doubled(sandbox: Sandbox, vendor: str, route: str) -> None:
    sandbox.faults.add("ghost_duplicate", vendor, route)


async def test_messages_in_channels_and_threads(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    doubled(sandbox, "slack", "chat.postMessage")
    card = await chat.announce(f"{PREFIX}announce", "#incident", CARD, fresh=True)
    doubled(sandbox, "slack", "chat.postMessage")
    await chat.say(f"{PREFIX}say:1", "in the thread", thread=card, fresh=True)
    doubled(sandbox, "slack", "chat.postMessage")
    await chat.say(f"{PREFIX}post:1", "for support", channel="#support", fresh=True)
    await chat.say("incident-2/say:1", "another's", thread=card, fresh=True)
    kept = {f"{PREFIX}announce": card}

    swept = await chat.sweep(PREFIX, ("#support",), kept, since=SINCE)

    assert swept.note == "3 made twice, retired"
    texts = [one["text"] for room in sandbox.slack.channels.values() for one in room["messages"]]
    assert len(texts) == len(set(texts)) == 4
    stands = sandbox.slack.channels[card.container]["messages"]
    assert card.id in [one["ts"] for one in stands]
    again = await chat.sweep(PREFIX, ("#support",), kept, since=SINCE)
    assert again.note == ""


async def test_a_channel_that_slack_has_made_a_moment_ago_is_ours(sandbox: Sandbox) -> None:
    doubled(sandbox, "slack", "conversations.create")
    chat = slack(sandbox)
    channel = await chat.open_channel(f"{PREFIX}channel", "inc-1", fresh=True)
    await chat.sweep(PREFIX, (), {f"{PREFIX}channel": channel}, since=SINCE)
    live = [
        one["name"]
        for one in sandbox.slack.channels.values()
        if one["name"].startswith("inc-1") and not one["is_archived"]
    ]
    assert (channel.note, live) == ("inc-1", ["inc-1"])


async def test_a_second_channel_of_the_name_is_archived(sandbox: Sandbox) -> None:
    chat = slack(sandbox)
    twin = sandbox.slack._create("inc-1")
    twin["creator"] = BOT
    ours = sandbox.slack._create("inc-1")
    ours["creator"] = BOT
    receipt = Receipt(id=ours["id"], container=ours["id"], note="inc-1")
    await chat.set_topic(receipt, "x", key=f"{PREFIX}channel")
    await chat.sweep(PREFIX, (), {f"{PREFIX}channel": receipt}, since=SINCE)
    assert (ours["is_archived"], twin["is_archived"]) == (False, True)


async def test_bridges(sandbox: Sandbox) -> None:
    doubled(sandbox, "zoom", "POST /v2/users")
    conference = zoom(sandbox)
    bridge = await conference.open(f"{PREFIX}bridge", "x", fresh=True)
    other = await conference.open("incident-2/bridge", "x", fresh=True)
    assert len(sandbox.zoom.meetings) == 3
    await conference.sweep(f"{PREFIX}bridge", bridge)
    assert set(sandbox.zoom.meetings) == {bridge.id, other.id}


async def test_issues_and_notes(sandbox: Sandbox) -> None:
    tracker = gitlab(sandbox)
    doubled(sandbox, "gitlab", "POST /api/v4/projects")
    issue = await tracker.open(f"{PREFIX}issue", Document(title="x"), fresh=True)
    doubled(sandbox, "gitlab", "/notes")
    await tracker.note(f"{PREFIX}note:1", issue, "once", NOW, fresh=True)
    await tracker.note(f"{PREFIX}note:2", issue, "once", NOW, fresh=True)
    await tracker.sweep(PREFIX, issue)
    opened = [iid for iid, one in sandbox.gitlab.issues.items() if one["state"] == "opened"]
    assert opened == [issue.id]
    assert len(sandbox.gitlab.issues[issue.id]["notes"]) == 2


async def test_words_that_x_has_taken_twice_are_ours(sandbox: Sandbox) -> None:
    doubled(sandbox, "x", "POST /2/tweets")
    done = await x(sandbox).post(f"{PREFIX}post:1", "We look into it.", NOW, fresh=True)
    assert list(sandbox.x.posts) == [done.id]


@pytest.mark.parametrize(("name", "count"), [("record:0", 1), ("note:1", 2)])
async def test_a_part_of_the_record_is_swept_at_once(
    sandbox: Sandbox, name: str, count: int
) -> None:
    """It may be the last thing of all; any other note waits for the incident's sweeps."""
    tracker, prefix = gitlab(sandbox), "incident-1/"
    issue = await tracker.open(f"{prefix}issue", Document(title="#1 x"), fresh=True)
    doubled(sandbox, "gitlab", "/notes")
    call = EffectCall(
        key=f"{prefix}{name}",
        op=Op.TRACKER_NOTE,
        body=Body(text="words", at=NOW),
        incident="incident-1",
        refs={f"{prefix}issue": issue},
    )
    await ActivityEnvironment().run(TrackerActivities(tracker).note, call)
    notes = sandbox.gitlab.issues[issue.id]["notes"]
    assert len([one for one in notes if f"muster:{prefix}{name} " in one["body"]]) == count
