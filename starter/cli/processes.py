"""``worker``, ``gateway``, ``up`` and ``demo``: commands that start processes and stay."""

import os
import sys
from typing import NoReturn

import click

from starter.cli.options import SETTINGS, examples


@click.command("worker", epilog=examples("muster worker"), context_settings=SETTINGS)
def worker() -> int:
    """Run a worker (python -m workers) with the settings of the environment."""
    _become("workers")


@click.command("gateway", epilog=examples("muster gateway"), context_settings=SETTINGS)
def gateway() -> int:
    """Run the HTTP gateway (python -m starter.gateway): webhooks, health, metrics."""
    _become("starter.gateway")


@click.command("up", epilog=examples("muster up", "muster up --durable"), context_settings=SETTINGS)
@click.option("--durable", is_flag=True, help="Survive a power cut too, at half the speed.")
def up(*, durable: bool) -> int:
    """Run everything here: Temporal, worker, gateway and sandbox; Ctrl-C stops all of it."""
    from starter.stack import up as start

    return start(durable=durable)


@click.command("demo", epilog=examples("muster demo"), context_settings=SETTINGS)
def demo() -> int:
    """Live through one incident, from a real alert to closed, on free ports."""
    from starter.demo import demo as play

    return play()


def _become(module: str) -> NoReturn:
    """Go on as this module, so that signals and the exit code are its own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 - our own interpreter
