"""The auditor's last look, as metrics: read from its result, so that they age when no worker looks any more."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Final

from pydantic import ValidationError
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError

from muster import names
from muster.domain.audit import Audit, Trouble
from starter.gateway.metrics import Metrics

FRESH: Final = 1.0
"""Seconds for which an answer is taken to hold: anyone may ask for the metrics, as often as they like."""
_WITHIN: Final = 2.0
_FAILURES = (RPCError, RuntimeError, TimeoutError, ValidationError)


class Audits:
    """Asks the auditor's schedule what has become of its latest runs, and not more often than once a second."""

    def __init__(
        self, client: Client, metrics: Metrics, clock: Callable[[], float] = monotonic
    ) -> None:
        """Begin with no answer."""
        self._client = client
        self._metrics = metrics
        self._clock = clock
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Bring the gauges up to date; where nobody answers they stay as they are."""
        async with self._lock:
            if self._clock() - self._asked_at >= FRESH:
                await self._ask()
                self._asked_at = self._clock()

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(_WITHIN):
                audit = await self._last()
        except _FAILURES:
            return
        if audit is not None:
            self._show(audit)

    async def _last(self) -> Audit | None:
        """Return the newest result of those that the schedule remembers."""
        schedule = self._client.get_schedule_handle(names.AUDITOR_SCHEDULE)
        described = await schedule.describe(rpc_timeout=timedelta(seconds=_WITHIN))
        for one in reversed(described.info.recent_actions):
            if isinstance(one.action, ScheduleActionExecutionStartWorkflow):
                handle = self._run(one.action)
                if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
                    return await handle.result()
        return None

    def _run(self, started: ScheduleActionExecutionStartWorkflow) -> WorkflowHandle[None, Audit]:
        return self._client.get_workflow_handle(
            started.workflow_id, run_id=started.first_execution_run_id, result_type=Audit
        )

    def _show(self, audit: Audit) -> None:
        tally = Counter(one.trouble for one in audit.findings)
        for trouble in Trouble:
            self._metrics.findings.labels(trouble.name.lower()).set(tally[trouble])
        self._metrics.last_look.set(audit.at.timestamp())
