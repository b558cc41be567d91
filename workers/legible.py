"""A look at the ledger before a worker begins: one without its key would take what it cannot read for foreign."""

import logging
from collections.abc import Collection

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from muster import names
from muster.encrypted import ENCODING, KEY_ID

logger = logging.getLogger("muster.worker")

_NEWEST = 100
"""Events; the ledger's newest answer is among them, or it has hardly said anything yet."""


async def missing_key(client: Client, ids: Collection[str]) -> str | None:
    """Return the id of the key with which another worker has encrypted the ledger's newest answer, if it is not here."""
    for payload in await _answers(client):
        if payload.metadata.get("encoding") == ENCODING:
            found = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
            return None if found in ids else found
    return None


async def _answers(client: Client) -> list[Payload]:
    """Return what the ledger's workers have answered, the newest first: that alone cannot be a stranger's."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=names.LEDGER_ID),
        maximum_page_size=_NEWEST,
    )
    try:
        reply = await client.workflow_service.get_workflow_execution_history_reverse(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            logger.warning("whether the keys are the ledger's is not known: %s", error.status.name)
        return []
    completed = (
        one.workflow_execution_update_completed_event_attributes for one in reply.history.events
    )
    return [payload for one in completed for payload in one.outcome.success.payloads]
