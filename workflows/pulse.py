"""A sign of life in the history of every task that would leave none, without which a later update may not replay."""

from temporalio import workflow

MEMO = "tasks"


class Pulse:
    """Sees to it that of two tasks in a row at least one gives a command.

    The SDK's core takes a task that gave no command, after another such, for a heartbeat when an update follows and no
    worker has the workflow in its cache: it runs what both tasks brought as one, in another order, and the history
    that comes of it does not replay (sdk-rust#1146). Of commands a change of the memo costs the least.
    """

    def __init__(self) -> None:
        self._task = 0
        self._quiet = False

    def beat(self, *, moved: bool) -> None:
        """Take in whether this pass of the main loop gave a command; where too little happened, give one."""
        task = workflow.info().get_current_history_length()
        if moved:
            self._quiet = False
        elif task != self._task:
            self._leave_a_sign(task)
        self._task = task

    def _leave_a_sign(self, task: int) -> None:
        if self._quiet:
            workflow.upsert_memo({MEMO: task})
        self._quiet = not self._quiet
