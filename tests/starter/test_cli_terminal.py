"""The CLI at a terminal: it asks for what is missing, and waits before what cannot be undone."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass

import pytest

from tests.starter.cli_steps import declared, label, shown
from tests.starter.conftest import MAIN, Cli

pytestmark = pytest.mark.timeout(90)
PATIENCE = 30


@dataclass
class Terminal:
    """A person at a terminal of 24 by 80, who answers when asked."""

    process: subprocess.Popen[bytes]
    screen: int
    seen: str = ""

    def until(self, text: str) -> None:
        """Read until the text is there."""
        begun = time.monotonic()
        while text not in self.seen:
            assert time.monotonic() - begun < PATIENCE, self.seen
            assert self._read(), self.seen

    def say(self, text: str, answer: str) -> None:
        """Wait for a question, and answer it."""
        self.until(text)
        os.write(self.screen, answer.encode())

    def leave(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        if not select.select([self.screen], [], [], PATIENCE)[0]:
            return False
        with contextlib.suppress(OSError):  # a terminal whose other end has gone
            if got := os.read(self.screen, 65_536):
                self.seen += got.decode(errors="replace")
                return True
        return False


@contextlib.contextmanager
def terminal(muster: Cli, *words: str, **environment: str):  # type: ignore[no-untyped-def]
    """Run a command at a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAIN, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=muster.all_of({"TERM": "xterm", **environment}),
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - Ctrl-C needs it
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_declaration_is_asked_for_with_the_definitions(muster: Cli) -> None:
    with terminal(muster, "declare") as person:
        person.say("What is wrong, in one line: ", "db down\r")
        person.say("Enter for the policy's S2", "s9\r")
        person.say("must be one of S1, S2, S3, S4", "")
        person.seen = person.seen.replace("IMOC to confirm): ", "", 1)
        person.say("IMOC to confirm): ", "s1\r")
        assert person.leave() == 0
    assert "blocker: no workaround" in person.seen
    assert "performance: degraded, guaranteed soon" in person.seen
    assert 'S1 active "db down"' in person.seen


def test_enter_leaves_the_severity_to_policy(muster: Cli) -> None:
    with terminal(muster, "declare", "db down") as person:
        person.say("Enter for the policy's S2", "\r")
        assert person.leave() == 0
    assert "S2 by policy, for the IMOC to confirm" in person.seen


def test_words_for_end_users_wait_for_enter(muster: Cli) -> None:
    number = label(declared(muster))
    words = ["update", number, "We look into it.", "--to", "end-users"]
    with terminal(muster, *words) as person:
        person.until("Enter to go on")
        assert "To end users, in public" in person.seen
        assert "(16 of 280 characters)" in person.seen
        assert shown(muster, number)["updates"] == []
        person.say("Enter to go on", "\r")
        assert person.leave() == 0
    assert shown(muster, number)["updates"][0]["text"] == "We look into it."


def test_a_correction_is_counted_as_it_goes_out(muster: Cli) -> None:
    number = label(declared(muster))
    with terminal(
        muster, "update", number, "Two hours.", "--to", "end-users", "--correction"
    ) as person:
        person.until("Enter to go on")
        assert "Correction: Two hours." in person.seen
        assert "(22 of 280 characters)" in person.seen
        person.say("Enter to go on", "\r")
        assert person.leave() == 0


@pytest.mark.parametrize("words", [["cancel", "N", "--reason", "x"], ["resolve", "N"]])
def test_ctrl_c_leaves_a_grave_one_as_it_is(muster: Cli, words: list[str]) -> None:
    number = label(declared(muster))
    with terminal(muster, *[number if word == "N" else word for word in words]) as person:
        person.until("Enter to go on")
        time.sleep(0.5)  # a signal just before the read begins is seen with the next key only
        person.say("Enter to go on", "\x03")
        assert person.leave() == 130
    assert "nothing was sent" in person.seen
    assert "monitoring" not in person.seen  # nothing public follows by itself
    assert shown(muster, number)["phase"] == "active"


@pytest.mark.parametrize(("answer", "code", "phase"), [("n", 130, "active"), ("y", 0, "resolved")])
def test_a_no_is_no_yes(muster: Cli, answer: str, code: int, phase: str) -> None:
    number = label(declared(muster))
    with terminal(muster, "resolve", number) as person:
        person.say("Enter to go on", f"{answer}\r")
        assert person.leave() == code
    assert ("nothing was sent" in person.seen) is (code == 130)
    assert shown(muster, number)["phase"] == phase


def test_yes_does_not_wait_and_a_small_one_needs_none(muster: Cli) -> None:
    grave, small = declared(muster), declared(muster, "a typo", "--severity", "S4")
    with terminal(muster, "cancel", label(grave), "--reason", "x", "--yes") as person:
        assert person.leave() == 0
    with terminal(muster, "cancel", label(small), "--reason", "x") as person:
        assert person.leave() == 0
    assert "Enter to go on" not in person.seen


def test_one_who_is_not_the_imoc_is_told_before(muster: Cli) -> None:
    number = label(declared(muster))
    muster("assign", number, "imoc", "me")
    with terminal(muster, "resolve", number, "--as", "bob") as person:
        person.say("Enter to go on", "\r")
        assert person.leave() == 6
    assert "You are not its IMOC: ann is asked to do it" in person.seen


def test_with_json_nobody_is_asked(muster: Cli) -> None:
    with terminal(muster, "declare", "--json") as person:
        assert person.leave() == 2


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours(muster: Cli, environment: dict[str, str], *, coloured: bool) -> None:
    number = label(declared(muster))
    with terminal(muster, "show", number, **environment) as person:
        assert person.leave() == 0
    assert ("\x1b[" in person.seen) is coloured


def test_watch_is_live_and_ctrl_c_leaves_with_0(muster: Cli) -> None:
    number = label(declared(muster))
    with terminal(muster, "watch", number) as person:
        person.until("nobody yet")
        muster("assign", number, "imoc", "me")
        person.say("ann (assigned)", "\x03")
        assert person.leave() == 0
