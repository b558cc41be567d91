"""A worker for benchmarks: the product's own, without the vendors' rates; with a script it runs the control."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from benchmarks.control import Control, Counter, Listener
from benchmarks.script import VARIABLE
from muster import settings
from muster.converter import DATA_CONVERTER
from muster.domain.policy import Policy
from muster.policy import load
from starter.stack.embedded import READY
from workers import attributes, pool, providers

CONTROLS: list[type] = [Control, Counter, Listener]


async def main() -> None:
    """Work until told to stop."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    given = settings.load()
    policy = load(given.muster_policy) if given.muster_policy else Policy()
    client = await Client.connect(
        **ClientConfig.load_client_connect_config(),
        data_converter=DATA_CONVERTER,
        plugins=[_swap()] if VARIABLE in os.environ else [],
    )
    indexed = await attributes.registered(client)
    outside = providers.build(given, policy)
    async with AsyncExitStack() as running:
        for worker in pool.workers(client, policy, outside, indexed, rates={}):
            await running.enter_async_context(worker)
        print(READY, flush=True)
        await stopped.wait()


def _swap() -> SimplePlugin:
    """Return what puts the control in the place of our workflows, in workers that are ours in all else."""
    return SimplePlugin("control", workflows=_controls, workflow_runner=_runner)


def _controls(ours: Sequence[type] | None) -> Sequence[type]:
    return CONTROLS if ours else []


def _runner(_ours: WorkflowRunner | None) -> WorkflowRunner:
    """Return the same sandbox, which passes our folder through as it does the product's."""
    passed = SandboxRestrictions.default.with_passthrough_modules(
        *pool.PASSED_THROUGH, "benchmarks"
    )
    return SandboxedWorkflowRunner(restrictions=passed)


if __name__ == "__main__":
    asyncio.run(main())
    # A process that used a Temporal client may die at exit, after all is done (sdk-python#300).
    os._exit(0)
