"""What a worker without a cache has made of an update replays: after a deploy every update meets one."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain.effects import Op
from muster.domain.policy import Chat, Policy
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World
from workflows.incident import Incident
from workflows.pulse import Pulse


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with await time_skipping() as environment:
        yield environment


async def history_of_a_cold_update(env: WorkflowEnvironment) -> WorkflowHistory:
    """Cancel just after a task that has brought the bridge, for which nothing was waiting."""
    world = World(Policy(chat=Chat(own_channel=True)))
    world.held = {op: asyncio.Event() for op in (Op.CONFERENCE_OPEN, Op.CHAT_OPEN_CHANNEL)}
    async with working(env.client, world, cached=0):
        life = await declare(env)
        await done(life, Op.TRACKER_OPEN, Op.SERVICE_TELL)
        world.held[Op.CONFERENCE_OPEN].set()
        await done(life, Op.CONFERENCE_OPEN)
        await life.ask(names.CANCEL, reason="false alarm")
        return await life.handle.fetch_history()


async def done(life: Live, *wanted: Op) -> None:
    """Wait by the history alone: without a cache a query would be a task as well."""
    async with asyncio.timeout(20):
        while not set(wanted) <= completed(await life.handle.fetch_history()):
            await asyncio.sleep(0.01)


def completed(history: WorkflowHistory) -> set[str]:
    scheduled = {
        one.event_id: one.activity_task_scheduled_event_attributes.activity_type.name
        for one in history.events
    }
    return {
        scheduled[one.activity_task_completed_event_attributes.scheduled_event_id]
        for one in history.events
        if one.HasField("activity_task_completed_event_attributes")
    }


async def replays(history: WorkflowHistory) -> bool:
    replayer = Replayer(workflows=[Incident], data_converter=DATA_CONVERTER)
    found = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return found.replay_failure is None


async def test_an_update_to_a_cold_worker_replays(env: WorkflowEnvironment) -> None:
    assert await replays(await history_of_a_cold_update(env))


async def test_without_a_sign_of_life_it_would_not(
    env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pulse, "beat", lambda _self, *, moved: None)
    tries = [await replays(await history_of_a_cold_update(env)) for _ in range(3)]
    assert not all(tries)
