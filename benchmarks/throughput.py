"""Whole lives a second and their price, against the control and against a stock server, in rounds that take turns."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from temporalio.client import Client

from benchmarks import lives
from benchmarks.measures import Found, Scale
from benchmarks.rig import CONTROL, POLICY, Crew, Site
from benchmarks.script import Reading, counts


@dataclass(frozen=True)
class Size:
    """How many lives a round has, and how many at a time."""

    places: int
    count: int


MANY = Size(50, 80)
"""Enough for the processors to be the limit, and not the seconds that changes lie before they are written."""
FEW = Size(30, 50)
"""Less where both sides lie equally long."""
ALONE = 2
EVENTS_COUNTED = 5


@dataclass
class Side:
    """One of those that are compared."""

    client: Client
    crew: Crew
    rates: list[float] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    counted: dict[str, float] = field(default_factory=dict)

    async def live(self, size: Size) -> lives.Round:
        """Live one round and keep what it has cost."""
        before = self.crew.cpu()
        psutil.cpu_percent()
        done = await lives.round_of(self.client, places=size.places, count=size.count)
        self.busy.append(psutil.cpu_percent())
        self.rates.append(done.per_second)
        self.seconds.append(done.seconds)
        self.prices.append((self.crew.cpu() - before) / len(done.ended))
        return done

    def forget(self) -> None:
        """Forget the round in which all grew warm."""
        self.rates.clear()
        self.prices.clear()
        self.busy.clear()
        self.seconds.clear()


async def throughput(home: Path, scale: Scale) -> Found:
    """Return incidents a second and processor time a life in times of the control's, and of a stock server's."""
    with Site(home / "ours", POLICY) as site, Site(home / "stock", POLICY, stock=True) as stock:
        ours = Side(await site.client(), site.worker())
        plain = Side(await stock.client(), stock.worker())
        script = await _script(ours.client, home / "script.json")
        control = Side(await site.client(CONTROL), site.worker(script))
        await _in_turns((ours, control), scale.rounds, MANY)
        priced = Side(ours.client, ours.crew)
        await _in_turns((priced, plain), scale.rounds, FEW)
    kept = {
        "incident": ours,
        "control": control,
        "incident on the embedded server": priced,
        "incident on a stock server": plain,
    }
    return Found(
        _against_control(ours, control) | _against_stock(priced, plain),
        {name: _kept(side) for name, side in kept.items()},
    )


async def _script(client: Client, file: Path) -> Path:
    """Write what the control is to do: what a life that has the server for itself asks of it."""
    for index in range(ALONE):
        life = lives.Life(client, f"service-of-first-{index}-")
        await life.whole()
    script = Reading(await life.history(), life.workflow_id, life.service).script()
    file.write_text(script.model_dump_json(indent=1))
    return file


async def _in_turns(sides: Sequence[Side], rounds: int, size: Size) -> None:
    """Let each side live a short round to grow warm, and then as many as are counted."""
    for side in sides:
        await side.live(Size(size.places, size.places))
        side.forget()
    for _ in range(rounds):
        for side in sides:
            side.counted = _mean(await _counted(await side.live(size)))


async def _counted(done: lives.Round) -> list[dict[str, int]]:
    return [counts(events) for events in await lives.sample(done.ended, EVENTS_COUNTED)]


def _mean(found: list[dict[str, int]]) -> dict[str, float]:
    kinds = sorted({kind for one in found for kind in one})
    return {kind: statistics.mean(one.get(kind, 0) for one in found) for kind in kinds}


def _against_control(ours: Side, control: Side) -> dict[str, float]:
    return {
        "incidents per second / control workflow": _ratio(ours.rates, control.rates),
        "worker CPU per life / control workflow": _ratio(ours.prices, control.prices),
    }


def _against_stock(ours: Side, plain: Side) -> dict[str, float]:
    return {"embedded server / stock server": _ratio(ours.rates, plain.rates)}


def _ratio(one: list[float], other: list[float]) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def _kept(side: Side) -> dict[str, Any]:
    return {
        "lives per second, by round": side.rates,
        "seconds, by round": side.seconds,
        "worker CPU seconds per life, by round": side.prices,
        "percent of all processors that were busy, by round": side.busy,
        "events of a life, the mean of some": side.counted,
    }
