"""The parts of the embedded stack, how each is started, and the order in which they stop."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from starter.stack.children import Child, wait_for
from starter.stack.places import HOST, Ports, listening, temporal_binary

READY = "worker ready"
TUNING = (
    ("--sqlite-pragma", "journal_mode=wal"),
    ("--dynamic-config-value", "history.transferProcessorMaxPollRPS=100"),
    ("--dynamic-config-value", "matching.numTaskqueueReadPartitions=1"),
    ("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
)


class Stack:
    """Temporal, sandbox, worker and gateway; started in this order and stopped in the other."""

    def __init__(
        self,
        home: Path,
        ports: Ports,
        *,
        token: str,
        policy: Path | None = None,
        durable: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take where it lives, and what tells that it is to stop while it still starts."""
        self.home, self.ports = home, ports
        self._wait = partial(wait_for, stopped=stopped)
        env = environment(ports, token, policy)
        self.environment = env
        log = home / "log"
        python = sys.executable
        self.server = Child(
            "temporal", server_command(home, ports, durable=durable), env, log / "temporal.log"
        )
        self.sandbox = Child(
            "sandbox",
            [
                python,
                "-m",
                "muster.sandbox",
                "--port",
                str(ports.sandbox),
                "--state",
                str(home / "sandbox.json"),
            ],
            env,
            log / "sandbox.log",
        )
        self.worker = Child("worker", [python, "-m", "workers"], env, log / "worker.log")
        self.gateway = Child(
            "gateway",
            [python, "-m", "starter.gateway", "--host", HOST],
            env,
            log / "gateway.log",
        )

    def start(self) -> None:
        """Start everything and wait until it answers. Raises StackError or Left."""
        self.ports.check()
        self.home.mkdir(parents=True, exist_ok=True)
        self.server.start()
        self.sandbox.start()
        self._wait("Temporal", lambda: listening(self.ports.temporal), self.server)
        self._wait("the sandbox", lambda: listening(self.ports.sandbox), self.sandbox)
        self.gateway.start()
        self.start_worker()
        self._wait("the gateway", lambda: listening(self.ports.gateway), self.gateway)

    def start_worker(self) -> None:
        """Start the worker and wait until it polls."""
        self.worker.start()
        self._wait("the worker", lambda: READY in self.worker.text(), self.worker)

    def stop(self) -> None:
        """Stop everything; the server last, so that the others can finish what they have begun."""
        first = (self.gateway, self.worker, self.sandbox)
        for child in first:
            child.ask_to_stop()
        for child in (*first, self.server):
            child.stop()

    def children(self) -> tuple[Child, ...]:
        """Return all parts."""
        return (self.server, self.sandbox, self.worker, self.gateway)

    def __enter__(self) -> Self:
        """Start; what has come up is stopped again where something does not."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def server_command(home: Path, ports: Ports, *, durable: bool) -> list[str]:
    """Return the dev server as we start it: tuned, its database in a file, without its own telemetry."""
    home.mkdir(parents=True, exist_ok=True)
    tuning = [word for pair in TUNING for word in pair]
    synchronous = "2" if durable else "1"
    return [
        temporal_binary(),
        "server",
        "start-dev",
        "--ip",
        HOST,
        "--port",
        str(ports.temporal),
        "--ui-port",
        str(ports.ui),
        "--db-filename",
        str(home / "temporal.db"),
        "--log-level",
        "warn",
        "--sqlite-pragma",
        f"synchronous={synchronous}",
        *tuning,
    ]


def environment(ports: Ports, token: str, policy: Path | None) -> dict[str, str]:
    """Return the environment of all parts: everything points at this machine, with tokens that only the sandbox takes."""
    base = f"http://{HOST}:{ports.sandbox}"
    return {
        **_inherited(os.environ),
        "TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
        "TEMPORAL_NAMESPACE": "default",
        "MUSTER_GATEWAY_TOKEN": token,
        "MUSTER_GATEWAY_PORT": str(ports.gateway),
        "SLACK_BOT_TOKEN": "sandbox-slack-token",
        "SLACK_API_URL": f"{base}/slack/api/",
        "ZOOM_ACCOUNT_ID": "sandbox-account",
        "ZOOM_CLIENT_ID": "sandbox-client",
        "ZOOM_CLIENT_SECRET": "sandbox-secret",
        "ZOOM_API_URL": f"{base}/zoom/v2",
        "ZOOM_OAUTH_URL": f"{base}/zoom/oauth/token",
        "GITLAB_URL": f"{base}/gitlab",
        "GITLAB_TOKEN": "sandbox-gitlab-token",
        "GITLAB_PROJECT": "ops/production",
        "X_API_URL": f"{base}/x",
        "X_ACCESS_TOKEN": "sandbox-x-token",
        **({"MUSTER_POLICY": str(policy)} if policy else {}),
    }


def _inherited(outer: Mapping[str, str]) -> dict[str, str]:
    """Return what the parts take over from outside: nothing that would send them to another server."""
    return {
        name: value
        for name, value in outer.items()
        if not name.startswith(("TEMPORAL_", "SLACK_", "ZOOM_", "GITLAB_", "X_"))
    }
