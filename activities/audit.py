"""The auditor's look at every incident that the ledger has open."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from muster import names
from muster.domain.audit import Finding, Sighting, Trouble, findings
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import OPEN
from muster.messages import Snapshot

AT_ONCE = 20
"""So many incidents are looked at together."""
_ANSWER = 5.0
"""Seconds that an incident has for its answer."""


class AuditActivities:
    """One activity, over the worker's own client."""

    def __init__(self, client: Client) -> None:
        """Take the worker's client."""
        self._client = client

    @activity.defn(name=names.AUDIT_LOOK)
    async def look(self) -> tuple[Finding, ...]:
        """Return what is wrong, and show it as metrics."""
        entries = await self._open()
        line = asyncio.Semaphore(AT_ONCE)
        seen = await asyncio.gather(*(self._seen(one, line) for one in entries))
        found = findings(seen, datetime.now(UTC))
        _measure(found)
        return found

    async def _open(self) -> list[LedgerEntry]:
        handle = self._client.get_workflow_handle(names.LEDGER_ID)
        try:
            entries: list[Any] = await handle.query(names.LEDGER_OPEN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return []
            raise
        known = (LedgerEntry.model_validate(entry) for entry in entries)
        return [entry for entry in known if entry.phase in OPEN]

    async def _seen(self, entry: LedgerEntry, line: asyncio.Semaphore) -> Sighting:
        async with line:
            sighting = Sighting(workflow_id=entry.workflow_id, number=entry.number)
            handle = self._client.get_workflow_handle(entry.workflow_id)
            try:
                described = await handle.describe()
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return sighting.model_copy(update={"running": False})
                raise
            if described.status is not WorkflowExecutionStatus.RUNNING:
                return sighting.model_copy(update={"running": False})
            return sighting.model_copy(
                update={**_task(described.raw_description), **await self._asked(entry.workflow_id)}
            )

    async def _asked(self, workflow_id: str) -> dict[str, Any]:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(_ANSWER):
                shown = Snapshot.model_validate(await handle.query(names.SNAPSHOT))
        except (TimeoutError, RPCError, WorkflowQueryFailedError):
            return {"answers": False}
        due = tuple((one.at, one.kind) for one in shown.deadlines)
        return {"due": due, "late": shown.late}


def _task(description: Any) -> dict[str, Any]:
    """Return how long and how often a pending workflow task was tried; nothing where none is pending."""
    if not description.HasField("pending_workflow_task"):
        return {}
    task = description.pending_workflow_task
    since = task.original_scheduled_time.ToDatetime(UTC)
    return {"task_attempts": task.attempt, "task_since": since}


def _measure(found: tuple[Finding, ...]) -> None:
    meter = activity.metric_meter()
    gauge = meter.create_gauge("muster_audit_findings", "What the auditor has found wrong")
    for trouble in Trouble:
        count = sum(one.trouble is trouble for one in found)
        gauge.set(count, {"trouble": trouble.name.lower()})
    last = meter.create_gauge(
        "muster_audit_last_look_seconds", "When the auditor last looked, as seconds since 1970"
    )
    last.set(int(datetime.now(UTC).timestamp()))
