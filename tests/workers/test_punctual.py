"""What happens while a query waits for a worker is not run by the clock of the task before."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType
from temporalio.bridge.proto.workflow_activation import (
    FireTimer,
    QueryWorkflow,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError
from temporalio.worker import Replayer, Worker, WorkflowInstance
from temporalio.workflow import Info

from muster.converter import data_converter
from muster.keys import Key
from tests.security.rings import OLD
from tests.servers import real
from tests.workers.waiting import SPAN, Waiting
from workers import punctual
from workers.punctual import PunctualRunner, TooEarlyError
from workers.witness import Witness

QUEUE = "punctual"
FIRED = WorkflowActivationJob(fire_timer=FireTimer(seq=1))
ASKED = WorkflowActivationJob(query_workflow=QueryWorkflow(query_type="timers"))


def worker(client: Client) -> Worker:
    runner = PunctualRunner(witness=Witness(client))
    return Worker(client, task_queue=QUEUE, workflows=[Waiting], workflow_runner=runner)


async def asked(handle: WorkflowHandle[Waiting, int]) -> None:
    """Ask, whatever the answer: some are in vain."""
    with suppress(WorkflowQueryFailedError, RPCError):
        await handle.query(Waiting.timers)


async def test_a_query_that_waits_for_a_worker_brings_no_timer_too_early() -> None:
    async with await real() as env:
        async with worker(env.client):
            lives = [
                await env.client.start_workflow(Waiting.run, id=f"waiting-{one}", task_queue=QUEUE)
                for one in range(5)
            ]
            for life in lives:
                await life.query(Waiting.timers)
        queries = [asyncio.create_task(asked(life)) for life in lives]
        await asyncio.sleep(SPAN.total_seconds() + 0.5)  # the timers fire while nobody is there
        async with worker(env.client):
            assert [await life.result() for life in lives] == [1] * len(lives)
            await asyncio.gather(*queries)
        for life in lives:
            history = await life.fetch_history()
            await Replayer(workflows=[Waiting]).replay_workflow(history)
            started = EventType.EVENT_TYPE_TIMER_STARTED
            assert [one.event_type for one in history.events].count(started) == 1


class Instance(WorkflowInstance):
    """Takes everything."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return WorkflowActivationCompletion(run_id=act.run_id)

    def get_serialization_context(self, command_info: object) -> None:
        raise NotImplementedError

    def get_external_store_context(self, command_info: object) -> Any:
        raise NotImplementedError

    def get_info(self) -> Any:
        return None


@pytest.mark.parametrize("keys", [(), (OLD,)], ids=["plain", "encrypting"])
def test_no_context_would_change_what_the_codec_does(keys: Sequence[Key]) -> None:
    converter = data_converter(keys)
    context = WorkflowSerializationContext(namespace="default", workflow_id="incident-1")
    assert converter.with_context(context).payload_codec is converter.payload_codec
    assert converter.external_storage is None


class Says(Witness):
    """Says whether the task that is under way began at this second, or that nobody knows."""

    def __init__(self, began_at: int | None) -> None:
        self._began = began_at
        self.asked = 0

    def has_begun(self, info: Info, at: int, loop: asyncio.AbstractEventLoop) -> bool:
        del info, loop
        self.asked += 1
        return self._began is None or self._began * 1_000_000_000 == at


def watched(witness: Witness | None = None) -> punctual._Punctual:
    nobody_asks_by_it: Any = None
    return punctual._Punctual(Instance(), witness, nobody_asks_by_it)


def news(
    length: int, second: int, *jobs: WorkflowActivationJob, replay: bool = False
) -> WorkflowActivation:
    return WorkflowActivation(
        run_id="run",
        history_length=length,
        timestamp=Timestamp(seconds=second),
        is_replaying=replay,
        jobs=jobs or (FIRED,),
    )


def test_a_longer_history_at_the_same_time_is_too_early() -> None:
    run = watched()
    run.activate(news(3, 10))
    with pytest.raises(TooEarlyError, match="since event 3"):
        run.activate(news(7, 10))
    run.activate(news(8, 11))


@pytest.mark.parametrize(
    "later",
    [news(3, 10), news(7, 11), news(7, 10, ASKED), news(7, 10, replay=True), news(7, 9)],
    ids=["same task", "next task", "a query alone", "a replay", "a clock set back"],
)
def test_all_else_is_taken(later: WorkflowActivation) -> None:
    run = watched()
    run.activate(news(3, 10))
    run.activate(later)


def test_a_cold_worker_refuses_it_each_time() -> None:
    for _ in range(100):
        cold = watched()
        cold.activate(news(3, 10, replay=True))
        with pytest.raises(TooEarlyError):
            cold.activate(news(7, 10))


@pytest.mark.parametrize("began_at", [0, 13], ids=["none has begun", "a later one has"])
def test_behind_a_task_that_left_nothing_the_server_says_that_it_is_too_early(
    began_at: int,
) -> None:
    run = watched(Says(began_at))
    run.activate(news(3, 10, replay=True))
    with pytest.raises(TooEarlyError):
        run.activate(news(7, 12))  # the time of a task of which the replay shows nothing


@pytest.mark.parametrize("began_at", [12, None], ids=["it has begun", "nobody knows"])
def test_what_has_begun_is_taken_and_asked_about_once(began_at: int | None) -> None:
    witness = Says(began_at)
    run = watched(witness)
    run.activate(news(3, 10, replay=True))
    run.activate(news(7, 12))
    run.activate(news(9, 14))
    assert witness.asked == 1


async def test_the_server_knows_when_a_task_began_whichever_attempt_it_is() -> None:
    """A cold worker goes on with timers, signals and updates, and after tasks that have failed."""
    failing = [True]

    class Failing(Witness):
        def has_begun(self, info: Info, at: int, loop: asyncio.AbstractEventLoop) -> bool:
            begun.append(super().has_begun(info, at, loop))
            return not (failing and failing.pop())

    begun: list[bool] = []
    async with await real() as env:
        runner = PunctualRunner(witness=Failing(env.client))

        def cold() -> Worker:
            return Worker(env.client, task_queue=QUEUE, workflows=[Waiting], workflow_runner=runner)

        life = await env.client.start_workflow(Waiting.run, id="waiting", task_queue=QUEUE)
        async with cold():
            await life.query(Waiting.timers)
        await life.signal(Waiting.poke)
        async with cold():
            assert await life.execute_update(Waiting.poked) == 1
        async with cold():
            assert await life.result() == 1
    assert len(begun) > len(failing)
    assert all(begun)
