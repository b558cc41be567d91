"""Measure and print: ``python -m benchmarks [--full]``."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.crowd import crowd
from benchmarks.figures import Bench, all_figures
from benchmarks.throughput import Found, throughput
from starter.stack.embedded import Stack
from starter.stack.places import free_ports

REACH = {
    "declare-to-ready / one provider call": "at most 3.5",
    "provider calls on the critical path": "at most 2",
    "history events of a life": "at most 300",
    "muster show / import temporalio.client": "at most 1.35",
    "muster --help / import temporalio.client": "at most 0.8",
    "wrong exit codes": "0",
    "seconds of the slowest answer after a kill": "at most 3",
    "seconds to declare and assign without vendors": "at most 2",
    "incidents per second / control workflow": "at least 0.7",
    "worker CPU per life / control workflow": "at most 1.5",
    "embedded server / stock server": "at least 1.9",
    "update p50 at": "at most 1.6",
    "worker KB per open incident": "at most 200",
}
"""What a figure is to reach, by the beginning of its name; those of many open incidents are meant for 2,000."""
POLICY = '[chat]\nown_channel = true\n[windows]\nstability = "5s"\n'
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure on stacks of our own, print each figure, and leave the JSON with what the ratios were made from."""
    full = "--full" in sys.argv
    figures: dict[str, float] = {}
    details: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as home:
        for measure in (_answers, _throughput, _crowd):
            found = measure(Path(home), full=full)
            figures |= found.figures
            details |= found.details
            _say(found.figures)
    RESULTS.mkdir(exist_ok=True)
    document = figures | {"details": details}
    (RESULTS / "figures.json").write_text(json.dumps(document, indent=2))


def _answers(home: Path, *, full: bool) -> Found:
    """Return the figures of a stack as a person meets it."""
    policy = home / "policy.toml"
    policy.write_text(POLICY)
    with Stack(home / "stack", free_ports(), token="bench", policy=policy) as stack:  # noqa: S106 - of a sandbox
        return Found(all_figures(Bench(stack), full=full), {})


def _throughput(home: Path, *, full: bool) -> Found:
    return asyncio.run(throughput(home / "throughput", rounds=5 if full else 2))


def _crowd(home: Path, *, full: bool) -> Found:
    many, pairs = (2_000, 200) if full else (300, 60)
    return asyncio.run(crowd(home / "crowd", many=many, pairs=pairs))


def _say(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:46} {value:8.2f}   reach {_reach(name)}", flush=True)


def _reach(figure: str) -> str:
    return next(reach for name, reach in REACH.items() if figure.startswith(name))


if __name__ == "__main__":
    main()
