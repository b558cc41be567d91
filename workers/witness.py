"""Asks the server when the workflow task that is under way began; what a worker is handed does not always say it."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.workflow import Info

PATIENCE: Final = timedelta(seconds=1)
"""Less than the two seconds after which the SDK takes a workflow's thread for deadlocked."""
_STARTED = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED


class Witness:
    """Asks from a workflow's thread, by the loop of the worker."""

    def __init__(self, client: Client) -> None:
        """Take the worker's client."""
        self._client = client

    def has_begun(self, info: Info, at: int, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether the task that is under way began at this time, in nanoseconds; where nobody says so, it did."""
        asking = asyncio.run_coroutine_threadsafe(self._began_at(info), loop)
        try:
            began_at = asking.result(PATIENCE.total_seconds())
        except (RPCError, TimeoutError):
            asking.cancel()
            return True
        return began_at is None or began_at == at

    async def _began_at(self, info: Info) -> int | None:
        """Return when the pending task began, 0 where it has not; None where the server says nothing of it."""
        execution = WorkflowExecution(workflow_id=info.workflow_id, run_id=info.run_id)
        request = DescribeWorkflowExecutionRequest(namespace=info.namespace, execution=execution)
        service = self._client.workflow_service
        described = await service.describe_workflow_execution(request, timeout=PATIENCE)
        if not described.HasField("pending_workflow_task"):
            return None
        task = described.pending_workflow_task
        return task.started_time.ToNanoseconds() if task.state == _STARTED else 0
