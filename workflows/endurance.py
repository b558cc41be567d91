"""How a workflow that must never end meets a request to cancel it."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception


async def endure(keep: Callable[[], Awaitable[None]]) -> None:
    """Run ``keep``; a request to cancel, of which a run gets one, is logged and passed over."""
    try:
        await keep()
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error) or workflow.cancellation_reason() is None:
            raise  # no request: the worker drops this run from its cache
        workflow.logger.warning(
            "passed over a request to cancel: what is kept here must not be lost"
        )
        await keep()
