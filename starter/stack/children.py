"""Child processes that end with their parent, with a log each."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

_DIE_WITH_PARENT = 1
STOPPING = 10.0
"""Seconds that a child has to stop before it is killed."""
LAST_LINES = 15


class StackError(Exception):
    """The stack cannot run; the message says why and what to do."""


class Left(Exception):
    """Told to stop before everything was up."""


class Child:
    """One process in a group of its own, so that Ctrl-C reaches it through us alone and in order."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._env = dict(env)
        self._began = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id. Raises StackError before the start."""
        return self._started().pid

    def start(self) -> None:
        """Start it; its output goes to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._began = output.tell()
            self._process = subprocess.Popen(
                self.command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()) if sys.platform == "linux" else None,  # noqa: PLW1509 - C calls
            )

    def running(self) -> bool:
        """Tell whether it is alive."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> str:
        """Return how it has ended: by which signal, or with which exit code. Raises StackError before its end."""
        code = self._started().poll()
        if code is None:
            message = f"{self.name} has not ended"
            raise StackError(message)
        named = {one.value: one.name for one in signal.Signals}
        return f"exit code {code}" if code >= 0 else named.get(-code, f"signal {-code}")

    def kill(self) -> None:
        """Kill it at once, as a crash does."""
        process = self._started()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask_to_stop(self) -> None:
        """Ask it to stop."""
        if self.running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._started().pid, signal.SIGTERM)

    def stop(self) -> None:
        """Stop it, and kill it where it does not."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self.kill()

    def text(self) -> str:
        """Return what it has written since its last start; the log has what was before."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as written:
            written.seek(self._began)
            return written.read().decode(errors="replace")

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.text().splitlines()[-LAST_LINES:])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            message = f"{self.name} was not started"
            raise StackError(message)
        return self._process


def die_with(parent: int) -> Callable[[], None]:
    """Return what asks the kernel to end this child with its parent, even where that is killed."""

    def ask() -> None:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
        if os.getppid() != parent:  # it has ended in between, and nobody would tell us
            os._exit(1)

    return ask


def wait_for(
    what: str,
    ready: Callable[[], bool],
    child: Child,
    seconds: float = 30.0,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Wait until it is ready. Raises Left, or StackError with the child's last words when it ends or is late."""
    deadline = monotonic() + seconds
    while not ready():
        if stopped():
            raise Left
        if not child.running() or monotonic() > deadline:
            words = child.last_words() or "(it has said nothing)"
            message = f"{what} did not come up; the end of {child.log}:\n{words}"
            raise StackError(message)
        sleep(0.05)
