"""Run a worker until it is told to stop: ``python -m workers``."""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from muster import dumps, environment, keys, logs, names, settings
from muster.converter import data_converter
from muster.domain.policy import Policy
from muster.keys import KeysError
from muster.policy import PolicyError, load
from muster.settings import Settings, SettingsError
from workers import attributes, brief, deployment, pool, providers, schedule
from workers.deployment import Deployment
from workers.legible import missing_key
from workers.revision import build_id

logger = logging.getLogger("muster.worker")

BAD_INPUT = 2
READY = "worker ready"
AGAIN = 1.0
"""Seconds between two tries to reach the server."""
_NO_NAMESPACE = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT})


async def main() -> int:
    """Return the exit code: 2 where policy or environment are wrong."""
    try:
        await _run(settings.load())
    except (SettingsError, PolicyError, KeysError) as error:
        print(f"muster worker: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


async def _run(given: Settings) -> None:
    """Work until told to stop. Raises SettingsError, PolicyError or KeysError."""
    logging.getLogger().setLevel(given.muster_log)
    policy = load(given.muster_policy) if given.muster_policy else Policy()
    ring = keys.read(given.muster_codec_keys)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    client = await _connected(given, data_converter(ring), stopped)
    if client is None:
        return
    await _see_namespace(client)
    if (lacking := await missing_key(client, {key.id for key in ring})) is not None:
        message = f"the ledger is encrypted with the key {lacking!r}, which is not here"
        raise KeysError(message)
    await _work(client, given, policy, stopped)


async def _connected(
    given: Settings, converter: DataConverter, stopped: asyncio.Event
) -> Client | None:
    """Return a client as soon as the server answers; None when told to stop before. Raises SettingsError."""
    config = environment.temporal()
    runtime = _runtime(given)
    while not stopped.is_set():
        try:
            return await Client.connect(**config, data_converter=converter, runtime=runtime)
        except ValueError as error:
            message = f"TEMPORAL_ADDRESS: {error}"
            raise SettingsError(message, "TEMPORAL_ADDRESS") from None
        except RuntimeError as error:
            logger.warning("no Temporal server at %s: %s", config["target_host"], str(error)[:200])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), AGAIN)
    return None


async def _see_namespace(client: Client) -> None:
    """See that the namespace is there, as far as we may. Raises SettingsError."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if error.status in _NO_NAMESPACE:
            message = "TEMPORAL_NAMESPACE: Temporal has no such namespace"
            raise SettingsError(message, "TEMPORAL_NAMESPACE") from None


def _runtime(given: Settings) -> Runtime:
    address = given.muster_metrics_address
    metrics = PrometheusConfig(bind_address=address) if address else None
    try:
        return Runtime(
            telemetry=TelemetryConfig(metrics=metrics),
            worker_heartbeat_interval=deployment.HEARTBEAT,
        )
    except ValueError as error:
        message = f"MUSTER_METRICS_ADDRESS: {error}"
        raise SettingsError(message, "MUSTER_METRICS_ADDRESS") from None


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
    build = build_id(given.muster_build_id)
    version = deployment.version(build)
    async with contextlib.AsyncExitStack() as running:
        for worker in pool.workers(client, policy, outside, indexed, version=version):
            await running.enter_async_context(worker)
        await _lead(Deployment(client, build), stopped)


async def _lead(ours: Deployment, stopped: asyncio.Event) -> None:
    """Work until told to stop, with an eye on which version is current."""
    await ours.begin()
    print(READY, flush=True)
    watching = asyncio.create_task(ours.watch())
    await stopped.wait()
    watching.cancel()


if __name__ == "__main__":
    dumps.forbid()
    logs.set_up(os.environ.get("MUSTER_LOG", "INFO"))
    brief.install()
    code = asyncio.run(main())
    sys.stdout.flush()
    # A process that used a Temporal client may die at exit, after all is done (sdk-python#300).
    os._exit(code)
