"""What benchmarks run on: servers, a sandbox, and workers whose processor time and memory are read."""

from contextlib import ExitStack
from pathlib import Path
from sys import executable
from types import TracebackType
from typing import Self

import psutil
from temporalio.client import Client

from benchmarks.script import VARIABLE
from starter.stack.children import Child, wait_for
from starter.stack.embedded import READY, environment, server_command
from starter.stack.places import HOST, Ports, free_ports, listening, temporal_binary

POLICY = '[windows]\nstability = "1s"\nupgrade = "1s"\n'
"""The policy of a whole life: the default one with the windows shortened."""
LASTING = ""
"""The policy of an incident that stays open: the default one."""
CONTROL = "control"
"""The namespace of the control, in which all names are the same."""


class Site:
    """A server with a sandbox beside it, and the workers that are started on it."""

    def __init__(self, home: Path, policy: str, *, stock: bool = False) -> None:
        home.mkdir(parents=True)
        self._home, self._running = home, ExitStack()
        self._policy = home / "policy.toml"
        self._policy.write_text(policy)
        self._ports = free_ports()
        self.env = environment(self._ports, "bench", self._policy)
        command = _stock(home, self._ports) if stock else _embedded(home, self._ports)
        self.server = Child("temporal", command, self.env, home / "temporal.log")
        port = str(self._ports.sandbox)
        served = [executable, "-m", "muster.sandbox", "--port", port]
        self._sandbox = Child("sandbox", served, self.env, home / "sandbox.log")

    def __enter__(self) -> Self:
        for child, port in (
            (self.server, self._ports.temporal),
            (self._sandbox, self._ports.sandbox),
        ):
            self._start(child)
            wait_for(child.name, lambda port=port: listening(port), child)  # type: ignore[misc]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    async def client(self, namespace: str = "default") -> Client:
        """Return a client as any service has it: without our converter."""
        return await Client.connect(f"{HOST}:{self._ports.temporal}", namespace=namespace)

    def worker(self, script: Path | None = None) -> "Crew":
        """Start the product's worker, or with a script the control's."""
        env = self.env | ({VARIABLE: str(script), "TEMPORAL_NAMESPACE": CONTROL} if script else {})
        name = CONTROL if script else "worker"
        command = [executable, "-m", "benchmarks.worker"]
        child = Child(name, command, env, self._home / f"{name}.log")
        self._start(child)
        wait_for(name, lambda: READY in child.text(), child)
        return Crew(child)

    def _start(self, child: Child) -> None:
        child.start()
        self._running.callback(child.stop)


class Crew:
    """A worker process, looked at from outside."""

    def __init__(self, child: Child) -> None:
        self._process = psutil.Process(child.pid)

    def cpu(self) -> float:
        """Return the seconds of processor time that it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> float:
        """Return its resident memory in KB."""
        return float(self._process.memory_info().rss) / 1024


def _embedded(home: Path, ports: Ports) -> list[str]:
    return [*server_command(home, ports, durable=False), "--namespace", CONTROL]


def _stock(home: Path, ports: Ports) -> list[str]:
    """Return a dev server without any of our options; only its ports are given."""
    return [
        temporal_binary(),
        "server",
        "start-dev",
        "--db-filename",
        str(home / "temporal.db"),
        "--port",
        str(ports.temporal),
        "--ui-port",
        str(ports.ui),
    ]
