"""What many open incidents cost: the time of an answer, and the worker's memory."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.lives import Life
from benchmarks.measures import Found, Scale
from benchmarks.rig import LASTING, Crew, Site
from muster import names

FEW = 20
AT_ONCE = 10
"""Incidents that are declared at a time."""
PAUSE = 0.1
"""Seconds between two updates, in which the effects of the last one are done."""
IDLE = 0.06
"""A worker that uses less of a processor than this has nothing left to do."""
PATIENCE = 120.0


async def crowd(home: Path, scale: Scale) -> Found:
    """Ask an incident among many and one among few in turns, on a server and a worker of their own each."""
    many = scale.open
    with Site(home / "few", LASTING) as quiet, Site(home / "many", LASTING) as busy:
        calm, crew = quiet.worker(), busy.worker()
        few = await _opened(quiet, calm, FEW)
        crowded = await _opened(busy, crew, FEW)
        before = crew.memory()
        crowded += await _opened(busy, crew, many - FEW)
        grown = (crew.memory() - before) / (many - FEW)
        spans = await _asked_in_turns((few, crowded), scale.asked)
    middle = [statistics.median(one) for one in spans]
    figures = {
        f"update p50 at {many:,} open / at {FEW}": middle[1] / middle[0],
        f"worker KB per open incident, of {many:,}": grown,
    }
    return Found(figures, _details(many, middle, before))


def _details(many: int, middle: list[float], before: float) -> dict[str, Any]:
    return {
        f"update p50 at {FEW} open, ms": middle[0] * 1000,
        f"update p50 at {many} open, ms": middle[1] * 1000,
        f"worker KB at {FEW} open": before,
    }


async def _opened(site: Site, crew: Crew, count: int) -> list[Life]:
    """Declare so many incidents of a few services, and wait until all that they open stands."""
    client = await site.client()
    coming = [Life(client, f"service-{index % FEW}") for index in range(count)]
    waiting = iter(coming)

    async def place() -> None:
        for life in waiting:
            await life.begin()

    await asyncio.gather(*(place() for _ in range(AT_ONCE)))
    await _calm(crew)
    return coming


async def _calm(crew: Crew) -> None:
    """Wait until the worker has done nothing for some seconds: more than a change may lie."""
    deadline, still = time.monotonic() + PATIENCE, 0
    while still < 4:
        assert time.monotonic() < deadline, "the worker does not come to rest"
        used = crew.cpu()
        await asyncio.sleep(1)
        still = still + 1 if crew.cpu() - used < IDLE else 0


async def _asked_in_turns(crowds: Sequence[list[Life]], pairs: int) -> list[list[float]]:
    spans: list[list[float]] = [[] for _ in crowds]
    for index in range(pairs):
        for lives, own in zip(crowds, spans, strict=True):
            begun = time.perf_counter()
            await lives[index * len(lives) // pairs].say(names.ADD_NOTE, text=f"note {index}")
            own.append(time.perf_counter() - begun)
            await asyncio.sleep(PAUSE)
    return spans
