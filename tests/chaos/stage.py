"""The processes of a run: server, sandbox, gateway, and workers of two versions side by side."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starter.stack.children import Child
from starter.stack.embedded import READY, environment, server_command
from starter.stack.places import HOST, free_ports, listening, temporal_binary
from tests.chaos.plan import Plan

TOKEN = "chaos"
VERSIONS = {"old": "chaos-old", "new": "chaos-new"}
"""The workers with their builds; half of the workflows run on each."""
SLOWEST = 60.0


class Stage:
    """All processes of one run, each of which may be killed and started again."""

    def __init__(self, home: Path, plan: Plan) -> None:
        home.mkdir(parents=True, exist_ok=True)
        policy = home / "policy.toml"
        policy.write_text(plan.policy())
        self.ports = free_ports()
        self.home = home
        env = environment(self.ports, TOKEN, policy)
        log, python = home / "log", sys.executable
        sandbox = ["--port", str(self.ports.sandbox), "--state", str(home / "sandbox.json")]
        command = server_command(home, self.ports, durable=False)
        module = "tests.chaos.naive" if plan.naive else "workers"
        self.server = Child("temporal", command, env, log / "temporal.log")
        self.sandbox = Child(
            "sandbox", [python, "-m", "muster.sandbox", *sandbox], env, log / "sandbox.log"
        )
        self.gateway = Child("gateway", [python, "-m", "starter.gateway"], env, log / "gateway.log")
        self.workers = {
            name: Child(
                name,
                [python, "-m", module],
                env | {"MUSTER_BUILD_ID": build},
                log / f"worker-{name}.log",
            )
            for name, build in VERSIONS.items()
        }

    @property
    def temporal(self) -> str:
        """Return the server's address."""
        return f"{HOST}:{self.ports.temporal}"

    @property
    def sandbox_url(self) -> str:
        """Return the sandbox's address."""
        return f"http://{HOST}:{self.ports.sandbox}"

    @property
    def gateway_url(self) -> str:
        """Return the gateway's address."""
        return f"http://{HOST}:{self.ports.gateway}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything, and stop it whatever happens."""
        try:
            self.sandbox.start()
            await self.start_server()
            await _until(lambda: listening(self.ports.sandbox), self.sandbox)
            self.gateway.start()
            for name in self.workers:
                await self.start_worker(name)
            await self.deploy("new")
            await _until(lambda: listening(self.ports.gateway), self.gateway)
            yield
        finally:
            self._stop()

    async def start_server(self) -> None:
        """Start the server and wait until it listens."""
        self.server.start()
        await _until(lambda: listening(self.ports.temporal), self.server)

    async def start_worker(self, name: str) -> None:
        """Start a worker and wait until it polls."""
        worker = self.workers[name]
        before = _written(worker.log).count(READY)
        worker.start()
        await _until(lambda: _written(worker.log).count(READY) > before, worker)

    async def deploy(self, name: str) -> None:
        """Make one version current and let the other one have half of all workflows: each moves where it stands."""
        await self._route("set-current-version", name)
        for other in self.workers.keys() - {name}:
            await self._route("set-ramping-version", other, "--percentage", "50")

    async def _route(self, command: str, name: str, *more: str) -> None:
        """Run one of the deployment's commands, again until the server has heard of the version's queues."""
        said = ["--deployment-name", "muster", "--build-id", VERSIONS[name], "--yes", *more]
        words = ["worker", "deployment", command, "--address", self.temporal, *said]
        deadline = time.monotonic() + SLOWEST
        while True:
            running = await asyncio.create_subprocess_exec(
                temporal_binary(),
                *words,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await running.communicate()
            if running.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{command} {name}: {output.decode()}")
            await asyncio.sleep(0.1)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a worker a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.workers[name].pid, number)

    def _stop(self) -> None:
        for name, worker in self.workers.items():
            if worker.running():
                self.signal(name, signal.SIGCONT)
        first = (self.gateway, *self.workers.values(), self.sandbox)
        for child in first:
            child.ask_to_stop()
        for child in (*first, self.server):
            child.stop()


def _written(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


async def _until(ready: Callable[[], bool], child: Child) -> None:
    """Wait until a child is ready. Raises RuntimeError with its last words where it is not."""
    deadline = time.monotonic() + SLOWEST
    while not ready():
        if not child.running() or time.monotonic() > deadline:
            raise RuntimeError(f"{child.name} did not come up:\n{child.last_words()}")
        await asyncio.sleep(0.1)
