"""A whole stack for each test: real server, real worker process, real command line, sandbox."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports
from tests import zygote

POLICY = """
[windows]
stability = "6s"
[chat]
own_channel = true
[effects]
http_timeout = "2s"
settle = "3s"
"""


class Scene:
    """A running stack and what a person can do with it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def muster(self, *words: str, code: int | None = 0) -> Any:
        """Run a command and return its JSON; with ``code`` None any exit code will do."""
        environment = dict(self.stack.environment) | {"MUSTER_AS": "ana"}
        done = zygote.run([*words, "--json"], environment)
        assert code in {None, done.returncode}, done.stdout + done.stderr
        return json.loads(done.stdout)

    def sandbox(self) -> dict[str, Any]:
        """Return what is in the vendors."""
        url = f"http://{HOST}:{self.stack.ports.sandbox}/_control/state"
        with urllib.request.urlopen(url, timeout=10) as reply:
            found: dict[str, Any] = json.loads(reply.read())
            return found

    def messages(self, channel: str) -> list[Any]:
        """Return the messages of a channel."""
        rooms = self.sandbox()["slack"]["channels"].values()
        return [one for room in rooms if room["name"] == channel for one in room["messages"]]

    def until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for a condition."""
        deadline = monotonic() + seconds
        while not ready():
            assert monotonic() < deadline, self.stack.worker.last_words()
            sleep(0.2)

    def see(self, number: int) -> Any:
        """Return what ``show`` says, though it be stale while a worker is only just starting."""
        return self.muster("show", str(number), code=None)

    def settled(self, number: int) -> bool:
        """Tell whether every effect of the incident is done."""
        seen = self.see(number)
        done = all(one["state"] in {"done", "off"} for one in seen.get("effects", ()))
        return bool(seen.get("effects")) and done and not seen.get("stale")


@pytest.fixture
def policy() -> str:
    return POLICY


@pytest.fixture
def scene(tmp_path: Path, policy: str) -> Iterator[Scene]:
    file = tmp_path / "policy.toml"
    file.write_text(policy)
    with Stack(tmp_path / "home", free_ports(), token="token", policy=file) as stack:
        yield Scene(stack)
