"""A workflow whose thread is held up, on a busy machine say, is not broken by it."""

import time

import pytest
from temporalio import workflow
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from tests.servers import real
from workers.punctual import PunctualRunner

LIMIT = 0.5
WENT_ON: list[str] = []


def held_up() -> None:
    """Stand still beyond the limit, in many steps: an interruption would come between two."""
    for _ in range(30):
        time.sleep(LIMIT / 10)
    WENT_ON.append("after all")


@workflow.defn
class HeldUp:
    """Is held up once."""

    @workflow.run
    async def run(self) -> list[str]:
        if not WENT_ON:
            held_up()
        return WENT_ON


@pytest.fixture
def runner() -> PunctualRunner:
    return PunctualRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules("tests")
    )


async def test_a_thread_that_is_held_up_goes_on_and_the_next_task_begins_anew(
    runner: PunctualRunner,
) -> None:
    async with await real() as env:
        worker = Worker(
            env.client, task_queue="held-up", workflows=[HeldUp], workflow_runner=runner
        )
        worker._workflow_worker._deadlock_timeout_seconds = LIMIT  # type: ignore[union-attr]  # there is no option
        async with worker:
            handle = await env.client.start_workflow(HeldUp.run, id="held-up", task_queue="held-up")
            assert await handle.result() == ["after all"]
        events = (await handle.fetch_history()).events
        failed = [one for one in events if one.HasField("workflow_task_failed_event_attributes")]
        (failure,) = (one.workflow_task_failed_event_attributes.failure for one in failed)
        assert failure.message.startswith("[TMPRL1101]")
