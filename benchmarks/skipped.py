"""How long a person waits for hours of an incident on skipped time."""

import statistics
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.measures import Found, Scale
from tests.servers import time_skipping
from tests.workflows.incidents import declare, live_six_hours, working
from tests.workflows.world import World


async def skipped(_home: Path, scale: Scale) -> Found:
    """Return the seconds from a declaration to the end of the window; servers and workers stand before."""
    spans = [await _six_hours() for _ in range(scale.lives)]
    name = "seconds of a 6-hour S1 on skipped time"
    return Found({name: statistics.median(spans)}, {f"{name}, each": spans})


async def _six_hours() -> float:
    """Live once, on a server of its own: what is left of another life would hold its time back."""
    async with await time_skipping() as env, working(env.client, World()):
        begun = time.perf_counter()
        life = await declare(env)
        await live_six_hours(life)
        seconds = time.perf_counter() - begun
        kinds = await life.kinds()
        assert (kinds.count("resolved"), kinds.count("closed")) == (2, 1)
        assert await life.at("closed") - await life.at("declared") >= timedelta(hours=6)
    return seconds
