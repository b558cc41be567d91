"""Who stands in on the rotations: asked of the one workflow that keeps it, or arranged there."""

from contextlib import suppress
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from muster import names
from muster.domain.stand_ins import Arranged
from starter.connection import refusal, within
from starter.failures import Gone, Silent, Unreachable

Document = dict[str, Any]

ANSWER_PATIENCE = 2.5
"""Seconds from the question until it is left as a signal instead."""
PATIENCE = 2.0
_SUMMARY = "Who stands in on the rotations"


async def standing(client: Client) -> list[Arranged]:
    """Return who stands in, now or later, in the order in which it was arranged. Raises Silent or Unreachable."""
    handle = client.get_workflow_handle(names.OVERRIDES_ID)
    try:
        found: list[Document] = await within(PATIENCE, lambda: handle.query(names.STANDING))
    except Gone:
        return []
    except WorkflowQueryFailedError:
        message = "the workflow that keeps them could not answer"
        raise Silent(message) from None
    return [Arranged.model_validate(one) for one in found]


async def arrange(client: Client, name: str, asked: Document) -> Document | None:
    """Return what is kept of a message, or None where it was left as a signal and nobody has answered yet.

    Raises BadInput, Unreachable.
    """
    try:
        return await within(ANSWER_PATIENCE, lambda: _update(client, name, asked))
    except WorkflowUpdateFailedError as error:
        raise refusal(error.cause) from None
    except (Silent, Gone):
        await _leave(client, name, asked)
        return None


async def _update(client: Client, name: str, asked: Document) -> Document:
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        names.OVERRIDES,
        id=names.OVERRIDES_ID,
        task_queue=names.TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=_SUMMARY,
    )
    try:
        kept: Document = await client.execute_update_with_start_workflow(
            name, asked, id=asked["command_id"], start_workflow_operation=start
        )
    except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCError):
        with suppress(TemporalError):  # the operation's own future has it too
            await start.workflow_handle()
        raise
    return kept


async def _leave(client: Client, name: str, asked: Document) -> None:
    await within(
        PATIENCE,
        lambda: client.start_workflow(
            names.OVERRIDES,
            id=names.OVERRIDES_ID,
            task_queue=names.TASK_QUEUE,
            static_summary=_SUMMARY,
            start_signal=name,
            start_signal_args=[asked],
        ),
        silent=Unreachable("Temporal does not answer: whether it was recorded is not known"),
    )
