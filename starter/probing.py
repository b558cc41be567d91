"""A probe: a test incident is declared, asked, answered by the ledger and cancelled, and each step is timed."""

import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)

from muster import names
from starter.connection import refusal, within
from starter.failures import Gone, Silent

Document = dict[str, Any]
Ask = Callable[[], Awaitable[Any]]

STEPS = {
    "connected": "Temporal does not answer",
    "declared": "Temporal has not taken the declaration",
    "answered": "no worker answers",
    "registered": "the ledger does not answer, or no worker runs its activities",
    "cancelled": "the cancellation is not answered",
    "ended": "the workflow has not ended",
}
"""Every step in order, and what is wrong where it does not come."""
FORGOTTEN_AFTER = timedelta(minutes=5)
"""The server itself ends a probe that no worker has met until then."""
_TITLE = "probe"


class Steps:
    """How far a probe is, and the seconds that each step took."""

    def __init__(self, patience: float) -> None:
        """Begin to time; ``patience`` in seconds is for all steps together."""
        self.taken: dict[str, float] = {}
        self.workflow_id = names.probe_id()
        self._begun = self._at = time.monotonic()
        self._ends = self._begun + patience

    @property
    def next(self) -> str | None:
        """Return the step that has not come; None where all have."""
        return next((step for step in STEPS if step not in self.taken), None)

    @property
    def left(self) -> float:
        """Return the seconds of patience that are left."""
        return max(self._ends - time.monotonic(), 0.0)

    def done(self, step: str) -> None:
        """Time a step."""
        now = time.monotonic()
        self.taken[step], self._at = now - self._at, now

    def document(self) -> Document:
        """Return what a program reads; ``failed`` is the step that has not come."""
        return {
            "ok": self.next is None,
            "failed": self.next,
            "workflow_id": self.workflow_id,
            "seconds": round(self._at - self._begun, 3),
            "steps": {step: round(taken, 3) for step, taken in self.taken.items()},
        }


async def probe(client: Client, steps: Steps, actor: str, source: str) -> None:
    """Go through all steps. Raises Silent with the code ``not_STEP``, Refused, BadInput, Unreachable."""
    steps.done("connected")
    handle = client.get_workflow_handle(steps.workflow_id)
    asked = (
        ("declared", lambda: _declared(client, steps.workflow_id, actor, source)),
        ("answered", lambda: handle.query(names.SNAPSHOT)),
        ("registered", lambda: handle.execute_update(names.REGISTERED, id=_new_id())),
        ("cancelled", lambda: handle.execute_update(names.CANCEL, _cancel(actor, source))),
        ("ended", handle.result),
    )
    for step, ask in asked:
        await _met(handle, ask, steps)
        steps.done(step)


async def _met(handle: WorkflowHandle[Any, Any], ask: Ask, steps: Steps) -> None:
    try:
        await within(steps.left, ask)
    except (Silent, WorkflowQueryFailedError):
        raise late(steps) from None
    except (WorkflowUpdateFailedError, WorkflowFailureError) as error:
        raise refusal(error.cause) from None
    except Gone:
        raise await _ended(handle, steps) from None


async def _ended(handle: WorkflowHandle[Any, Any], steps: Steps) -> Exception:
    """Return why a probe runs no more before anyone has cancelled it: policy does not permit it."""
    try:
        await within(steps.left, handle.result)
    except WorkflowFailureError as error:
        return refusal(error.cause)
    except (Silent, Gone):
        pass
    return late(steps)


def late(steps: Steps) -> Silent:
    """Return the failure of the step that has not come."""
    step = steps.next or ""
    failure = Silent(f"{STEPS[step]}; the probe ends by itself")
    failure.code = f"not_{step}"
    return failure


def _declared(client: Client, workflow_id: str, actor: str, source: str) -> Awaitable[Any]:
    declaration: Document = {"title": _TITLE, "severity": "S4", "probe": True}
    return client.start_workflow(
        names.INCIDENT,
        declaration | {"declared_by": actor, "source": source},
        id=workflow_id,
        task_queue=names.TASK_QUEUE,
        execution_timeout=FORGOTTEN_AFTER,
        static_summary="Probe: no incident",
    )


def _cancel(actor: str, source: str) -> Document:
    asked = {"command_id": _new_id(), "reason": "the probe is over"}
    return asked | {"actor": actor, "source": source}


def _new_id() -> str:
    return f"probe-{uuid.uuid4()}"
