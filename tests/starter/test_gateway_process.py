"""The gateway as a process: it starts without Temporal, says what is wrong with its settings, and stops when told."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from temporalio.testing import WorkflowEnvironment

from tests.servers import time_skipping
from tests.starter.test_alertmanager import captured

ROOT = Path(__file__).parents[2]
SECRET = "correct horse"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}"}
COMMAND = [sys.executable, "-W", "error", "-m", "starter.gateway"]


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    plain = {
        "PYTHONPATH": str(ROOT),
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "MUSTER_GATEWAY_TOKEN": SECRET,
    }
    return {name: value for name, value in (kept | plain | more).items() if value}


@dataclass
class Running:
    """A gateway's process and where it listens."""

    process: subprocess.Popen[str]
    address: str

    def stop(self) -> tuple[int, str]:
        """Tell it to stop; return its exit code and what it had to say."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=15)
        return self.process.returncode, errors


@contextmanager
def running(**settings: str) -> Iterator[Running]:
    """Run a gateway until the end of the block."""
    process = subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(MUSTER_GATEWAY_PORT="0", **settings),
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("gateway: http://0.0.0.0:"), said
        yield Running(process, said.split()[1].replace("0.0.0.0", "127.0.0.1"))  # noqa: S104 - as above
    finally:
        process.kill()
        process.communicate()


@pytest_asyncio.fixture
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server."""
    async with await time_skipping() as env:
        yield env


@pytest.mark.asyncio
async def test_it_takes_a_delivery_shows_the_metrics_of_the_sdk_and_stops_when_told(
    temporal: WorkflowEnvironment,
) -> None:
    address = temporal.client.service_client.config.target_host
    with running(TEMPORAL_ADDRESS=address) as gateway:
        async with ClientSession(gateway.address) as session:
            url = "/webhooks/alertmanager"
            async with session.post(url, json=captured("resolved"), headers=AUTHORIZED) as answer:
                assert answer.status == 200
            async with session.get("/readyz") as answer:
                assert answer.status == 200
            async with session.get("/metrics") as answer:
                families = {one.name for one in text_string_to_metric_families(await answer.text())}
        assert {"muster_gateway_requests", "temporal_request"} <= families
        code, errors = await asyncio.to_thread(gateway.stop)
    assert (code, SECRET in errors) == (0, False)


@pytest.mark.asyncio
async def test_it_starts_without_temporal() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with running(TEMPORAL_ADDRESS=f"127.0.0.1:{nobody.getsockname()[1]}") as gateway:
            async with ClientSession(gateway.address) as session:
                async with session.get("/healthz") as answer:
                    assert answer.status == 200
                async with session.get("/readyz") as answer:
                    assert answer.status == 503
            assert (await asyncio.to_thread(gateway.stop))[0] == 0


WRONG = {
    "no token": ({"MUSTER_GATEWAY_TOKEN": ""}, "MUSTER_GATEWAY_TOKEN"),
    "an empty token": ({"MUSTER_GATEWAY_TOKEN": "  "}, "MUSTER_GATEWAY_TOKEN"),
    "a port that is none": ({"MUSTER_GATEWAY_PORT": "http"}, "MUSTER_GATEWAY_PORT"),
    "a negative port": ({"MUSTER_GATEWAY_PORT": "-1"}, "MUSTER_GATEWAY_PORT"),
    "a port too high": ({"MUSTER_GATEWAY_PORT": "65536"}, "MUSTER_GATEWAY_PORT"),
    "a policy that is not there": ({"MUSTER_POLICY": "/nowhere.toml"}, "/nowhere.toml"),
    "keys that are not there": ({"MUSTER_CODEC_KEYS": "/nowhere"}, "MUSTER_CODEC_KEYS"),
    "an address that is none": ({"TEMPORAL_ADDRESS": "a b"}, "TEMPORAL_ADDRESS must be HOST:PORT"),
    "a profile that is not there": ({"TEMPORAL_PROFILE": "nobody"}, "TEMPORAL_PROFILE"),
}


@pytest.mark.parametrize(("settings", "named"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_a_clear_error(settings: dict[str, str], named: str) -> None:
    ended = refused(**settings)

    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 2


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 - where the gateway listens
        ended = refused(MUSTER_GATEWAY_PORT=str(taken.getsockname()[1]))

    assert "set MUSTER_GATEWAY_PORT" in ended.stderr
    assert ended.returncode == 2


def refused(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        cwd=ROOT,
        env=environment(**settings),
    )
