"""Zoom: one token for all, no bridge ended under anyone, and what is gone already is done."""

import asyncio

import pytest

from muster.domain.effects import Receipt
from muster.ports import Ambiguous, Drift, Forbidden, NotSent, RateLimited, Waiting
from muster.providers.zoom import IN_USE_AGAIN, ZoomConference
from muster.sandbox import Sandbox
from tests.providers.clients import zoom


async def open_five(conference: ZoomConference, prefix: str) -> None:
    keys = [f"{prefix}{number}/bridge" for number in range(5)]
    await asyncio.gather(*(conference.open(key, "x", fresh=True) for key in keys))


def tokens_fetched(sandbox: Sandbox) -> int:
    return len(sandbox.made("zoom", "/oauth/token"))


async def test_one_token_serves_many_and_is_renewed_once_when_refused(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    await open_five(conference, "k")
    assert tokens_fetched(sandbox) == 1
    sandbox.zoom.expire_tokens()
    await open_five(conference, "l")
    assert tokens_fetched(sandbox) == 2
    assert len(sandbox.zoom.meetings) == 10


async def test_a_token_that_is_refused_again_at_once_is_not_fetched_for_ever(
    sandbox: Sandbox,
) -> None:
    sandbox.faults.add("status", "zoom", "POST /v2/users", status=401, count=None)
    with pytest.raises(Forbidden):
        await zoom(sandbox).open("k/bridge", "x", fresh=True)
    assert tokens_fetched(sandbox) == 2
    assert len(sandbox.made("zoom", "/v2/users")) == 2


async def test_wrong_credentials_are_forbidden_and_cost_one_call(sandbox: Sandbox) -> None:
    with pytest.raises(Forbidden):
        await zoom(sandbox, "wrong").open("k/bridge", "x", fresh=True)
    assert [one.path for one in sandbox.calls] == ["/oauth/token"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", RateLimited),
        ("malformed", Ambiguous),
        ("reset_before", Ambiguous),
        ("hang", Ambiguous),
    ],
)
async def test_a_token_that_does_not_come_writes_nothing_and_is_asked_for_again(
    sandbox: Sandbox, kind: str, error: type[Exception]
) -> None:
    sandbox.faults.add(kind, "zoom", "/oauth/token")
    conference = zoom(sandbox)
    with pytest.raises(error):
        await conference.open("k/bridge", "x", fresh=True)
    assert not sandbox.made("zoom", "/v2/")
    await conference.open("k/bridge", "x", fresh=False)
    assert len(sandbox.zoom.meetings) == 1


async def test_a_token_reply_without_a_token_is_drift(sandbox: Sandbox) -> None:
    sandbox.faults.add("status", "zoom", "/oauth/token", status=200)
    with pytest.raises(Drift):
        await zoom(sandbox).open("k/bridge", "x", fresh=True)


async def test_nothing_listens() -> None:
    nowhere = "http://127.0.0.1:9"
    conference = ZoomConference("a", "c", "s", api_url=nowhere, oauth_url=nowhere, timeout=1)
    with pytest.raises(NotSent):
        await conference.open("k/bridge", "x", fresh=True)


async def test_a_bridge_is_never_ended_under_someone(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    bridge = await conference.open("k/bridge", "x", fresh=True)
    sandbox.zoom.occupy(bridge.id, occupied=True)
    with pytest.raises(Waiting) as caught:
        await conference.end(bridge)
    assert caught.value.retry_after == IN_USE_AGAIN
    assert bridge.id in sandbox.zoom.meetings
    sandbox.zoom.occupy(bridge.id, occupied=False)
    assert await conference.end(bridge) == bridge
    assert not sandbox.zoom.meetings


async def test_a_bridge_that_is_gone_is_done(sandbox: Sandbox) -> None:
    gone = Receipt(id="999", link="https://zoom.test/j/999")
    assert await zoom(sandbox).end(gone) == gone


async def test_a_bridge_that_goes_between_the_look_and_the_end_is_done(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    bridge = await conference.open("k/bridge", "x", fresh=True)
    sandbox.faults.add("status", "zoom", "DELETE", status=404)
    assert await conference.end(bridge) == bridge


async def test_an_ending_that_broke_off_after_it_was_done_is_done_the_next_time(
    sandbox: Sandbox,
) -> None:
    conference = zoom(sandbox)
    bridge = await conference.open("k/bridge", "x", fresh=True)
    sandbox.faults.add("reset_after", "zoom", "DELETE")
    with pytest.raises(Ambiguous):
        await conference.end(bridge)
    await conference.end(bridge)
    assert not sandbox.zoom.meetings


async def test_a_bridge_is_found_behind_a_page_of_others(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    await conference.open("warm/bridge", "x", fresh=True)
    template = next(iter(sandbox.zoom.meetings.values()))
    for number in range(400):
        sandbox.zoom.meetings[str(number)] = {**template, "id": number, "agenda": "another's"}
    ours = await conference.open("k/bridge", "x", fresh=True)
    again = await conference.open("k/bridge", "x", fresh=False)
    assert again == ours
    assert len(sandbox.made("zoom", "/v2/users/me/meetings")) == 4


async def test_a_list_that_is_none_is_not_taken_for_an_empty_one(sandbox: Sandbox) -> None:
    conference = zoom(sandbox)
    await conference.open("k/bridge", "x", fresh=True)
    sandbox.faults.add("status", "zoom", "GET /v2/users", status=200)
    with pytest.raises(Drift):
        await conference.open("k/bridge", "x", fresh=False)
    assert len(sandbox.zoom.meetings) == 1


async def test_a_topic_longer_than_zoom_takes_is_cut(sandbox: Sandbox) -> None:
    bridge = await zoom(sandbox).open("k/bridge", "x" * 500, fresh=True)
    assert len(sandbox.zoom.meetings[bridge.id]["topic"]) == 200
