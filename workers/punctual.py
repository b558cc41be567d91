"""Keeps out of workflows what the SDK's core hands over too early, with the time of the task before.

A query goes to a worker with all that has happened so far, also with what no workflow task has begun. The core runs that
at once, by the clock of the last task, and keeps the commands for the next one (seen with temporalio 1.35): when the
history is replayed, the clock is another and so are the commands. Such an activation is failed instead: the query is
answered with an error, the worker forgets the run, and its next task begins with the history.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

LONGEST = 10.0
"""Seconds for which one run is kept waiting: a server whose clock was set back has old times and is right."""
FORGOTTEN = 60.0
"""Seconds after which a wait that another worker has ended is forgotten here; the server tries again sooner than that."""
_WITHOUT_NEWS = frozenset({"query_workflow", "remove_from_cache"})


class TooEarlyError(Exception):
    """What has happened was handed over before the task that begins with it."""


class PunctualRunner(SandboxedWorkflowRunner):
    """The sandbox, behind a watch on the clock."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a workflow that takes news only at a later time than the news before."""
        return _Punctual(super().create_instance(det), _PATIENCE.bears)


class _Patience:
    """Knows since when each run is kept waiting, and when it last was."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[float, float]] = {}

    def bears(self, run_id: str, *, early: bool) -> bool:
        """Tell whether what seems early is still not taken; whatever is not early ends the wait."""
        if not early:
            self._waits.pop(run_id, None)
            return False
        now = monotonic()
        waits = list(self._waits.items())
        self._waits = {run: one for run, one in waits if now - one[1] < FORGOTTEN}
        since, _ = self._waits.get(run_id, (now, now))
        self._waits[run_id] = since, now
        return now - since < LONGEST


_PATIENCE = _Patience()


class _Punctual(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, bears: Callable[..., bool]) -> None:
        self._inner = inner
        self._bears = bears
        self._length = self._at = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if any(job.WhichOneof("variant") not in _WITHOUT_NEWS for job in act.jobs):
            self._watch(act)
        return self._inner.activate(act)

    def _watch(self, act: WorkflowActivation) -> None:
        """Raise TooEarlyError where the history has grown and the time has not; of one task both stay the same."""
        at = act.timestamp.ToNanoseconds()
        early = act.history_length > self._length and at <= self._at
        if not act.is_replaying and self._bears(act.run_id, early=early):
            message = f"no task has begun with what is new since event {self._length}"
            raise TooEarlyError(message)
        self._length, self._at = act.history_length, at

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
