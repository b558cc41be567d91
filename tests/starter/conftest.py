"""A real Temporal server, a worker that can be stopped, and the CLI as the process that it is."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from muster import names
from tests import zygote

ROOT = Path(__file__).parents[2]
TEMPORAL = os.environ.get("TEMPORAL_BINARY") or str(Path(sys.executable).parent / "temporal")
MAIN = "from starter.cli import main; main()"
UP = 20
"""Seconds that a server or a worker may take to start."""


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the one JSON document on stdout; anything else there is an error."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Runs ``muster`` with warnings as errors, no terminal, and a small environment."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, stdin: str = "", **environment: str) -> Ended:
        """Run one command to its end."""
        done = zygote.run(list(words), self.all_of(environment), stdin=stdin, timeout=30)
        return Ended(done.returncode, done.stdout, done.stderr)

    def alone(self, *words: str, stdin: str = "", **environment: str) -> Ended:
        """Run one command in a process that begins with it, as a person's does."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", MAIN, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=ROOT,
            env=self.all_of(environment),
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def all_of(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of a command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        plain = {"MUSTER_AS": "ann", "TZ": "UTC", "COLUMNS": "80", "LINES": "24"}
        plain["MUSTER_SPOOL"] = os.devnull + "/spool"
        here = {"PYTHONPATH": str(ROOT), "TEMPORAL_CONFIG_FILE": os.devnull}
        return kept | plain | here | dict(self.environment) | dict(more)


@dataclass
class Workers:
    """The worker of the CLI's tests, which may be away for a while."""

    address: str
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return once the worker polls."""
        if self.process is not None:
            return
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.starter.cli_worker", self.address],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        """Stop the worker and wait for its end."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(UP)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


@contextmanager
def serving() -> Iterator[str]:
    """Run a dev server that has our search attributes; its address."""
    address = f"127.0.0.1:{free_port()}"
    attributes = (f"{name}={kind}" for name, kind in names.SEARCH_ATTRIBUTES.items())
    options = [option for one in attributes for option in ("--search-attribute", one)]
    command = [TEMPORAL, "server", "start-dev", "--headless", "--log-level", "never"]
    server = subprocess.Popen(
        [*command, "--port", address.partition(":")[2], *options], stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(UP)


@pytest.fixture(scope="session")
def cli_server() -> Iterator[str]:
    """Yield the address of the server that most tests share."""
    with serving() as address:
        yield address


@pytest.fixture
def empty_muster() -> Iterator[Cli]:
    """Return the CLI on a server of its own, which knows no incident."""
    with serving() as address:
        workers = Workers(address)
        workers.start()
        try:
            yield Cli({"TEMPORAL_ADDRESS": address})
        finally:
            workers.stop()


def _wait_for(address: str) -> None:
    until = time.monotonic() + UP
    probe = Cli({"TEMPORAL_ADDRESS": address})
    while probe("list", "--json").code == 5:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def _cli_workers(cli_server: str) -> Iterator[Workers]:
    workers = Workers(cli_server)
    try:
        yield workers
    finally:
        workers.stop()


@pytest.fixture
def cli_workers(_cli_workers: Workers) -> Workers:
    """Return the worker, running."""
    _cli_workers.start()
    return _cli_workers


@pytest.fixture
def muster(cli_server: str, cli_workers: Workers) -> Cli:
    """Return the CLI on a server with a worker."""
    del cli_workers
    return Cli({"TEMPORAL_ADDRESS": cli_server})
