"""``probe``: does all of it work, from here to the ledger and back? For cron and monitoring."""

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from starter.cli import times
from starter.cli.options import Field, command
from starter.cli.page import Row
from starter.cli.session import Session
from starter.failures import BadInput, Failure

if TYPE_CHECKING:
    from starter.probing import Steps

_PATIENCE = 15.0


def _seconds(text: str) -> float:
    found = times.span(text).total_seconds()
    if not 0 < found <= 60:  # noqa: PLR2004 - a minute, half of what a probe lasts
        message = "must be longer than nothing and at most 60s"
        raise ValueError(message)
    return found


@command(
    "probe",
    "muster probe",
    "muster probe --timeout 5s --json",
    "muster probe --metrics > muster.prom",
)
@click.option(
    "--timeout",
    "patience",
    type=Field("timeout", _seconds),
    metavar="15s",
    help="How long all steps together may take.",
)
@click.option("--metrics", is_flag=True, help="The result as metrics for Prometheus.")
def probe(session: Session, patience: float | None, *, metrics: bool) -> int:
    """Declare and cancel a test incident that takes no number and that nobody sees; time each step."""
    if metrics and session.as_json:
        message = "metrics: give either --metrics or --json"
        raise BadInput(message, "metrics")
    actor = session.actor
    from starter import probing

    steps = probing.Steps(patience or _PATIENCE)
    try:
        session.run(lambda muster: probing.probe(muster.client, steps, actor, "cli"))
    except Failure as failure:
        if metrics:
            sys.stdout.write(exposition(steps))
        failure.beside = steps.document()
        raise
    if metrics:
        sys.stdout.write(exposition(steps))
    else:
        session.show(steps.document(), _rows(steps))
    return 0


def _rows(steps: "Steps") -> Iterator[Row]:
    yield Row(f"all is well, in {sum(steps.taken.values()):.3f} s", style="green")
    for step, taken in steps.taken.items():
        yield Row(f"{taken:.3f} s", label=step, style="dim")


def exposition(steps: "Steps") -> str:
    """Return the result in Prometheus' text format."""
    taken = steps.taken.items()
    families = (
        ("muster_probe_success", "Whether every step came", [("", int(steps.next is None))]),
        ("muster_probe_end_timestamp_seconds", "When the probe ended", [("", round(time.time()))]),
        (
            "muster_probe_step_seconds",
            "How long a step took; one that did not come is not there",
            [(f'{{step="{step}"}}', round(seconds, 6)) for step, seconds in taken],
        ),
    )
    lines = [
        line
        for name, told, values in families
        for line in (
            f"# HELP {name} {told}",
            f"# TYPE {name} gauge",
            *(f"{name}{labels} {value}" for labels, value in values),
        )
    ]
    return "\n".join(lines) + "\n"
