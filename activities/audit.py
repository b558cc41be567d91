"""The auditor's look at the ledger and at every incident that is open."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from activities.border import heartbeating
from muster import names
from muster.domain.audit import Finding, Sighting, findings
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import OPEN
from muster.messages import Snapshot

AT_ONCE = 20
"""So many incidents are looked at together."""
MOST = 3_000
"""So many incidents are looked at where only the server's list says which there are."""
_ANSWER = 5.0
"""Seconds that one of them has for its answer."""
_ALL = 20.0
"""Seconds after which nobody is asked any more: a look that never ends says nothing at all."""
_SILENT = (TimeoutError, RPCError, WorkflowQueryFailedError, ValidationError)
_NUMBER = SearchAttributeKey.for_int("IncidentNumber")
_RUNNING = f"WorkflowType = '{names.INCIDENT}' AND ExecutionStatus = 'Running'"


class AuditActivities:
    """One activity, over the worker's own client."""

    def __init__(self, client: Client) -> None:
        """Take the worker's client."""
        self._client = client

    @activity.defn(name=names.AUDIT_LOOK)
    async def look(self) -> tuple[Finding, ...]:
        """Return what is wrong."""
        async with heartbeating():
            return await _Look(self._client).findings()


class _Look:
    """One look, with the time that it has for all answers together."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._line = asyncio.Semaphore(AT_ONCE)
        self._until = time.monotonic() + _ALL

    async def findings(self) -> tuple[Finding, ...]:
        ledger, incidents = await self._open()
        seen = await asyncio.gather(*(self._seen(one) for one in incidents))
        if not seen and not ledger.running:  # there has never been an incident
            return ()
        return findings((ledger, *seen), datetime.now(UTC))

    async def _open(self) -> tuple[Sighting, list[Sighting]]:
        """Return the ledger, and what it has open; where it is silent, what the server lists as running."""
        ledger = await self._described(Sighting(workflow_id=names.LEDGER_ID))
        try:
            answer = await self._ask(names.LEDGER_ID, names.LEDGER_OPEN)
            entries = [LedgerEntry.model_validate(entry) for entry in answer]
        except _SILENT:
            silent = ledger.model_copy(update={"answers": False})
            return silent, await self._listed()
        return ledger, [
            Sighting(workflow_id=entry.workflow_id, number=entry.number, drill=entry.drill)
            for entry in entries
            if entry.phase in OPEN
        ]

    async def _listed(self) -> list[Sighting]:
        return [
            Sighting(workflow_id=one.id, number=one.typed_search_attributes.get(_NUMBER) or 0)
            async for one in self._client.list_workflows(_RUNNING, limit=MOST)
        ]

    async def _seen(self, one: Sighting) -> Sighting:
        async with self._line:
            seen = await self._described(one)
            if not seen.running or seen.is_stuck(datetime.now(UTC)):
                return seen
            try:
                shown = Snapshot.model_validate(await self._ask(one.workflow_id, names.SNAPSHOT))
            except _SILENT:
                return seen.model_copy(update={"answers": False})
            due = tuple((deadline.at, deadline.kind) for deadline in shown.deadlines)
            told = {"due": due, "late": shown.late, "drill": shown.drill}
            return seen.model_copy(update=told)

    async def _described(self, one: Sighting) -> Sighting:
        handle = self._client.get_workflow_handle(one.workflow_id)
        try:
            described = await handle.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return one.model_copy(update={"running": False})
            raise
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return one.model_copy(update={"running": False})
        return one.model_copy(update=_task(described.raw_description))

    async def _ask(self, workflow_id: str, query: str) -> Any:
        """Return the answer to a query. Raises TimeoutError, RPCError or WorkflowQueryFailedError."""
        left = self._until - time.monotonic()
        async with asyncio.timeout(max(min(left, _ANSWER), 0)):
            return await self._client.get_workflow_handle(workflow_id).query(query)


def _task(description: Any) -> dict[str, Any]:
    """Return how long and how often a pending workflow task was tried; nothing where none is pending."""
    if not description.HasField("pending_workflow_task"):
        return {}
    task = description.pending_workflow_task
    since = task.original_scheduled_time.ToDatetime(UTC)
    return {"task_attempts": task.attempt, "task_since": since}
