"""Measure and print: ``python -m benchmarks [--short] [MEASURE ...]``."""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig

from benchmarks.crowd import crowd
from benchmarks.events import history_events
from benchmarks.figures import (
    command_line,
    declare_to_ready,
    exit_codes,
    on_a_stack,
    without_vendors,
)
from benchmarks.kill import after_a_kill
from benchmarks.measures import SHORT, TABLE, Found, Measure, Scale
from benchmarks.on_call import on_call
from benchmarks.skipped import skipped
from benchmarks.throughput import throughput

REACH = {
    "declare-to-ready / one provider call": "at most 3.5",
    "provider calls on the critical path": "at most 2",
    "history events of a life": "at most 300",
    "muster show / import temporalio.client": "at most 1.35",
    "muster --help / import temporalio.client": "at most 0.8",
    "wrong exit codes": "0",
    "seconds of p99 answer after 1 of 2 workers died": "at most 3",
    "wrong answers after a kill": "0",
    "seconds to declare and assign without vendors": "at most 2",
    "seconds of a 6-hour S1 on skipped time": "at most 1",
    "incidents per second / control workflow": "at least 0.7",
    "worker CPU per life / control workflow": "at most 1.5",
    "embedded server / stock server": "at least 1.9",
    "update p50 at": "at most 1.6",
    "worker KB per open incident": "at most 200",
    "p99 ms of an on-call answer": "at most 5",
}
"""What a figure is to reach, by the beginning of its name, at the scale of the table."""
QUIET = TelemetryConfig(logging=LoggingConfig(filter="ERROR"))
"""What the SDK says between the figures: the server that skips time is old."""
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure what is asked for, print each figure, and keep it at once: what comes later may fail."""
    asked = _arguments()
    Runtime.set_default(Runtime(telemetry=QUIET))
    scale, file = (SHORT, "short.json") if asked.short else (TABLE, "figures.json")
    kept = _kept(RESULTS / file) if asked.measures else {}
    for found in _measured(asked.measures or list(MEASURES), scale):
        _say(found.figures)
        details = kept.pop("details", {}) | found.details
        kept |= found.figures | {"details": details}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / file).write_text(json.dumps(kept, indent=2))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="less of everything, in minutes")
    parser.add_argument(
        "measures", nargs="*", metavar="MEASURE", help=f"only these, of {', '.join(MEASURES)}"
    )
    asked = parser.parse_args()
    if unknown := set(asked.measures) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    return asked


def _kept(file: Path) -> dict[str, Any]:
    """Return what an earlier run has left, in which what is measured again is replaced."""
    left: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return left


def _measured(names: Sequence[str], scale: Scale) -> Iterator[Found]:
    """Measure one thing after the other, each in a folder of its own."""
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"muster-bench-{name}-") as home:
            yield MEASURES[name](Path(home), scale)


def _in_a_loop(measure: Callable[[Path, Scale], Coroutine[Any, Any, Found]]) -> Measure:
    return lambda home, scale: asyncio.run(measure(home, scale))


MEASURES: dict[str, Measure] = {
    "ready": on_a_stack(declare_to_ready),
    "events": on_a_stack(history_events),
    "cli": on_a_stack(command_line),
    "exits": on_a_stack(exit_codes),
    "kill": on_a_stack(after_a_kill),
    "outage": on_a_stack(without_vendors),
    "skipped": _in_a_loop(skipped),
    "lives": _in_a_loop(throughput),
    "crowd": _in_a_loop(crowd),
    "oncall": _in_a_loop(on_call),
}
"""Every measure, in the order in which they are taken."""


def _say(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:50} {value:8.2f}   reach {_reach(name)}", flush=True)


def _reach(figure: str) -> str:
    return next(reach for name, reach in REACH.items() if figure.startswith(name))


if __name__ == "__main__":
    main()
