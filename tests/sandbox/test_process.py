"""The sandbox as a process: it says where it listens, keeps its state, and stops quickly."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests


def started(state: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    command = [sys.executable, "-m", "muster.sandbox", "--state", str(state)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_keeps_its_state_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    state = tmp_path / "sandbox.json"
    headers = {"Authorization": "Bearer test"}
    process, urls = started(state)
    assert set(urls) == {"url", "slack", "zoom", "zoom_oauth", "gitlab", "x"}
    posted = requests.post(
        f"{urls['x']}/2/tweets", json={"text": "kept"}, headers=headers, timeout=30
    )
    stopped(process, number)
    process, urls = started(state)
    post = posted.json()["data"]["id"]
    found = requests.get(f"{urls['x']}/2/tweets/{post}", headers=headers, timeout=30)
    stopped(process, number)
    assert found.json()["data"]["text"] == "kept"
