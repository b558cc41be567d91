"""Records lives of every workflow on a real server: ``python -m tests.replay.record [VERSION]``."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey

from muster import names
from muster.converter import DATA_CONVERTER
from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports
from tests.replay.shelf import SHELF, save

POLICY = """
[windows]
stability = "3s"
upgrade = "20s"
[chat]
own_channel = true
[effects]
http_timeout = "1s"
settle = "2s"
first_leg = "3s"
slowest_retry = "2s"
[audit]
every = "10s"
"""
PAYLOADS = Path(__file__).parent.parent / "payloads"
FAULTS = "/_control/faults"
TOKEN = "token"
AUDITED = f"WorkflowType = '{names.AUDITOR}' AND ExecutionStatus = 'Completed'"
MANY = 510
NUMBER = SearchAttributeKey.for_int("IncidentNumber")


class Recorder:
    """A stack, and what people and machines do with it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def muster(self, *words: str) -> Any:
        """Run a command and return its document, whatever its exit code."""
        done = subprocess.run(
            [sys.executable, "-c", "from starter.cli import main; main()", *words, "--json"],
            env=self.stack.environment | {"MUSTER_AS": "ana"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return json.loads(done.stdout)

    def webhook(self, body: object) -> None:
        """Post alerts to the gateway."""
        _send("POST", self.stack.ports.gateway, "/webhooks/alertmanager", body)

    def outage(self, vendor: str) -> None:
        """Take a vendor down until it is mended."""
        _send("POST", self.stack.ports.sandbox, FAULTS, {"kind": "outage", "vendor": vendor})

    def mend(self) -> None:
        """End every outage."""
        _send("DELETE", self.stack.ports.sandbox, FAULTS)

    def until(self, number: int, fits: Callable[[Any], bool]) -> None:
        """Wait until the incident is so."""
        deadline = time.monotonic() + 60
        while not fits(self.muster("show", str(number))):
            assert time.monotonic() < deadline, f"#{number} did not get there"
            time.sleep(0.2)

    def phase(self, number: int, phase: str) -> None:
        """Wait for a phase."""
        self.until(number, lambda seen: seen.get("phase") == phase)


def broken_wait(at: Recorder) -> None:
    """#1: an S1 with all roles, updates to all, an outage of the chat, a broken wait and a killed worker."""
    at.muster("declare", "api errors", "--severity", "S1", "--service", "web", "--key", "web-1")
    for role, person in (("imoc", "ana"), ("ocit", "ben"), ("cmoc", "cem")):
        at.muster("assign", "1", role, person)
    at.outage("slack")
    everyone = "end-users,estaff,support,employees"
    at.muster("update", "1", "We look into errors.", "--to", everyone, "--yes")
    at.muster("note", "1", "restart of web-3", "--trying", "--for", "1m")
    at.until(1, lambda seen: bool(seen.get("degraded")))
    at.mend()
    at.stack.worker.kill()
    at.stack.start_worker()
    at.muster("resolve", "1", "--yes")
    at.muster("reopen", "1", "--reason", "errors are back")
    at.muster("resolve", "1", "--yes")
    at.phase(1, "closed")


def upgraded_and_merged(at: Recorder) -> None:
    """#2: an S3 that becomes an S2; #3: its duplicate; #4: a false alarm; #5: lowered and reopened."""
    at.muster("declare", "slow search", "--severity", "S3", "--service", "search")
    at.muster("declare", "search is slow", "--severity", "S2", "--service", "search")
    at.muster("merge", "3", "--into", "2", "--yes")
    at.muster("declare", "nothing", "--severity", "S4")
    at.muster("cancel", "4", "--reason", "false alarm", "--yes")
    at.muster("declare", "typo", "--severity", "S3")
    at.muster("severity", "5", "S4", "--reason", "cosmetic")
    at.muster("resolve", "5", "--yes")
    at.muster("reopen", "5", "--reason", "closed the wrong one", "--closed-by-mistake")
    at.muster("resolve", "5", "--yes")
    at.muster("resolve", "2", "--yes")
    at.phase(2, "closed")


def alerted(at: Recorder) -> None:
    """#6: declared by alerts, which end and fire again."""
    for name in ("firing-two-instances", "partial-resolve", "resolved", "firing-two-instances"):
        captured = json.loads((PAYLOADS / f"alertmanager-v4-{name}.json").read_text())
        at.webhook(captured["body"])
    at.phase(6, "active")


async def odd_messages(client: Client) -> None:
    """A malformed declaration, signals of any shape, and so many commands that the incident continues as new."""
    malformed = await client.start_workflow(
        names.INCIDENT,
        args=[{"title": ""}, 2],
        id="incident-malformed",
        task_queue=names.TASK_QUEUE,
    )
    await asyncio.gather(malformed.result(), return_exceptions=True)
    long = await client.start_workflow(
        names.INCIDENT,
        {"title": "a long one", "severity": "S4"},
        id="incident-long",
        task_queue=names.TASK_QUEUE,
    )
    for args in ([], [1, 2], ["text"], [{"command_id": "x"}]):
        await long.signal(names.ADD_NOTE, args=args)
    await long.signal("nonsense", {"a": 1})
    for index in range(MANY):
        note = {"command_id": f"n{index}", "actor": "ana", "text": f"note {index}"}
        await long.signal(names.ADD_NOTE, note)
    while "continue" not in await _statuses(client, "incident-long"):
        await asyncio.sleep(0.2)


async def looked_back(client: Client, workflow_id: str) -> None:
    """The record of an incident, read from the tracker as if Temporal had forgotten it."""
    page = await client.execute_workflow(
        names.READING, {"workflow_id": workflow_id}, id="reading", task_queue=names.TASK_QUEUE
    )
    assert page["facts"], page


async def _statuses(client: Client, workflow_id: str) -> str:
    found = client.list_workflows(f"WorkflowId = '{workflow_id}'")
    return " ".join([str(one.status and one.status.name).lower() async for one in found])


async def keep_all(client: Client, folder: Path) -> int:
    """Save the history of every run on the server; return how many there are."""
    count = 0
    async for found in client.list_workflows():
        handle = client.get_workflow_handle(found.id, run_id=found.run_id)
        name = _named(found)
        status = found.status.name.lower() if found.status else "open"
        if name == names.AUDITOR_ID and status != "completed":
            continue  # there is always one that has just begun, or none
        save(folder, f"{name}-{status}", await handle.fetch_history())
        count += 1
    return count


def _named(found: WorkflowExecution) -> str:
    """Return what a file is called: a schedule's workflow has a time in its id."""
    if found.workflow_type == names.AUDITOR:
        return names.AUDITOR_ID
    number = found.typed_search_attributes.get(NUMBER)
    return found.id if number is None else f"incident-{number}"


async def _afterwards(address: str, folder: Path) -> int:
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    await odd_messages(client)
    while "running" in await _statuses(client, names.incident_id("web-1")):
        await asyncio.sleep(0.5)
    await looked_back(client, names.incident_id("web-1"))
    await client.get_schedule_handle(names.AUDITOR_SCHEDULE).trigger()
    while not [one async for one in client.list_workflows(AUDITED)]:
        await asyncio.sleep(0.2)
    return await keep_all(client, folder)


def _send(method: str, port: int, path: str, body: object = None) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://{HOST}:{port}{path}", data, headers, method=method)
    urllib.request.urlopen(request, timeout=10).close()


def main() -> None:
    """Play all lives on a stack of its own and save what the server remembers of them."""
    folder = SHELF / (sys.argv[1] if len(sys.argv) > 1 else "next")
    os.environ["MUSTER_BUILD_ID"] = folder.name
    with tempfile.TemporaryDirectory(prefix="muster-record-") as home:
        policy = Path(home) / "policy.toml"
        policy.write_text(POLICY)
        with Stack(Path(home) / "stack", free_ports(), token=TOKEN, policy=policy) as stack:
            at = Recorder(stack)
            for play in (broken_wait, upgraded_and_merged, alerted):
                play(at)
            saved = asyncio.run(_afterwards(f"{HOST}:{stack.ports.temporal}", folder))
    print(f"{saved} histories in {folder.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
