"""What is large, late or odd ends an incident as it should, and never wedges it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.services import Relay
from muster import names
from muster.domain.effects import EffectState, Op
from muster.domain.policy import Chat, Effects, Policy, Windows
from starter.client import Address, Muster
from tests.servers import real, time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World

QUICK = Effects(first_leg="2s", settle="2s", http_timeout="1s", slowest_retry="30s", give_up="2d")
PAYLOAD_MAX = 2_000_000
FOREVER = "the provider never answers"


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with await time_skipping() as environment:
        yield environment


def batch(number: int, *, firing: bool) -> list[dict[str, object]]:
    at = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
    texts = {"name": "HighErrorRate", "service": "web", "summary": "5xx over 5 %, " * 20}
    return [
        {"fingerprint": f"f{number}.{one}", "firing": firing, "starts_at": at, **texts}
        for one in range(100)
    ]


def largest(history: WorkflowHistory) -> int:
    return max(event.ByteSize() for event in history.events)


async def told(life: Live, alerts: list[dict[str, object]]) -> None:
    """Report as a client does that must not lose it where one run follows another."""
    muster, address = Muster(life.env.client), Address(life.handle.id)
    await muster.command(address, names.REPORT_ALERTS, life.payload(alerts=alerts))


async def test_a_storm_of_alerts_fits_into_what_the_server_takes() -> None:
    brief = Policy(effects=QUICK, windows=Windows(upgrade="1s"))
    async with await real() as env, working(env.client, World(brief)):
        life = await declare(env, severity="S3")
        for firing in (True, False):
            for number in range(40):
                await told(life, batch(number, firing=firing))
        await life.ask(names.RESOLVE)
        await life.handle.result()
        assert largest(await life.handle.fetch_history()) < PAYLOAD_MAX
        assert not await life.failed_tasks()


async def test_a_large_incident_continues_as_new_and_remembers_all(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    world.broken[Op.CHAT_ANNOUNCE] = ApplicationError(FOREVER, type="NotSent")
    async with working(env.client, world):
        life = await declare(env)
        for number in range(40):
            await life.ask(names.REPORT_ALERTS, alerts=batch(number, firing=True))
        first_run = (await life.handle.describe()).run_id
        await asyncio.gather(
            *(life.signal(names.ADD_NOTE, text=f"{index} {'note ' * 700}") for index in range(470))
        )
        await another_run(life, first_run)
        handle = env.client.get_workflow_handle(life.handle.id, run_id=first_run)
        assert largest(await handle.fetch_history()) < PAYLOAD_MAX
        assert largest(await life.handle.fetch_history()) < PAYLOAD_MAX
        still = [one["fingerprint"] for one in batch(0, firing=True)]
        for number in range(40):
            gone = batch(number, firing=False)
            await life.ask(names.REPORT_ALERTS, alerts=gone if number else gone[1:])
        answer = await life.ask(names.RESOLVE, despite=str(still[0]), reason="noise")
        assert answer.closes_at is not None
        assert not await life.failed_tasks()


async def another_run(life: Live, first_run: str | None) -> None:
    async with asyncio.timeout(60):
        while (await life.handle.describe()).run_id == first_run:
            await asyncio.sleep(0.05)


async def test_whoever_waits_for_the_ledger_holds_up_neither_effects_nor_the_next_run(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    world.broken[Op.LEDGER_REGISTER] = ApplicationError(FOREVER, type="NotSent")
    async with working(env.client, world):
        payload = {"title": "api errors", "severity": "S2"}
        handle: WorkflowHandle[object, object] = await env.client.start_workflow(
            names.INCIDENT, payload, id=names.incident_id(None), task_queue=names.TASK_QUEUE
        )
        life = Live(env, handle)
        asked = asyncio.create_task(life.handle.execute_update(names.REGISTERED))
        first_run = (await handle.describe()).run_id
        for index in range(505):
            await life.signal(names.ADD_NOTE, text=f"note {index}")
        await another_run(life, first_run)
        await asyncio.gather(asked, return_exceptions=True)
        await life.ask(names.POST_UPDATE, message="we look", to=["support"])
        async with asyncio.timeout(20):
            while not world.texts(Op.CHAT_SAY, "#support"):
                await asyncio.sleep(0.05)
        assert not await life.failed_tasks()


async def test_what_was_never_possible_is_given_up_and_the_incident_ends(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    for op in (Op.TRACKER_OPEN, Op.CHAT_ANNOUNCE):
        world.broken[op] = ApplicationError("403", type="Forbidden", non_retryable=True)
    async with working(env.client, world):
        life = await declare(env, severity="S4")
        await life.ask(names.ADD_NOTE, text="no tools at all")
        await life.ask(names.RESOLVE)
        await life.handle.result()
        states = {one.state for one in (await life.shown()).effects}
        assert EffectState.ABANDONED in states
        assert EffectState.PENDING not in states


async def test_one_cancelled_before_its_number_ends_though_its_channel_was_never_asked_for(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK, chat=Chat(own_channel=True)))
    world.broken[Op.LEDGER_REGISTER] = ApplicationError("not now", type="NotSent")
    async with working(env.client, world):
        handle: WorkflowHandle[object, object] = await env.client.start_workflow(
            names.INCIDENT,
            {"title": "api errors", "severity": "S2"},
            id=names.incident_id(None),
            task_queue=names.TASK_QUEUE,
        )
        life = Live(env, handle)
        await life.ask(names.CANCEL, reason="false alarm")
        del world.broken[Op.LEDGER_REGISTER]
        await life.handle.result()
        assert world.keys(Op.CHAT_OPEN_CHANNEL) == []


async def test_two_incidents_merge_whatever_the_command_is_called(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    async with working(env.client, world, real=[Relay(env.client).absorb]):
        survivor, life = await declare(env, severity="S2"), await declare(env, severity="S3")
        into = {"into": 1, "into_workflow": survivor.handle.id}
        odd = {"command_id": "a/absorb/" + "b" * 185, "actor": "ana", **into}
        merged = await life.handle.execute_update(names.MERGE, odd)
        assert merged["phase"] == "merged"
        lines = [line.text for line in await survivor.timeline()]
        assert "#2 is a duplicate of this" in lines
        assert (await life.shown()).merged_into == 1


async def test_the_survivor_refuses_what_is_meant_for_another_number(
    env: WorkflowEnvironment,
) -> None:
    async with working(env.client, World(), real=[Relay(env.client).absorb]):
        survivor, life = await declare(env, severity="S2"), await declare(env, severity="S3")
        refusal = await life.refused(names.MERGE, into=9, into_workflow=survivor.handle.id)
        assert "this is #1, not #9" in refusal.message


async def test_a_time_before_all_times_is_refused_on_record(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        life = await declare(env)
        taken = {
            "duplicate": 2,
            "duplicate_workflow": "incident-2",
            "severity": "S3",
            "declared_at": "0001-01-01T00:00:00Z",
            "wait_owed": False,
        }
        await life.signal(names.ABSORB, **taken)
        await life.ask(names.CANCEL, reason="false alarm")
        assert any("declared_at" in line.text for line in await life.timeline())
        assert not await life.failed_tasks()


async def test_a_request_to_cancel_the_workflow_is_passed_over(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        life = await declare(env, severity="S4")
        await life.handle.cancel()
        await life.ask(names.ADD_NOTE, text="still here")
        await life.ask(names.RESOLVE)
        await life.handle.result()
        assert (await life.shown()).phase == "closed"
