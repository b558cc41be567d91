"""What the tracker has been given of an incident, after it has ended and over all its runs, is all that has happened."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.tracker import TrackerActivities
from muster import names
from muster.domain import record
from muster.domain.effects import Op
from muster.domain.facts import Fact
from muster.domain.policy import Effects, Policy
from muster.domain.record import Page, Question
from muster.ports import NotFound
from starter import history
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World
from workflows.reading import Reading

QUICK = Effects(first_leg="2s", settle="1s", http_timeout="1s", slowest_retry="30s", give_up="2d")

LAST = {Op.CHAT_SWEEP, Op.CONFERENCE_SWEEP, Op.TRACKER_SWEEP}
LONG = "x" * 300
"""So long that not all of 510 notes go along to the next run, and what goes is compressed."""


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server for one life."""
    async with await time_skipping() as environment:
        yield environment


def tracked(world: World) -> tuple[tuple[Fact, ...], bool]:
    notes = [call for call in world.done if call.op is Op.TRACKER_NOTE]
    return record.read(one.body.text for one in notes if "/record:" in one.key)


async def facts(life: Live) -> list[Fact]:
    found: list[Fact] = await life.handle.query(names.RECORD, result_type=list[Fact])
    return found


async def test_what_a_cancellation_brings_about_is_in_it(env: WorkflowEnvironment) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env, severity="S1")
        await life.ask(names.CANCEL, reason="a test alert")
        await life.handle.result()
        kept, complete = tracked(world)
        assert complete
        assert [fact.kind for fact in kept][-2:] == ["cancelled", "done_without_imoc"]
        assert [*kept, (await facts(life))[-1]] == await facts(life)


async def test_what_happens_after_the_end_is_in_it(env: WorkflowEnvironment) -> None:
    world = World(Policy(effects=QUICK))
    async with working(env.client, world):
        life = await declare(env, severity="S3")
        await life.passes(minutes=1)
        world.broken[Op.CONFERENCE_END] = ApplicationError("down", type="NotSent")
        await life.ask(names.CANCEL, reason="a test alert")
        await life.passes(minutes=1)
        await life.signal(names.ADD_NOTE, text="too late")
        world.broken.clear()
        await life.handle.result()
        kept, complete = tracked(world)
        assert complete
        kinds = [fact.kind for fact in kept]
        for kind in ("effect_changed", "refused"):
            assert kind in kinds[kinds.index("cancelled") :]
        last = [fact for fact in await facts(life) if fact.kind != "exported"][-1]
        assert last in kept
        assert world.done[-1].op in LAST  # what the tracker makes twice of it is seen
        assert not await life.failed_tasks()


async def test_it_has_no_gap_where_one_run_follows_another(env: WorkflowEnvironment) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env, severity="S3")
        first_run = (await life.handle.describe()).run_id
        for index in range(510):
            await life.signal(names.ADD_NOTE, text=f"note {index} {LONG}")
        async with asyncio.timeout(20):
            while (await life.handle.describe()).run_id == first_run:
                await asyncio.sleep(0.05)
        await life.ask(names.CANCEL, reason="over")
        await life.handle.result()
        kept, complete = tracked(world)
        assert complete
        noted = [fact.command_id for fact in kept if fact.kind == "noted"]
        assert noted == [f"c{count}" for count in range(1, 511)]
        assert record.rebuilt(kept) is not None
        heard = (await history.read(env.client, life.handle.id)).commands
        assert [one["kind"] for one in heard] == ["declared", *["add_note"] * 510, "cancel"]
        assert [one["command_id"] for one in heard[1:]] == [f"c{one}" for one in range(1, 512)]


# Reading it back.


class Notes:
    """A tracker that has these notes; every other call is not meant here."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def notes(self, key: str, prefix: str) -> dict[str, str]:
        found = {
            call.key: call.body.text for call in self.world.done if call.key.startswith(prefix)
        }
        if not found:
            raise NotFound(f"no issue of {key}")
        return found


async def read(env: WorkflowEnvironment, tracker: Any, *payloads: Any) -> Page:
    activities = TrackerActivities(tracker, releasers=("cem",))
    async with (
        Worker(env.client, task_queue="reading", workflows=[Reading]),
        Worker(env.client, task_queue=names.TRACKER_QUEUE, activities=[activities.record]),
    ):
        page: Page = await env.client.execute_workflow(
            names.READING,
            args=payloads,
            id=names.reading_id(),
            task_queue="reading",
            result_type=Page,
        )
    return page


async def test_only_its_people_read_the_record_of_a_private_incident(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env, title="a leak", private=True, declared_by="ana")
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        await life.ask(names.CANCEL, reason="none", actor="ben")
        await life.handle.result()
    workflow_id = life.handle.id
    for reader in ("ana", "ben", "cem"):
        page = await read(env, Notes(world), Question(workflow_id=workflow_id, reader=reader))
        assert (page.complete, page.private) == (True, False)
    for reader in ("", "eve"):
        page = await read(env, Notes(world), Question(workflow_id=workflow_id, reader=reader))
        assert page == Page(private=True)


async def test_it_says_why_there_is_nothing(env: WorkflowEnvironment) -> None:
    asked = Question(workflow_id="incident-1")
    assert (await read(env, None, asked)).missing == "the tracker is switched off"
    assert "no issue" in (await read(env, Notes(World()), asked)).missing


@pytest.mark.parametrize("payloads", [(), (1,), ({"workflow_id": 3},), ("x", "y")])
async def test_a_malformed_question_fails_clearly(
    env: WorkflowEnvironment, payloads: tuple[Any, ...]
) -> None:
    with pytest.raises(WorkflowFailureError) as failed:
        await read(env, None, *payloads)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "BadInput"
