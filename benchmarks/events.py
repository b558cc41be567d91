"""How long the history of a life is."""

import asyncio
from typing import Any

from temporalio.client import Client

from benchmarks.figures import Bench
from benchmarks.lives import Life
from benchmarks.measures import Found, Scale
from benchmarks.script import counts
from muster import names
from starter.stack.places import HOST

AUDIENCES = ["end-users", "estaff", "support", "employees"]
SPOKEN: tuple[tuple[str, dict[str, Any]], ...] = (
    (names.ASSIGN_ROLE, {"role": "imoc", "person": "ana"}),
    (names.ASSIGN_ROLE, {"role": "ocit", "person": "ben"}),
    (names.ASSIGN_ROLE, {"role": "cmoc", "person": "cem"}),
    (names.CHANGE_SEVERITY, {"severity": "S2", "reason": "worse"}),
    *((names.POST_UPDATE, {"message": f"update {index}", "to": AUDIENCES}) for index in range(6)),
    *((names.ADD_NOTE, {"text": f"note {index}"}) for index in range(2)),
    (names.RESOLVE, {}),
)
"""3 roles, one re-rating, 6 updates to 4 audiences each, and 2 notes."""
AT_ONCE, APART = 0.0, 3.0
"""Seconds between two commands: all their changes are written as one, or each command's by themselves."""


def history_events(bench: Bench, _scale: Scale) -> Found:
    """Events of a life to its very end: one whose commands come at once, and one in which they come apart."""
    at_once, apart = (asyncio.run(_counted(bench, pause)) for pause in (AT_ONCE, APART))
    return Found(
        {
            "history events of a life": at_once["all events"],
            "history events of a life, commands apart": apart["all events"],
        },
        {"events of a life": at_once, "events of a life, commands apart": apart},
    )


async def _counted(bench: Bench, pause: float) -> dict[str, int]:
    client = await Client.connect(f"{HOST}:{bench.stack.ports.temporal}")
    life = Life(client, f"service-{pause}", severity="S3")
    await life.begin()
    for name, fields in SPOKEN:
        await life.say(name, **fields)
        await asyncio.sleep(pause)
    await life.handle.result()
    return counts(await life.history())
