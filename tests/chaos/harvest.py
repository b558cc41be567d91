"""Gathers what a run has left behind, as plain JSON, for a checker that knows none of our code."""

import asyncio
import base64
import contextlib
import json
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.client import Client, WorkflowExecution, WorkflowHandle

from tests.chaos.faults import Control
from tests.chaos.wire import Gone, Silent, Wire, within

READERS = 8
SLOW = 20.0
TRIES = 5
_KEPT = (
    "timerStartedEventAttributes",
    "timerFiredEventAttributes",
    "timerCanceledEventAttributes",
    "workflowTaskFailedEventAttributes",
    "workflowTaskTimedOutEventAttributes",
    "workflowExecutionFailedEventAttributes",
)
"""What of a history the checker reads; the rest is only counted by its type."""


class Calls:
    """The sandbox's call log, which forgets: read now and then, and kept by its sequence."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._calls: dict[int, dict[str, Any]] = {}

    async def follow(self, every: float = 20.0) -> None:
        """Read the log again and again."""
        while True:
            await asyncio.sleep(every)
            await self.read()

    async def read(self) -> list[dict[str, Any]]:
        """Return all calls so far."""
        for one in await self._control.get("calls"):
            fields = one.pop("fields")
            one["mark"] = fields.get("agenda") or fields.get("description") or ""
            self._calls[one["seq"]] = one
        return [self._calls[seq] for seq in sorted(self._calls)]


class Harvest:
    """Reads every execution once all is quiet."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._client: Client = wire.client
        self._gate = asyncio.Semaphore(READERS)

    async def executions(self) -> list[dict[str, Any]]:
        """Return all executions with their histories, and of incidents what they answer."""
        found = [one async for one in self._client.list_workflows(None)]
        return list(await asyncio.gather(*(self._read(one) for one in found)))

    async def _read(self, execution: WorkflowExecution) -> dict[str, Any]:
        async with self._gate:
            read = {
                "workflow_id": execution.id,
                "run_id": execution.run_id,
                "type": execution.workflow_type,
                "status": execution.status.name if execution.status else "",
                "events": await self._events(execution),
            }
            asks = execution.workflow_type == "Incident" and read["status"] in _ANSWERS
            for name in ("snapshot", "record") if asks else ():
                read[name] = await self._answer(execution, name)
            return read

    async def _events(self, execution: WorkflowExecution) -> list[dict[str, Any]]:
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id)
        return [_slim(MessageToDict(one)) async for one in handle.fetch_history_events()]

    async def _answer(self, execution: WorkflowExecution, name: str) -> Any:
        for _ in range(TRIES):
            try:
                return await self._wire.query(execution.id, name, execution.run_id, timeout=SLOW)
            except Gone:
                return None
            except Silent:
                await asyncio.sleep(1)
        return None

    async def ledger(self) -> list[dict[str, Any]]:
        """Return all of the ledger's entries, those that it has moved to pages too, the oldest first."""
        carried = {int(one["number"]): one for one in await self._recent()}
        moved = [one for one in range(1, max(carried, default=0)) if one not in carried]
        paged = await asyncio.gather(*(self._entry(number) for number in moved))
        found = [*carried.values(), *(one for one in paged if one is not None)]
        return sorted(found, key=lambda entry: int(entry["number"]))

    async def _recent(self) -> list[dict[str, Any]]:
        for _ in range(TRIES):
            try:
                found: list[dict[str, Any]] = await self._wire.query(
                    "ledger", "recent", timeout=SLOW
                )
            except (Gone, Silent):
                await asyncio.sleep(1)
            else:
                return found
        return []

    async def _entry(self, number: int) -> dict[str, Any] | None:
        handle: WorkflowHandle[Any, Any] = self._client.get_workflow_handle("ledger")
        async with self._gate:
            return await within(SLOW, lambda: handle.execute_update("entry", number))


_ANSWERS = frozenset({"RUNNING", "COMPLETED"})


def _slim(event: dict[str, Any]) -> dict[str, Any]:
    kept = {name: event[name] for name in _KEPT if name in event}
    return {
        "id": int(event["eventId"]),
        "at": event["eventTime"],
        "type": event["eventType"].removeprefix("EVENT_TYPE_"),
        "command_id": _command_id(event),
        **kept,
    }


def _command_id(event: dict[str, Any]) -> str:
    """Return the id of the command that the server has accepted with this event, as an update or as a signal."""
    update = event.get("workflowExecutionUpdateAcceptedEventAttributes", {})
    if update:
        return str(update["acceptedRequest"]["meta"]["updateId"])
    signal = event.get("workflowExecutionSignaledEventAttributes", {})
    for payload in signal.get("input", {}).get("payloads", ()):
        with contextlib.suppress(ValueError):
            given = json.loads(base64.b64decode(payload.get("data", "")))
            return str(given.get("command_id", "")) if isinstance(given, dict) else ""
    return ""


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the events of a record."""
    return [json.loads(line) for line in path.read_text().splitlines()]
