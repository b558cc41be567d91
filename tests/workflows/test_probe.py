"""A probe's life on skipped time: cancelled or left alone, it ends soon and nothing outside knows of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateStage
from temporalio.testing import WorkflowEnvironment

from muster import names
from muster.domain.effects import Op
from muster.domain.permissions import Grant, Permissions
from muster.domain.policy import Policy
from muster.messages import Snapshot
from starter.failures import Refused
from starter.probing import Steps, probe
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server for one life."""
    async with await time_skipping() as environment:
        yield environment


async def test_it_is_answered_and_cancelled_and_only_the_ledger_was_asked(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env, severity="S1", probe=True)
        shown = await life.shown()
        assert (shown.probe, shown.number, shown.next_command) == (True, None, "muster probe")
        refused = await life.refused(names.POST_UPDATE, message="x", to=["end-users"])
        assert refused.details[0]["code"] == "probe"
        await life.ask(names.CANCEL, reason="over")
        assert (await life.handle.result())["phase"] == "cancelled"
        assert [call.op for call in world.done] == [Op.LEDGER_REGISTER]
        assert not await life.failed_tasks()


async def test_left_alone_it_ends_by_itself(env: WorkflowEnvironment) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env, severity="S1", probe=True)
        assert (await life.handle.result())["phase"] == "cancelled"
        lasted = await life.at("cancelled") - await life.at("declared")
        assert timedelta(minutes=2) <= lasted < timedelta(minutes=2, seconds=5)
        assert await life.kinds() == ["declared", "cancelled"]
        assert [call.op for call in world.done] == [Op.LEDGER_REGISTER]


async def test_it_ends_though_the_ledger_never_answers(env: WorkflowEnvironment) -> None:
    world = World()
    world.held[Op.LEDGER_REGISTER] = asyncio.Event()
    async with working(env.client, world):
        handle = await env.client.start_workflow(
            names.INCIDENT,
            {"title": "probe", "probe": True},
            id=names.probe_id(),
            task_queue=names.TASK_QUEUE,
        )
        waiting = await handle.start_update(
            names.REGISTERED, wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        life = Live(env, handle)
        await life.ask(names.CANCEL, reason="over")
        await handle.result()
        described = await handle.describe()
        assert described.status is WorkflowExecutionStatus.COMPLETED
        shown: Snapshot = await life.shown()
        assert (shown.phase, shown.number) == ("cancelled", None)
        assert (await waiting.result())["number"] is None
        world.held[Op.LEDGER_REGISTER].set()


@pytest.mark.parametrize("permission", ["declare", "close"])
async def test_policy_may_forbid_it_and_that_is_said(
    env: WorkflowEnvironment, permission: str
) -> None:
    granted = Permissions.model_validate({permission: Grant(actors=("ana",))})
    async with working(env.client, World(Policy(permissions=granted))):
        with pytest.raises(Refused) as refused:
            await probe(env.client, Steps(40), "eve", "cli")
        assert refused.value.code == "not_permitted"
        steps = Steps(40)
        await probe(env.client, steps, "ana", "cli")
        assert steps.next is None
