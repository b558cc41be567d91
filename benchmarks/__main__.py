"""Measure and print: ``python -m benchmarks [--full]``."""

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Bench, all_figures
from starter.stack.embedded import Stack
from starter.stack.places import free_ports

REACH = {
    "declare-to-ready / one provider call": 3.5,
    "provider calls on the critical path": 2,
    "history events of a life": 300,
    "muster show / import temporalio.client": 1.35,
    "muster --help / import temporalio.client": 0.8,
    "seconds of the slowest answer after a kill": 3,
}
NOT_MEASURED = (
    "incidents per second / control workflow",
    "worker CPU per life / control workflow",
    "embedded server / stock server",
    "update p50 at 2,000 open / at 20; memory per open incident",
)
POLICY = '[chat]\nown_channel = true\n[windows]\nstability = "5s"\n'
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run a stack of our own, measure, print a table and leave the JSON beside it."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as home:
        policy = Path(home) / "policy.toml"
        policy.write_text(POLICY)
        with Stack(Path(home) / "stack", free_ports(), token="bench", policy=policy) as stack:  # noqa: S106 - of a sandbox
            found = all_figures(Bench(stack), full="--full" in sys.argv)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "figures.json").write_text(json.dumps(found, indent=2))
    for name, value in found.items():
        reach = f"reach {REACH[name]:g}" if name in REACH else "reach 0"
        print(f"{name:46} {value:8.2f}   {reach}")
    for name in NOT_MEASURED:
        print(f"{name:46} not measured")


if __name__ == "__main__":
    main()
