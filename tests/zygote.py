"""Runs the command line in processes forked from one that has done the imports, which cost more than most commands.

Each has its own environment, streams and exit code, and leaves as it always does; one at a time in each test process.
"""

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-W", "error", "-m", "tests.zygote"]


def run(
    words: list[str], environment: dict[str, str], *, stdin: str = "", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run ``muster`` with these words to its end. Raises TimeoutError, after which the next one begins anew."""
    with _LOCK, tempfile.TemporaryDirectory() as home:
        for name, text in (("in", stdin), ("out", ""), ("err", "")):
            (Path(home) / name).write_text(text)
        try:
            code = _zygote().ask(
                {"words": words, "environment": environment, "home": home}, timeout
            )
        except (TimeoutError, OSError, ValueError):  # late, or it has died
            _zygote.cache_clear()
            raise
        out, err = (Path(home, name).read_text() for name in ("out", "err"))
        return subprocess.CompletedProcess(words, code, out, err)


_LOCK = threading.Lock()


class _Zygote:
    """The process that forks; it ends with whoever has started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        atexit.register(self.end)

    def ask(self, asked: dict[str, Any], timeout: float) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            if not ready.select(timeout):
                self.end()
                raise TimeoutError(asked["words"])
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """Kill it and what it has forked."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()


@cache
def _zygote() -> _Zygote:
    return _Zygote()


def _serve() -> None:
    import temporalio.client  # noqa: F401 - what nearly every command needs

    import starter.cli
    import starter.client

    requests = os.fdopen(os.dup(0))
    answers = os.fdopen(os.dup(1), "w")
    while line := requests.readline():
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked, starter.cli)
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def _become(asked: dict[str, Any], cli: ModuleType) -> None:
    """Be the command: its environment, its streams, its words."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    for number, (name, mode) in enumerate(
        (("in", os.O_RDONLY), ("out", os.O_WRONLY), ("err", os.O_WRONLY))
    ):
        os.dup2(os.open(Path(asked["home"], name), mode), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, "r" if not number else "w", closefd=False) for number in range(3)
    )
    sys.argv = ["muster", *asked["words"]]
    cli.main()


if __name__ == "__main__":
    _serve()
