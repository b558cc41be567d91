"""A timer that follows the soonest of several deadlines, which may move while it waits."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

Due = tuple[datetime, str]
"""A deadline and what it is called in the Web UI."""


async def keep(next_due: Callable[[], Due | None], fire: Callable[[], None]) -> None:
    """Call ``fire`` at each deadline, for ever; the timer is set anew only for a sooner one."""
    while True:
        await workflow.wait_condition(lambda: next_due() is not None)
        at, name = next_due() or (workflow.now(), "")
        try:
            await workflow.wait_condition(
                lambda at=at: _is_sooner(next_due(), at),  # type: ignore[misc]
                timeout=max(at - workflow.now(), timedelta(0)),
                timeout_summary=name,
            )
        except TimeoutError:
            fire()


def _is_sooner(due: Due | None, at: datetime) -> bool:
    return due is not None and due[0] < at
