"""Each provider away for an hour from a declaration on, and all of them at once: degraded, not down."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from muster import names
from muster.domain.audiences import Audience
from muster.domain.effects import PROJECTIONS, EffectState, Op
from muster.domain.policy import Chat, Effects, Fallback, Policy
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World

MEANWHILE = {
    "chat": "talk in irc #ops",
    "conference": "meet at +1 555 0100",
    "tracker": "go on with muster note",
    "status": "it goes out once when it is back",
}
"""The families of effects, and what people are told to do while one is away."""
OUTAGES = [(vendor,) for vendor in MEANWHILE] + [tuple(MEANWHILE)]
POLICY = Policy(
    chat=Chat(own_channel=True),
    effects=Effects(first_leg="2s", settle="1s", http_timeout="1s", slowest_retry="20m"),
    fallback=Fallback(bridge="+1 555 0100", channel="irc #ops"),
)
UPDATES = ("we look into it", "we have found it", "we mend it")


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server of one incident's own."""
    async with await time_skipping() as environment:
        yield environment


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let one and all of them be away each time, and with ``--full`` each."""
    chosen = OUTAGES if metafunc.config.getoption("--full") else [OUTAGES[0], OUTAGES[-1]]
    metafunc.parametrize("away", chosen, ids="-".join)


async def test_an_hour_without_providers_is_lived_through_and_caught_up_with(
    env: WorkflowEnvironment, away: tuple[str, ...]
) -> None:
    world = World(POLICY)
    broken = [op for op in Op if op.partition(".")[0] in away]
    world.broken |= dict.fromkeys(broken, ApplicationError("no route", type="NotSent"))
    async with working(env.client, world):
        life = await declare(env)
        began = await env.get_current_time()
        await lived_through(life)
        await missing_is_told(life, away, began)
        assert not [call for call in world.done if call.op in broken]

        for op in broken:
            del world.broken[op]
        await life.passes(minutes=25)
        assert not (await life.shown()).degraded
        assert not await life.failed_tasks()
    assert_all_is_there_once(world)
    if "tracker" in away:
        assert_notes_have_their_times(world, began)


async def lived_through(life: Live) -> None:
    """Run the incident for an hour: its roles, its updates, its record and its wait."""
    for role, person in (("imoc", "ana"), ("cmoc", "ben"), ("ocit", "cem")):
        assert (await life.ask(names.ASSIGN_ROLE, role=role, person=person)).outcome == "applied"
    for text in UPDATES:
        await life.ask(names.POST_UPDATE, message=text, to=list(Audience))
        await life.ask(names.ADD_NOTE, text=f"note: {text}")
        await life.passes(minutes=9)
    await life.ask(names.RESOLVE)
    await life.passes(minutes=32)
    wait = await life.at("closed") - await life.at("resolved")
    assert timedelta(minutes=30) <= wait < timedelta(minutes=30, seconds=2)


async def missing_is_told(life: Live, away: Iterable[str], began: datetime) -> None:
    """Hold that the snapshot names what is missing of each provider, since when, why, and what to do meanwhile."""
    snapshot = await life.shown()
    assert snapshot.degraded
    bad = [one for one in snapshot.effects if one.state is EffectState.DEGRADED]
    for vendor in away:
        (first, *_) = [one for one in bad if MEANWHILE[vendor] in (one.meanwhile or "")]
        assert first.reason
        assert "no route" in first.reason
        assert first.since
        assert first.since - began < timedelta(seconds=30)


def assert_all_is_there_once(world: World) -> None:
    """Hold that everything stands once, and that each audience has the updates in their order."""
    written = Counter(call.key for call in world.done if call.op not in PROJECTIONS)
    assert set(written.values()) == {1}
    for op in (Op.CHAT_ANNOUNCE, Op.CHAT_OPEN_CHANNEL, Op.CONFERENCE_OPEN, Op.TRACKER_OPEN):
        assert len(world.keys(op)) == 1, op
    for audience in Audience:
        told = told_to(world, audience)
        places = [told.index(text) for text in UPDATES]
        assert places == sorted(places)
        assert [told.count(text) for text in UPDATES] == [1, 1, 1]


def told_to(world: World, audience: Audience) -> str:
    """Return all that this audience has read."""
    (channel,) = POLICY.channels(audience)
    posts = [call for call in world.done if call.key.endswith(f":{channel}")]
    return "\n".join(call.body.text for call in posts)


def assert_notes_have_their_times(world: World, began: datetime) -> None:
    """Hold that the record was filled in with the times of what happened, not of when the tracker was back."""
    notes = "\n".join(call.body.text for call in world.done if call.op is Op.TRACKER_NOTE)
    for number, text in enumerate(UPDATES):
        at = began + number * timedelta(minutes=9)
        (line,) = [one for one in notes.splitlines() if one.endswith(f"note: {text}")]
        assert f"{at:%H:%M}" in line or f"{at + timedelta(minutes=1):%H:%M}" in line
