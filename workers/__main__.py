"""Run a worker until it is told to stop: ``python -m workers``."""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from muster import logs, names, settings
from muster.converter import DATA_CONVERTER
from muster.domain.policy import Policy
from muster.policy import PolicyError, load
from muster.settings import Settings, SettingsError
from workers import attributes, pool, providers, schedule

logger = logging.getLogger("muster.worker")

BAD_INPUT = 2
READY = "worker ready"
AGAIN = 1.0
"""Seconds between two tries to reach the server."""


async def main() -> int:
    """Return the exit code: 2 where policy or environment are wrong."""
    try:
        given = settings.load()
        policy = load(given.muster_policy) if given.muster_policy else Policy()
    except (SettingsError, PolicyError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    client = await _connected(given, stopped)
    if client is not None:
        await _work(client, given, policy, stopped)
    return 0


async def _connected(given: Settings, stopped: asyncio.Event) -> Client | None:
    """Return a client as soon as the server answers; None when told to stop before."""
    config = ClientConfig.load_client_connect_config()
    runtime = _runtime(given)
    while not stopped.is_set():
        try:
            return await Client.connect(**config, data_converter=DATA_CONVERTER, runtime=runtime)
        except RuntimeError as error:
            logger.warning(
                "no Temporal server at %s: %s", config.get("target_host"), str(error)[:200]
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), AGAIN)
    return None


def _runtime(given: Settings) -> Runtime | None:
    if given.muster_metrics_address is None:
        return None
    metrics = PrometheusConfig(bind_address=given.muster_metrics_address)
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


async def _work(client: Client, given: Settings, policy: Policy, stopped: asyncio.Event) -> None:
    indexed = await attributes.registered(client)
    missing = [name for name in names.SEARCH_ATTRIBUTES if name not in indexed]
    for line in attributes.commands(client.namespace, missing):
        logger.warning(
            "a search attribute is missing and may not be added from here; run: %s", line
        )
    try:
        await schedule.ensure(client, policy.audit.every)
    except RPCError as error:
        logger.warning("nobody audits the incidents: the schedule may not be made: %s", error)
    outside = providers.build(given, policy)
    for name in outside.off():
        logger.warning("%s is switched off: it has no credentials", name)
    async with contextlib.AsyncExitStack() as running:
        for worker in pool.workers(client, policy, outside, indexed):
            await running.enter_async_context(worker)
        print(READY, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    logs.set_up(os.environ.get("MUSTER_LOG", "INFO"))
    code = asyncio.run(main())
    sys.stdout.flush()
    # A process that used a Temporal client may die at exit, after all is done (sdk-python#300).
    os._exit(code)
