"""``muster up``: what it refuses before anything starts, a whole life of it, and a part that keeps ending."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from muster.settings import SettingsError
from starter.stack.children import Child, StackError
from starter.stack.places import HOST, VARIABLES, Ports, free_ports, temporal_binary
from starter.stack.up import _wanted
from starter.stack.watching import LONGEST_PAUSE, Part
from tests.starter.conftest import ROOT, Cli

pytestmark = pytest.mark.timeout(120)

START = """
import json, sys
from pathlib import Path
from starter.cli import leave
from starter.stack import up
from starter.stack.places import Ports
leave(up(home=Path(sys.argv[1]), ports=Ports(*json.loads(sys.argv[2]))))
"""


@pytest.mark.parametrize("given", ["abc", "-1", "0", "65536", " 8420", "", "٨"])
def test_a_port_that_does_not_parse_is_refused_by_name(given: str) -> None:
    done = Cli()("up", MUSTER_GATEWAY_PORT=given)
    assert (done.code, done.out) == (2, "")
    assert f"MUSTER_GATEWAY_PORT is {given!r}: must be a port from 1 to 65535" in done.err


@pytest.mark.parametrize("part", VARIABLES)
def test_every_part_has_a_port_that_can_be_chosen(part: str) -> None:
    chosen = _wanted({VARIABLES[part]: "9999"}, None).ports
    assert chosen == replace(Ports(), **{part: 9999})
    with pytest.raises(SettingsError, match=VARIABLES[part]):
        _wanted({VARIABLES[part]: "many"}, None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('stabilty = "3m"', "windows.stabilty: is no key of the policy (did you mean stability?)"),
        ('stability = "-3m"', "windows.stability: must be a duration"),
    ],
)
def test_a_bad_policy_is_refused_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[windows]\n{line}\n")
    done = Cli()("up", MUSTER_POLICY=str(policy))
    assert (done.code, done.out) == (2, "")
    assert f"{policy}:2: {told}" in done.err


def test_a_taken_port_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.socket() as listener:
        listener.bind((HOST, ports.gateway))
        listener.listen()
        done = _up(tmp_path / "home", ports)
        _, errors = done.communicate(timeout=30)
    assert done.returncode == 1
    assert f"port {ports.gateway} (gateway) is taken" in errors
    assert "MUSTER_GATEWAY_PORT" in errors
    assert not (tmp_path / "home").exists()


def test_a_port_cannot_be_for_two_parts() -> None:
    one = free_ports().temporal
    with pytest.raises(StackError, match=f"port {one} is wanted for temporal and for gateway; MUS"):
        Ports(temporal=one, ui=one + 1, gateway=one).check()


def test_a_missing_server_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="make install"):
        temporal_binary()


def test_ctrl_c_ends_all_of_it_and_the_next_one_finds_its_incidents(tmp_path: Path) -> None:
    ports = free_ports()
    muster = Cli({"TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}"})
    with _running(tmp_path, ports) as first:
        assert _listens_only_here(ports.gateway)
        assert muster("declare", "kept", "--severity", "S4").code == 0
        _end(first, signal.SIGINT)
    assert muster("list").code == 5
    with _running(tmp_path, ports) as second:
        assert [one["title"] for one in muster("list", "--json").document] == ["kept"]
        _end(second, signal.SIGTERM)
    ports.check()


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    ports = free_ports()
    process = _up(tmp_path, ports)
    _until((tmp_path / "log" / "temporal.log").exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "left before everything was up" in errors
    ports.check()


def test_a_child_whose_parent_is_gone_at_its_start_does_not_stay() -> None:
    """The window is too short to be met by chance: the check itself is given another parent."""
    code = "from starter.stack.children import die_with; die_with(1)(); print('alive')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
        env=Cli().all_of({}),
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_what_keeps_ending_is_started_again_ever_less_often(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child(
        "part",
        [sys.executable, "-c", "print('why'); raise SystemExit(3)"],
        dict(os.environ),
        tmp_path / "l",
    )
    part, now, starts = Part(child), 1_000.0, list[float]()
    child.start()
    for _ in range(200):
        _until(lambda: not child.running())
        began = part.began
        part.look(now)
        starts += [now] if part.began != began else []
        now += 0.5
    waited = [after - before for before, after in pairwise(starts)]
    assert waited == sorted(waited)
    assert waited[0] < 2
    assert max(waited) <= LONGEST_PAUSE + 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) in {len(starts), len(starts) + 1}
    log = tmp_path / "l"
    assert (
        told[0] == f"part has ended (exit code 3) and is started again now; its log is {log}: why"
    )


def test_of_one_that_was_killed_the_signal_is_told_and_no_older_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import time; print('a warning of an hour ago', flush=True); time.sleep(60)"
    child = Child("part", [sys.executable, "-c", code], dict(os.environ), tmp_path / "l")
    child.start()
    _until(lambda: "warning" in child.text())
    child.kill()
    Part(child, pause=60.0).look(0.0)
    told = capsys.readouterr().err
    assert "part has ended (SIGKILL) and is started again" in told
    assert "warning" not in told


def test_the_last_words_are_of_this_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of another day\n")
    child = Child("part", [sys.executable, "-c", "print('today')"], dict(os.environ), log)
    child.start()
    _until(lambda: not child.running())
    assert child.last_words() == "today"
    assert log.read_text() == "of another day\ntoday\n"


def _up(home: Path, ports: Ports) -> subprocess.Popen[str]:
    numbers = json.dumps(list(vars(ports).values()))
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START, str(home), numbers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=Cli().all_of({}),
    )


@contextmanager
def _running(home: Path, ports: Ports) -> Iterator[subprocess.Popen[str]]:
    process = _up(home, ports)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "Muster is up.\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def _end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert out.endswith("stopping ...\n")


def _listens_only_here(port: int) -> bool:
    with socket.socket() as other:  # fails where something listens on all addresses
        other.bind(("127.0.0.2", port))
    return True


def _until(ready: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)
