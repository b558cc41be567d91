"""The gateway as a process: connects when Temporal is there, serves until it is told to stop."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from aiohttp import web
from aiohttp.log import server_logger
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from muster import environment
from muster.converter import data_converter
from muster.environment import SettingsError
from muster.keys import Key
from starter.gateway.app import Gateway
from starter.gateway.settings import GatewaySettings

GRACE = 10.0
"""Seconds that requests under way have at the end."""
IDLE = 20.0
"""Seconds that a connection may take for the head of a request, the first or another."""


def _is_ours(record: logging.LogRecord) -> bool:
    """Tell whether a record is about us, and not about a stranger's body that could not be unpacked."""
    return not (record.exc_info and isinstance(record.exc_info[1], web.RequestPayloadError))


class GatewayError(Exception):
    """The gateway cannot be started; the message says why and what to do."""


async def connect(runtime: Runtime | None = None, keys: Sequence[Key] = ()) -> Client:
    """Return a client that connects with its first call. Raises SettingsError."""
    try:
        return await Client.connect(
            **environment.temporal(),
            data_converter=data_converter(keys),
            lazy=True,
            runtime=runtime,
        )
    except (RuntimeError, ValueError) as error:
        message = f"the TEMPORAL_ variables do not do: {error}"
        raise SettingsError(message) from error


async def serve(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises GatewayError where the port is taken."""
    address = f"127.0.0.1:{_free_port()}"
    runtime = Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address)))
    client = await connect(runtime, settings.keys)
    server_logger.addFilter(_is_ours)
    gateway = Gateway(client, settings, sdk_metrics=f"http://{address}/metrics")
    runner = web.AppRunner(
        gateway.app(), access_log=None, shutdown_timeout=GRACE, keepalive_timeout=IDLE
    )
    await runner.setup()
    try:
        await _listen(runner, settings)
        await _told_to_stop()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: GatewaySettings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        message = f"cannot listen on {where}: {error.strerror}; set MUSTER_GATEWAY_PORT"
        raise GatewayError(message) from error
    for host, port, *_ in runner.addresses:
        sys.stdout.write(f"gateway: http://{host}:{port}\n")
    sys.stdout.flush()


async def _told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
