"""How batches of alerts reach their services: a few at a time, all of them or an error."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from muster import names
from muster.domain.foreign import in_code
from muster.messages import AlertBatch

AT_ONCE: Final = 16
WITHIN: Final = 5.0
"""Seconds that Temporal has for one batch; a delivery fails with its first batch that fails."""


class NotDeliveredError(Exception):
    """Temporal has not accepted all; what it has accepted does no harm when it comes again."""


async def deliver(client: Client, batches: Iterable[AlertBatch]) -> int:
    """Send every batch and return how many there were. Raises NotDeliveredError."""
    remaining = iter(batches)
    workers = [_drain(client, remaining) for _ in range(AT_ONCE)]
    tasks = [asyncio.ensure_future(worker) for worker in workers]
    try:
        return sum(await asyncio.gather(*tasks))
    except (RPCError, RuntimeError, TimeoutError, WorkflowAlreadyStartedError) as error:
        raise NotDeliveredError(reason(error)) from error
    finally:
        for task in tasks:
            task.cancel()


def reason(error: Exception) -> str:
    """Return why Temporal did not answer, in one short line."""
    if isinstance(error, RPCError):
        return f"{error.status.name}: {error.message}"[:300]
    return str(error)[:300] or type(error).__name__


async def _drain(client: Client, batches: Iterable[AlertBatch]) -> int:
    sent = 0
    for batch in batches:
        async with asyncio.timeout(WITHIN):
            try:
                await _signal(client, batch)
            except WorkflowAlreadyStartedError:  # two began it at once: now it is there for both
                await _signal(client, batch)
        sent += 1
    return sent


async def _signal(client: Client, batch: AlertBatch) -> None:
    await client.start_workflow(
        names.SERVICE,
        {"service": batch.service},
        id=names.service_id(batch.service),
        task_queue=names.TASK_QUEUE,
        start_signal=names.SERVICE_ALERTS,
        start_signal_args=[batch.model_dump(mode="json", exclude_defaults=True)],
        static_summary=in_code(batch.service),
        rpc_timeout=timedelta(seconds=WITHIN),
    )
