"""The monkey: kills and stops workers, deploys, kills the server, takes a vendor away, all drawn from the seed."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from tests.chaos.dice import dice
from tests.chaos.faults import VENDORS, Control
from tests.chaos.plan import Plan
from tests.chaos.recorder import Recorder
from tests.chaos.stage import Stage

Blow = Callable[[], Awaitable[str]]
LOOK = 0.1
LONGEST_STOP = 14.0
LONGEST_SILENCE = 3.0
LONGEST_OUTAGE = 8.0


class Monkey:
    """Strikes one blow after the other; each is written down with when it began and when all was well again."""

    def __init__(self, stage: Stage, control: Control, plan: Plan, recorder: Recorder) -> None:
        self._stage, self._control = stage, control
        self._plan, self._recorder = plan, recorder
        self._dice = dice(plan.seed, "monkey")
        self._share = 0.0
        self._blows: dict[str, Blow] = {
            "worker_kill": self._kill_worker,
            "worker_stop": self._stop_worker,
            "deploy": self._deploy,
            "server_kill": self._kill_server,
            "outage": self._outage,
        }

    def schedule(self) -> list[str]:
        """Return the names of the blows in the order in which they fall."""
        plan = self._plan
        blows = [
            *["worker_kill"] * plan.worker_kills,
            *["worker_stop"] * plan.worker_stops,
            *["deploy"] * plan.deploys,
            *["server_kill"] * plan.server_kills,
            *["outage"] * plan.outages,
        ]
        self._dice.shuffle(blows)
        return blows

    async def has_struck(self, share: float) -> None:
        """Wait until this share of all blows has fallen."""
        while self._share < share:
            await asyncio.sleep(LOOK)

    async def rage(self) -> None:
        """Strike all of them."""
        blows = self.schedule()
        for count, blow in enumerate(blows):
            self._share = count / len(blows)
            await asyncio.sleep(self._dice.uniform(0.2, 2 * self._plan.every))
            began = time.time()
            whom = await self._blows[blow]()
            self._recorder.write("blow", what=blow, whom=whom, began=began, over=time.time())
        self._share = 1.0

    def _some_worker(self) -> str:
        return self._dice.choice(sorted(self._stage.workers))

    async def _kill_worker(self) -> str:
        name = self._some_worker()
        self._stage.workers[name].kill()
        await asyncio.sleep(self._dice.uniform(0.0, 1.0))
        await self._stage.start_worker(name)
        return name

    async def _stop_worker(self) -> str:
        name = self._some_worker()
        self._stage.signal(name, signal.SIGSTOP)
        await asyncio.sleep(self._dice.uniform(0.3, LONGEST_STOP))
        self._stage.signal(name, signal.SIGCONT)
        return name

    async def _deploy(self) -> str:
        name = self._some_worker()
        await self._stage.deploy(name)
        return name

    async def _kill_server(self) -> str:
        self._stage.server.kill()
        await asyncio.sleep(self._dice.uniform(0.1, LONGEST_SILENCE))
        await self._stage.start_server()
        return "temporal"

    async def _outage(self) -> str:
        vendor = self._dice.choice(VENDORS)
        await self._control.rule(self._plan, outage=vendor)
        await asyncio.sleep(self._dice.uniform(1.0, LONGEST_OUTAGE))
        await self._control.rule(self._plan)
        return vendor
