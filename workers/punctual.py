"""Keeps out of workflows what the SDK's core hands over too early, and an interruption of one that is held up.

A query goes to a worker with all that has happened so far, also with what no workflow task has begun. The core runs that
at once, by the clock of the last task, and keeps the commands for the next one (seen with temporalio 1.35): when the
history is replayed, the clock is another and so are the commands. Such an activation is failed instead: the query is
answered with an error, the worker forgets the run, and its next task begins with the history.

It shows by its time, which is that of the activation before. Behind a replay it may also be that of a task that brought
nothing, such as one for an update that was refused, of which a replay shows no activation: there the server is asked.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workers.witness import Witness

_WITHOUT_NEWS = frozenset({"query_workflow", "remove_from_cache"})


class TooEarlyError(Exception):
    """What has happened was handed over before the task that begins with it."""


@dataclass(frozen=True)
class PunctualRunner(SandboxedWorkflowRunner):
    """The sandbox, behind a watch on the clock; without a witness nobody is asked."""

    witness: Witness | None = None

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a workflow that takes news only at the time of the task that begins with them."""
        loop = asyncio.get_running_loop()
        return _Punctual(super().create_instance(det), self.witness, loop)


class _Punctual(WorkflowInstance):
    def __init__(
        self, inner: WorkflowInstance, witness: Witness | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._inner = inner
        self._witness, self._loop = witness, loop
        self._length = self._at = 0
        self._replayed = False

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if any(job.WhichOneof("variant") not in _WITHOUT_NEWS for job in act.jobs):
            self._watch(act)
        return self._inner.activate(act)

    def _watch(self, act: WorkflowActivation) -> None:
        """Raise TooEarlyError where no task has begun with these news; of one task length and time stay the same.

        Each task begins at an instant of its own, to the nanosecond, also where the server's clock was set back.
        """
        at = act.timestamp.ToNanoseconds()
        if not act.is_replaying and self._is_too_early(act.history_length, at):
            message = f"no task has begun with what is new since event {self._length}"
            raise TooEarlyError(message)
        self._length, self._at, self._replayed = act.history_length, at, act.is_replaying

    def _is_too_early(self, length: int, at: int) -> bool:
        if length > self._length and at == self._at:
            return True
        if not self._replayed or self._witness is None:
            return False
        return not self._witness.has_begun(self.get_info(), at, self._loop)

    def get_serialization_context(self, _command_info: object) -> None:
        """Return none: our converter takes none, and to ask the sandbox, for each payload, is a third of a replay."""

    def get_external_store_context(self, _command_info: object) -> StorageDriverStoreContext:
        """Return an empty one: nothing is stored outside of the history."""
        return StorageDriverStoreContext()

    def get_info(self) -> Any:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """Return none, so that the SDK interrupts no thread that is held up: it goes on as soon as it can.

        An interruption between two steps takes one away; then the eviction never ends, and neither does the worker.
        """
