"""The figures: each a measure of a running stack."""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.measures import Found, Measure, Scale
from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports

CALL = 0.1
"""Seconds that every call to a vendor takes while declare-to-ready is measured."""
BASE = [sys.executable, "-c", "import temporalio.client"]
MUSTER = [sys.executable, "-c", "from starter.cli import main; main()"]


POLICY = '[chat]\nown_channel = true\n[windows]\nstability = "5s"\nupgrade = "5s"\n'
"""All that an incident can open; both windows are short, so that a life has an end."""
PATIENCE = 60.0


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
        """Run one command, which must be done, and return its document."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, f"{words}: {done.returncode} {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def history(self, workflow_id: str) -> list[dict[str, Any]]:
        """Return the events of a workflow, the oldest first."""
        command = [
            self.stack.server.command[0],
            "workflow",
            "show",
            "-w",
            workflow_id,
            "-o",
            "json",
        ]
        address = f"{HOST}:{self.stack.ports.temporal}"
        done = subprocess.run([*command, "--address", address], capture_output=True, check=True)
        events: list[dict[str, Any]] = json.loads(done.stdout)["events"]
        return events

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the sandbox's control."""
        url = f"http://{HOST}:{self.stack.ports.sandbox}/_control/{path}"
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as reply:
            return json.loads(reply.read())

    def settle(self, number: int) -> None:
        """Wait until every effect of the incident is done."""
        _wait_until(lambda: self._is_settled(number), "the effects did not settle")

    def _is_settled(self, number: int) -> bool:
        done = self.run("show", str(number), "--json")
        effects = json.loads(done.stdout)["effects"] if done.returncode == 0 else [{"state": "?"}]
        return all(one["state"] in {"done", "off"} for one in effects)


def on_a_stack(measure: Callable[[Bench, Scale], Found]) -> Measure:
    """Return the measure with a stack of its own, as a person meets it."""

    def run(home: Path, scale: Scale) -> Found:
        policy = home / "policy.toml"
        policy.write_text(POLICY)
        with Stack(home / "stack", free_ports(), token="bench", policy=policy) as stack:  # noqa: S106 - of a sandbox
            return measure(Bench(stack), scale)

    return run


def _wait_until(ready: Callable[[], bool], late: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, late
        time.sleep(0.2)


def declare_to_ready(bench: Bench, scale: Scale) -> Found:
    """Time from the declaration until channel, bridge, issue and announcement stand, in vendor calls."""
    bench.control("POST", "latency", {"seconds": CALL})
    spans, chains = [], []
    for _ in range(scale.declarations):
        bench.control("DELETE", "calls")
        declared = bench.json("declare", "bench", "--severity", "S2")
        bench.settle(declared["number"])
        spans.append(_ready_after(declared["workflow_id"], bench))
        chains.append(_chain(bench.control("GET", "calls"), spans[-1]))
    return Found(
        {
            "declare-to-ready / one provider call": statistics.median(spans) / CALL,
            "provider calls on the critical path": statistics.median(chains),
        },
        {"declare-to-ready, seconds": spans, "provider calls until ready": chains},
    )


def _ready_after(workflow_id: str, bench: Bench) -> float:
    """Return the seconds between the start and the last opening effect's completion, by the server's own clock."""
    events = bench.history(workflow_id)
    names = {one["eventId"]: _name(one) for one in events if _SCHEDULED in one}
    done = [one for one in events if _COMPLETED in one]
    ended = {names[one[_COMPLETED]["scheduledEventId"]]: _at(one) for one in reversed(done)}
    return (max(ended[op] for op in _OPS) - _at(events[0])).total_seconds()


_SCHEDULED = "activityTaskScheduledEventAttributes"
_COMPLETED = "activityTaskCompletedEventAttributes"
_OPS = {"chat.announce", "conference.open", "tracker.open", "chat.open_channel"}


def _name(event: dict[str, Any]) -> str:
    return str(event[_SCHEDULED]["activityType"]["name"])


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["eventTime"][:26].rstrip("Z")).replace(tzinfo=UTC)


def _chain(calls: list[dict[str, Any]], seconds: float) -> int:
    """Return how many calls followed each other until all stood: the next begins when one before it has ended."""
    begun = sorted(datetime.fromisoformat(one["at"]) for one in calls)
    within = [at for at in begun if (at - begun[0]).total_seconds() <= seconds - CALL]
    depth, free = 0, begun[0]
    for at in within:
        if at >= free:
            depth, free = depth + 1, at + timedelta(seconds=CALL)
    return depth


def command_line(bench: Bench, scale: Scale) -> Found:
    """Time of ``show`` and of ``--help`` in times of the bare import of Temporal's client, pair by pair."""
    number = str(bench.json("declare", "show me", "--severity", "S4")["number"])

    def ratio(*words: str) -> float:
        pairs = [
            (_seconds([*MUSTER, *words], bench), _seconds(BASE, bench)) for _ in range(scale.pairs)
        ]
        return statistics.median(own / base for own, base in pairs)

    return Found(
        {
            "muster show / import temporalio.client": ratio("show", number),
            "muster --help / import temporalio.client": ratio("--help"),
        }
    )


def _seconds(command: list[str], bench: Bench) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=bench.env, capture_output=True, check=True)
    return time.perf_counter() - begun


def exit_codes(bench: Bench, scale: Scale) -> Found:
    """One-shot commands that leave with another code than they should."""
    number = str(bench.json("declare", "codes", "--severity", "S4")["number"])
    cases: tuple[tuple[int, tuple[str, ...]], ...] = (
        (0, ("show", number)),
        (0, ("list", "--json")),
        (0, ("note", number, "one more")),
        (2, ("severity", number, "S9", "--reason", "x")),
        (3, ("show", "999999")),
        (4, ("reopen", number, "--reason", "x")),
    )
    met = Counter(
        (code, bench.run(*words).returncode) for code, words in islice(cycle(cases), scale.commands)
    )
    wrong = sum(times for (code, given), times in met.items() if code != given)
    seen = {f"{code} expected, {given} given": times for (code, given), times in met.items()}
    return Found({f"wrong exit codes of {scale.commands:,}": wrong}, {"exit codes": seen})


def without_vendors(bench: Bench, scale: Scale) -> Found:
    """The slowest declaration, with its first role assigned, while no vendor can be reached."""
    bench.stack.sandbox.kill()
    spans = []
    for index in range(scale.declarations):
        begun = time.perf_counter()
        number = bench.json("declare", f"alone {index}", "--severity", "S1")["number"]
        bench.json("assign", str(number), "imoc", "ana")
        spans.append(time.perf_counter() - begun)
    return Found({"seconds to declare and assign without vendors": max(spans)})
