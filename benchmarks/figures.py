"""The figures: each a function of a running stack that returns what it measured."""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starter.stack.embedded import Stack
from starter.stack.places import HOST

CALL = 0.1
"""Seconds that every call to a vendor takes while declare-to-ready is measured."""
BASE = [sys.executable, "-c", "import temporalio.client"]
MUSTER = [sys.executable, "-c", "from starter.cli import main; main()"]


class Bench:
    """A running stack, its command line, and its sandbox."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.env = stack.environment | {"MUSTER_AS": "ana"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command."""
        return subprocess.run(
            [*MUSTER, *words], env=self.env, capture_output=True, text=True, check=False, timeout=60
        )

    def json(self, *words: str) -> Any:
        """Run one command and return its document."""
        return json.loads(self.run(*words, "--json").stdout)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the sandbox's control."""
        url = f"http://{HOST}:{self.stack.ports.sandbox}/_control/{path}"
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as reply:
            return json.loads(reply.read())

    def settle(self, number: int) -> None:
        """Wait until every effect of the incident is done."""
        deadline = time.monotonic() + 60
        while not all(
            one["state"] in {"done", "off"} for one in self.json("show", str(number))["effects"]
        ):
            assert time.monotonic() < deadline, "the effects did not settle"
            time.sleep(0.2)


def declare_to_ready(bench: Bench, rounds: int) -> dict[str, float]:
    """Time from the declaration until channel, bridge, issue and announcement stand, in vendor calls."""
    bench.control("POST", "latency", {"seconds": CALL})
    spans, chains = [], []
    for _ in range(rounds):
        bench.control("DELETE", "calls")
        declared = bench.json("declare", "bench", "--severity", "S2")
        bench.settle(declared["number"])
        spans.append(_ready_after(declared["workflow_id"], bench))
        chains.append(_chain(bench.control("GET", "calls"), spans[-1]))
    bench.control("POST", "latency", {"seconds": 0})
    return {
        "declare-to-ready / one provider call": statistics.median(spans) / CALL,
        "provider calls on the critical path": statistics.median(chains),
    }


def _ready_after(workflow_id: str, bench: Bench) -> float:
    """Return the seconds between the start and the last opening effect's completion, by the server's own clock."""
    events = _history(workflow_id, bench)
    scheduled = {
        one["eventId"]: one for one in events if "activityTaskScheduledEventAttributes" in one
    }
    ended = [
        _at(one)
        for one in events
        if (done := one.get("activityTaskCompletedEventAttributes"))
        and _name(scheduled[done["scheduledEventId"]]) in _OPS
    ]
    return (max(ended) - _at(events[0])).total_seconds()


_OPS = {"chat.announce", "conference.open", "tracker.open", "chat.open_channel"}


def _name(event: dict[str, Any]) -> str:
    return str(event["activityTaskScheduledEventAttributes"]["activityType"]["name"])


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["eventTime"][:26].rstrip("Z")).replace(tzinfo=UTC)


def _history(workflow_id: str, bench: Bench) -> list[dict[str, Any]]:
    command = [bench.stack.server.command[0], "workflow", "show", "-w", workflow_id, "-o", "json"]
    done = subprocess.run(
        [*command, "--address", f"{HOST}:{bench.stack.ports.temporal}"],
        capture_output=True,
        text=True,
        check=True,
    )
    events: list[dict[str, Any]] = json.loads(done.stdout)["events"]
    return events


def _chain(calls: list[dict[str, Any]], seconds: float) -> int:
    """Return how many calls followed each other until all stood: the next begins when one before it has ended."""
    begun = sorted(datetime.fromisoformat(one["at"]) for one in calls)
    within = [at for at in begun if (at - begun[0]).total_seconds() <= seconds - CALL]
    depth, free = 0, begun[0]
    for at in within:
        if at >= free:
            depth, free = depth + 1, at + timedelta(seconds=CALL)
    return depth


