"""A command's answer just after the worker that had its incident was killed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.figures import Bench
from benchmarks.measures import Found, Scale, p99
from starter.stack.children import Child, wait_for
from starter.stack.embedded import READY

EACH = 10
"""Kills of one incident: its history, which a worker begins with, is then as long as an incident's, not a hundred notes."""
_TASK = "workflowTaskCompletedEventAttributes"


def after_a_kill(bench: Bench, scale: Scale) -> Found:
    """Kill, of two workers, the one that has the incident, and ask at once, while it starts anew.

    Two, because that is how we advise to deploy: a single one is away for as long as Python takes to start. The incident is
    at rest: a task that dies with its worker is given up by Temporal after ten seconds, and what is asked meanwhile is
    recorded.
    """
    spans, codes = [], []
    with _two_workers(bench) as workers:
        for index in range(scale.kills):
            if index % EACH == 0:
                declared = bench.json("declare", f"kill {index}", "--severity", "S4")
            holder = _holder(bench, declared["workflow_id"], workers)
            begun = time.perf_counter()
            holder.kill()
            holder.start()
            answered = bench.run("note", str(declared["number"]), f"after kill {index}")
            spans.append(time.perf_counter() - begun)
            codes.append(answered.returncode)
            _await(holder)
            bench.settle(declared["number"])
    return Found(
        {
            "seconds of p99 answer after 1 of 2 workers died": p99(spans),
            f"wrong answers after a kill, of {scale.kills}": sum(code != 0 for code in codes),
        },
        {"seconds of answers after a kill": spans, "exit codes after a kill": codes},
    )


@contextmanager
def _two_workers(bench: Bench) -> Iterator[Sequence[Child]]:
    """Start a second worker beside the stack's own."""
    first, stack = bench.stack.worker, bench.stack
    second = Child("second", first.command, stack.environment, stack.home / "log" / "second.log")
    second.start()
    try:
        _await(second)
        yield first, second
    finally:
        second.stop()


def _holder(bench: Bench, workflow_id: str, workers: Sequence[Child]) -> Child:
    """Return the worker that did the incident's last task: what is cached there goes nowhere else.

    Where that one is dead and nobody has taken over yet, any will do.
    """
    tasks = [one[_TASK] for one in bench.history(workflow_id) if _TASK in one]
    process = int(tasks[-1]["identity"].partition("@")[0])
    return next((one for one in workers if one.pid == process), workers[0])


def _await(worker: Child) -> None:
    wait_for(worker.name, lambda: READY in worker.text(), worker)
