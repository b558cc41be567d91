"""What a write costs where nothing is wrong, and how it fails where something is for good."""

from typing import Any

import pytest

from muster.domain.effects import Document
from muster.ports import Ambiguous, NeedsHuman, NotSent, ProviderError
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.sandbox import Sandbox
from tests.providers.clients import AT, CARD, gitlab, slack, x, zoom


def announcements(sandbox: Sandbox) -> list[Any]:
    rooms = sandbox.slack.channels.values()
    return [one for room in rooms if room["name"] == "incident" for one in room["messages"]]


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
    drill = await tracker.open(
        "c/issue", Document(title="DRILL #43 gone", labels=("incident",)), fresh=True
    )
    for _ in range(2):
        await tracker.link(second, 41, "follows")
        await tracker.link(drill, 43, "duplicate")
    kept = sandbox.gitlab.issues[second.id]
    assert (kept["state"], kept["links"]) == ("closed", [int(first.id)])
    with pytest.raises(ProviderError, match="no issue yet"):
        await tracker.link(second, 7, "follows")