def history_events(bench: Bench) -> dict[str, float]:
    """Events of a life with 3 roles, 6 updates to 4 audiences, 2 notes and one re-rating."""
    number = str(bench.json("declare", "a whole life", "--severity", "S3")["number"])
    for role, person in (("imoc", "ana"), ("ocit", "ben"), ("cmoc", "cem")):
        bench.json("assign", number, role, person)
    bench.json("severity", number, "S2", "--reason", "worse")
    for index in range(6):
        audiences = "end-users,estaff,support,employees"
        bench.json("update", number, f"update {number}.{index}", "--to", audiences, "--yes")
    for index in range(2):
        bench.json("note", number, f"note {index}")
    bench.json("resolve", number, "--yes")
    bench.settle(int(number))
    workflow_id = bench.json("show", number)["workflow_id"]
    return {"history events of a life": len(_history(workflow_id, bench))}


def command_line(bench: Bench, rounds: int) -> dict[str, float]:
    """Time of ``show`` and of ``--help`` in times of the bare import of Temporal's client, pair by pair."""
    number = str(bench.json("declare", "show me", "--severity", "S4")["number"])

    def ratio(*words: str) -> float:
        pairs = [(_seconds([*MUSTER, *words], bench), _seconds(BASE, bench)) for _ in range(rounds)]
        return statistics.median(own / base for own, base in pairs)

    return {
        "muster show / import temporalio.client": ratio("show", number),
        "muster --help / import temporalio.client": ratio("--help"),
    }


def _seconds(command: list[str], bench: Bench) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=bench.env, capture_output=True, check=True)
    return time.perf_counter() - begun


def exit_codes(bench: Bench, rounds: int) -> dict[str, float]:
    """One-shot commands that leave with another code than they should."""
    number = str(bench.json("declare", "codes", "--severity", "S4")["number"])
    cases: tuple[tuple[int, tuple[str, ...]], ...] = (
        (0, ("show", number)),
        (0, ("list", "--json")),
        (2, ("severity", number, "S9", "--reason", "x")),
        (3, ("show", "999999")),
        (4, ("reopen", number, "--reason", "x")),
    )
    wrong = sum(
        bench.run(*words).returncode != code
        for _ in range(rounds // len(cases))
        for code, words in cases
    )
    return {f"wrong exit codes of {rounds // len(cases) * len(cases)}": wrong}


def after_a_kill(bench: Bench, rounds: int) -> dict[str, float]:
    """The slowest answer to a command just after its worker was killed and another one started."""
    number = str(bench.json("declare", "kill", "--severity", "S4")["number"])
    spans = []
    for index in range(rounds):
        bench.stack.worker.kill()
        bench.stack.start_worker()
        begun = time.perf_counter()
        bench.run("note", number, f"after kill {index}")
        spans.append(time.perf_counter() - begun)
    return {"seconds of the slowest answer after a kill": max(spans)}


def without_vendors(bench: Bench, rounds: int) -> dict[str, float]:
    """The slowest declaration, with its first role assigned, while no vendor can be reached."""
    bench.stack.sandbox.kill()
    spans = []
    for index in range(rounds):
        begun = time.perf_counter()
        number = bench.json("declare", f"alone {index}", "--severity", "S1")["number"]
        assigned = bench.run("assign", str(number), "imoc", "ana")
        spans.append(time.perf_counter() - begun)
        assert assigned.returncode == 0, assigned.stderr
    bench.stack.sandbox.start()
    return {"seconds to declare and assign without vendors": max(spans)}


def all_figures(bench: Bench, *, full: bool) -> dict[str, float]:
    """Measure everything, one thing at a time."""
    measures: tuple[Callable[[], dict[str, float]], ...] = (
        lambda: declare_to_ready(bench, 10 if full else 5),
        lambda: history_events(bench),
        lambda: command_line(bench, 25 if full else 7),
        lambda: exit_codes(bench, 1000 if full else 50),
        lambda: after_a_kill(bench, 20 if full else 4),
        lambda: without_vendors(bench, 20 if full else 4),
    )
    found: dict[str, float] = {}
    for measure in measures:
        found |= measure()
    return found
