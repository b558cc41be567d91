"""Lives of incidents as a client drives them: the same for the product and for the control."""

import asyncio
import itertools
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from benchmarks.script import Event
from muster import names

SPOKEN: tuple[tuple[str, dict[str, Any]], ...] = (
    (names.ASSIGN_ROLE, {"role": "imoc", "person": "ana"}),
    (names.ASSIGN_ROLE, {"role": "ocit", "person": "ben"}),
    (names.POST_UPDATE, {"message": "we look into it", "to": ["end-users", "support"]}),
    (names.ADD_NOTE, {"text": "it was the cache"}),
    (names.RESOLVE, {}),
)
"""The commands of one life, in order."""
PATIENCE = 600.0
"""Seconds of a round after which it hangs, which is no figure."""


@dataclass
class Life:
    """One incident; its service is its own, so that lives side by side are not about the same thing."""

    client: Client
    service: str
    severity: str = "S4"
    workflow_id: str = field(default_factory=lambda: f"incident-{uuid.uuid4()}")
    number: int | None = None

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """Return the handle."""
        return self.client.get_workflow_handle(self.workflow_id)

    async def begin(self) -> None:
        """Declare, and wait for the number."""
        await self.client.start_workflow(
            names.INCIDENT,
            {"title": "api errors", "severity": self.severity, "service": self.service},
            id=self.workflow_id,
            task_queue=names.TASK_QUEUE,
            static_summary="api errors",
        )
        self.number = (await self._update(names.REGISTERED))["number"]

    async def say(self, name: str, **fields: Any) -> None:
        """Send one command and wait for its answer."""
        marked = {key: _own(value, self.workflow_id) for key, value in fields.items()}
        known = {"command_id": str(uuid.uuid4()), "actor": "ana", "number": self.number}
        await self._update(name, known | marked)

    async def _update(self, name: str, *given: dict[str, Any]) -> Any:
        """Send an update until it is answered: a server that has much to do may be late, and knows it by its id."""
        own = str(uuid.uuid4())
        while True:
            try:
                return await self.handle.execute_update(name, args=given, id=own)
            except WorkflowUpdateRPCTimeoutOrCancelledError as late:
                if not isinstance(late.__cause__, RPCError):
                    raise  # cancelled, and not late

    async def whole(self) -> None:
        """Live from the declaration to the end."""
        await self.begin()
        for name, fields in SPOKEN:
            await self.say(name, **fields)
        await self.handle.result()

    async def history(self) -> list[Event]:
        """Return the history's events."""
        events: list[Event] = json.loads((await self.handle.fetch_history()).to_json())["events"]
        return events


def _own(value: object, workflow_id: str) -> object:
    """Return words that no other life says: the public channel refuses them a second time."""
    return f"{value} ({workflow_id})" if value == SPOKEN[2][1]["message"] else value


@dataclass(frozen=True)
class Round:
    """What came of many lives, some at a time."""

    per_second: float
    """Lives that ended a second while all places were taken."""
    seconds: float
    ended: list[Life]


async def round_of(client: Client, *, places: int, count: int) -> Round:
    """Live so many lives in so many places."""
    begun = time.monotonic()
    ends: list[float] = []
    coming = [Life(client, f"service-of-life-{index}-") for index in range(count)]
    waiting = iter(coming)

    async def place() -> None:
        for life in waiting:
            await life.whole()
            ends.append(time.monotonic() - begun)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(place() for _ in range(places)))
    return Round(_steady(ends), ends[-1], coming)


def _steady(ends: list[float]) -> float:
    """Return the rate between the first fifth and the last, when places are neither being taken nor left empty."""
    first, last = len(ends) // 5, len(ends) * 4 // 5
    return (last - first) / (ends[last] - ends[first])


async def sample(lives: list[Life], size: int) -> list[list[Event]]:
    """Return the histories of some lives, evenly taken."""
    step = max(len(lives) // size, 1)
    return [await life.history() for life in itertools.islice(lives, 0, None, step)]
