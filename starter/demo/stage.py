"""What the demo does with its hands: type commands, post alerts, look at the sandbox, and insist on what it shows."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from time import monotonic, sleep
from typing import Any

from rich.console import Console

from starter.stack.embedded import Stack
from starter.stack.places import HOST

PATIENCE = 30.0
LOOK = 0.3


class Missing(Exception):
    """Something that the demo promises did not come."""


class Stage:
    """One embedded stack, and the terminal on which it is shown."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.stack = stack
        self.console = Console(highlight=False, soft_wrap=True)
        self._token = token
        self._act = 0

    def title(self, text: str) -> None:
        """Begin an act."""
        self._act += 1
        self.console.print(f"\n[bold]{self._act}. {text}[/bold]")

    def say(self, text: str) -> None:
        """Say something between the acts."""
        self.console.print(f"[dim]{text}[/dim]")

    def type(self, *words: str, code: int = 0) -> str:
        """Type a command as a person does, show it with its answer, and insist on the exit code."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        self.console.print(f"[cyan]$ muster {shown}[/cyan]")
        done = self._run(*words)
        answer = (done.stdout + done.stderr).strip()
        self.console.print(answer, markup=False)
        self.insist(
            done.returncode == code, f"`muster {shown}` left with {done.returncode}, not {code}"
        )
        return answer

    def see(self, number: int) -> dict[str, Any]:
        """Return what ``muster show --json`` says."""
        done = self._run("show", str(number), "--json")
        found: dict[str, Any] = json.loads(done.stdout or "{}")
        return found

    def wait(self, what: str, ready: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for something that must come."""
        deadline = monotonic() + seconds
        while not ready():
            if monotonic() > deadline:
                words = self.stack.worker.last_words()
                message = (
                    f"{what} did not come within {seconds:g} s; the worker's last words:\n{words}"
                )
                raise Missing(message)
            sleep(LOOK)
        self.console.print(f"[green]✓[/green] {what}")

    def insist(self, holds: bool, what: str) -> None:  # noqa: FBT001 - a condition
        """Go on only if it holds."""
        if not holds:
            raise Missing(what)

    def alert(
        self,
        *,
        firing: bool = True,
        name: str = "HighErrorRate",
        service: str = "web",
        started: datetime,
    ) -> None:
        """Post the captured webhook with times of today, and other names where they are given."""
        body = json.loads(files("starter.demo").joinpath("alerts.json").read_text())
        body["status"] = "firing" if firing else "resolved"
        for one in body["alerts"]:
            one["labels"] |= {"alertname": name, "service": service}
            one["fingerprint"] = f"{one['fingerprint'][:8]}{name[:8].encode().hex()}"
            one["startsAt"] = started.isoformat()
            one["status"] = body["status"]
            if not firing:
                one["endsAt"] = datetime.now(UTC).isoformat()
        status = self._post("/webhooks/alertmanager", body)
        self.console.print(
            f"[cyan]POST /webhooks/alertmanager[/cyan]  {body['status']}: {name} x2 on {service} -> {status}"
        )

    def sandbox(self) -> dict[str, Any]:
        """Return what is in the vendors."""
        found: dict[str, Any] = json.loads(
            self._get(f"http://{HOST}:{self.stack.ports.sandbox}/_control/state")
        )
        return found

    def _post(self, path: str, body: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        url = f"http://{HOST}:{self.stack.ports.gateway}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - as above
            status: int = reply.status
            return status

    def _get(self, url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - our own sandbox
            body: bytes = reply.read()
            return body

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from starter.cli import main; main()", *words],
            env=self.stack.environment | {"MUSTER_AS": "ana"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
