"""Lives out the lives: declares, commands, alerts, and in the end brings everything to its close."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from tests.chaos.alerts import Group
from tests.chaos.dice import dice
from tests.chaos.lives import Life, Step
from tests.chaos.plan import Plan
from tests.chaos.wire import Gone, Silent, Wire, digest

FINDS_WITHIN = 60.0
MALFORMED: tuple[Any, ...] = ({"severity": "S2"}, {"title": 7}, {"title": "x", "severity": "S9"}, 3)
GARBAGE: tuple[tuple[str, list[Any]], ...] = (
    ("no_such_signal", [{"a": 1}]),
    ("add_note", []),
    ("add_note", [{"command_id": "x"}, {"command_id": "y"}]),
    ("post_update", ["not an object"]),
    ("resolve", [{"command_id": 5}]),
)


class Cast:
    """Where each life's incident is, once it is known."""

    def __init__(self) -> None:
        self.numbers: dict[int, tuple[int, str]] = {}


class Actor:
    """Lives one life."""

    def __init__(self, life: Life, wire: Wire, cast: Cast, plan: Plan) -> None:
        self._life, self._wire, self._cast = life, wire, cast
        self._dice = dice(plan.seed, f"actor/{life.index}")
        self._group = Group(life.index, life.service)
        self._serial = 0
        key = life.declaration.get("key")
        self._workflow_id = f"incident-{digest(key) if key else life.workflow_id}"
        self._special: dict[str, Callable[[Step], Awaitable[None]]] = {
            "garbage": self._garbage,
            "redeclare": self._redeclare,
            "alerts_again": self._alerts_again,
            "merge": self._merge,
            "resolve": self._resolve,
        }

    async def live(self) -> None:
        """Declare it and send everything that the script says."""
        await asyncio.sleep(self._life.start_after)
        machine = self._life.how in {"webhook", "signal"}
        if not await (self._alert() if machine else self._declare()):
            return
        async with asyncio.TaskGroup() as both:
            both.create_task(self._play(self._life.main, "main"))
            both.create_task(self._play(self._life.side, "side"))

    async def _declare(self) -> bool:
        starts = [
            self._wire.declare(self._workflow_id, self._life.declaration)
            for _ in range(self._life.copies)
        ]
        self._learn(await asyncio.gather(*starts))
        return True

    def _learn(self, numbers: list[int | None]) -> None:
        known = next((one for one in numbers if one is not None), None)
        if known is not None:
            self._cast.numbers[self._life.index] = (known, self._workflow_id)

    async def _alert(self) -> bool:
        """Deliver the alerts more than once at a time, and find what they have declared."""
        await asyncio.gather(*(self._deliver(firing=True) for _ in range(self._life.copies)))
        deadline = time.monotonic() + FINDS_WITHIN
        while time.monotonic() < deadline:
            for one in await self._wire.standing():
                if one["service"] == self._life.service:
                    self._workflow_id = one["workflow_id"]
                    self._learn([one["number"]])
                    return True
            await asyncio.sleep(0.5)
        return False

    async def _deliver(self, *, firing: bool) -> None:
        alerts = self._group.signal(firing=firing)
        if self._life.how == "webhook":
            await self._wire.post_alerts(self._group.webhook(firing=firing), alerts)
        else:
            await self._wire.signal_alerts(self._life.service, alerts)

    async def _play(self, steps: tuple[Step, ...], sender: str) -> None:
        for step in steps:
            await asyncio.sleep(step.pause)
            special = self._special.get(step.name)
            if special is not None:
                await special(step)
            else:
                await self._send(step.name, step.fields, sender)

    async def _send(self, name: str, fields: dict[str, Any], sender: str = "main") -> str | None:
        self._serial += 1
        payload = {
            "command_id": f"c-{self._life.index}-{self._serial}-{uuid.uuid4()}",
            "actor": "ana" if sender == "main" else "dana",
            "source": f"chaos-{sender}",
            **fields,
        }
        return await self._wire.command(self._workflow_id, name, payload, sender)

    # What is more than a command.

    async def _garbage(self, _step: Step) -> None:
        for name, args in GARBAGE:
            await self._wire.signal(self._workflow_id, name, args)
        broken = self._dice.choice(MALFORMED)
        await self._wire.declare(f"incident-broken-{self._life.index}", broken, malformed=True)

    async def _redeclare(self, _step: Step) -> None:
        if self._life.declaration.get("key") and self._life.how == "keyed":
            self._learn([await self._wire.declare(self._workflow_id, self._life.declaration)])

    async def _alerts_again(self, _step: Step) -> None:
        if self._life.how in {"webhook", "signal"}:
            self._group.again()
            await self._deliver(firing=True)
            await asyncio.sleep(self._dice.uniform(0, 1))
            await self.silence()

    async def _merge(self, step: Step) -> None:
        known = self._cast.numbers.get(step.fields["other"])
        if known is not None:
            await self._send("merge", {"into": known[0], "into_workflow": known[1]})

    async def _resolve(self, step: Step) -> None:
        await self.silence()
        await self._send("resolve", step.fields)

    async def silence(self) -> None:
        """Let the alerts stop, and deliver both again out of order."""
        if self._life.how not in {"webhook", "signal"}:
            return
        self._group.end()
        await self._deliver(firing=False)
        await asyncio.gather(self._deliver(firing=True), self._deliver(firing=False))


class Sweeper:
    """Brings to its end what is still open when all lives are lived."""

    def __init__(self, wire: Wire, patience: float) -> None:
        self._wire = wire
        self._patience = patience
        self._serial = 0

    async def sweep(self) -> bool:
        """Resolve until nothing is open; tell whether that was reached."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            standing = await self._open()
            if standing == []:
                return True
            active = [one for one in standing or () if one["phase"] == "active"]
            await asyncio.gather(*(self._resolve(one["workflow_id"]) for one in active))
            await asyncio.sleep(1)
        return False

    async def _open(self) -> list[dict[str, Any]] | None:
        try:
            found = await self._wire.query("ledger", "open")
        except (Gone, Silent):
            return None
        return [one for one in found if one["phase"] in {"active", "resolved"}]

    async def _resolve(self, workflow_id: str) -> None:
        try:
            seen = await self._wire.query(workflow_id, "snapshot")
        except (Gone, Silent):
            return
        if seen["phase"] != "active":
            return
        imoc = (seen["roles"]["imoc"] or {}).get("person") or "ana"
        self._serial += 1
        payload = {
            "command_id": f"sweep-{self._serial}-{uuid.uuid4()}",
            "actor": imoc,
            "source": "chaos-sweeper",
        }
        await self._wire.command(workflow_id, "resolve", payload, "sweeper")
