"""A workflow that goes by its clock: it waits again where it is woken too early."""

from datetime import timedelta

from temporalio import workflow

SPAN = timedelta(seconds=2)


@workflow.defn
class Waiting:
    """Counts its timers, of which it needs one."""

    def __init__(self) -> None:
        self._timers = self._pokes = 0

    @workflow.run
    async def run(self) -> int:
        end = workflow.now() + SPAN
        while workflow.now() < end:
            self._timers += 1
            await workflow.sleep(end - workflow.now())
        return self._timers

    @workflow.query
    def timers(self) -> int:
        return self._timers

    @workflow.signal
    def poke(self) -> None:
        self._pokes += 1

    @workflow.update
    async def poked(self) -> int:
        return self._pokes
