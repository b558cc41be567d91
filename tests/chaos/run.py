"""One chaos run from the first process to the evidence."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from tests.chaos.driver import Actor, Cast, Sweeper
from tests.chaos.faults import Control
from tests.chaos.harvest import Calls, Harvest, lines
from tests.chaos.lives import Life, lives
from tests.chaos.monkey import Monkey
from tests.chaos.plan import Plan
from tests.chaos.recorder import Recorder
from tests.chaos.stage import TOKEN, Stage
from tests.chaos.wire import Gone, Silent, Wire

RECORD = "record.jsonl"
HOPELESS = 4
"""So many looks, longer together than the upgrade window, at which nothing moves any more."""
QUIET = 3.0
"""Seconds after which the server's list of executions has caught up."""


class Run:
    """One run with its home, its processes and its record."""

    def __init__(self, plan: Plan, home: Path, recorder: Recorder) -> None:
        self._plan = plan
        self._stage = Stage(home, plan)
        self._path = home / RECORD
        self._recorder = recorder

    async def evidence(self) -> dict[str, Any]:
        """Run, and return everything that the checker needs."""
        began = time.monotonic()
        async with self._stage.running(), self._hands() as (wire, control):
            await control.rule(self._plan)
            calls = Calls(control)
            reading = asyncio.create_task(calls.follow())
            await self._live(wire, control)
            await control.clear()
            settled = await self._settle(wire)
            reading.cancel()
            self._recorder.write("end")
            harvest = Harvest(wire)
            return {
                "plan": self._plan.described(),
                "settled": settled,
                "alive": {name: one.running() for name, one in self._stage.workers.items()},
                "vendors": await control.get("state"),
                "calls": await calls.read(),
                "executions": await harvest.executions(),
                "ledger": await harvest.ledger(),
                "log": lines(self._path),
                "seconds": time.monotonic() - began,
            }

    @contextlib.asynccontextmanager
    async def _hands(self) -> AsyncIterator[tuple[Wire, Control]]:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            client = await Client.connect(self._stage.temporal, runtime=_quiet())
            wire = Wire(
                client, session, self._recorder, gateway=self._stage.gateway_url, token=TOKEN
            )
            yield wire, Control(session, self._stage.sandbox_url)

    async def _live(self, wire: Wire, control: Control) -> None:
        """Live all lives while the monkey rages, spread over its blows, so that each falls on somebody."""
        cast, gate = Cast(), asyncio.Semaphore(self._plan.at_once)
        monkey = Monkey(self._stage, control, self._plan, self._recorder)

        async def live(life: Life) -> None:
            await monkey.has_struck((life.index - self._plan.at_once) / self._plan.incidents)
            async with gate:
                actor = Actor(life, wire, cast, self._plan)
                await actor.live()
                await actor.silence()

        async with asyncio.TaskGroup() as everything:
            everything.create_task(monkey.rage())
            for life in lives(self._plan):
                everything.create_task(live(life))

    async def _settle(self, wire: Wire) -> bool:
        """Bring everything to its end, and wait until no incident runs any more or none will ever end by itself."""
        deadline = time.monotonic() + self._plan.patience
        stuck = 0
        while time.monotonic() < deadline and stuck < HOPELESS:
            # Again each time: what a closed one had not heard of any more may have declared another.
            swept = await Sweeper(wire, deadline - time.monotonic()).sweep()
            await asyncio.sleep(QUIET)
            running = await _running(wire)
            if not running:
                return swept
            states = await asyncio.gather(*(_is_stuck(wire, one) for one in running))
            stuck = stuck + 1 if all(states) else 0
        return False


def _quiet() -> Runtime:
    """Return a runtime that does not say at every call that the server is away."""
    logging = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=logging))


async def _running(wire: Wire) -> list[str]:
    query = "WorkflowType = 'Incident' AND ExecutionStatus = 'Running'"
    try:
        return [one.id async for one in wire.client.list_workflows(query)]
    except RPCError:
        return ["the server does not answer"]


async def _is_stuck(wire: Wire, workflow_id: str) -> bool:
    """Tell whether nothing of it is under way any more, and only a human could help."""
    try:
        seen = await wire.query(workflow_id, "snapshot")
    except (Gone, Silent):
        return False
    states = {one["state"] for one in seen["effects"]}
    over = seen["phase"] in {"closed", "cancelled", "merged"}
    return over and "needs_human" in states and not states & {"pending", "degraded"}


def run(plan: Plan, home: Path) -> dict[str, Any]:
    """Run a plan and return its evidence, which is also kept as a file."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Recorder(home / RECORD)) as recorder:
        found = asyncio.run(Run(plan, home, recorder).evidence())
    (home / "evidence.json").write_text(json.dumps(found))
    return found
