"""A worker for CLI tests, a process of its own: real workflows and ledger, vendors in memory."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.ledger import LedgerActivities
from activities.services import Relay
from activities.tracker import TrackerActivities
from muster import messages as m
from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain.effects import EffectCall, Op, Receipt
from muster.domain.policy import Policy
from muster.ports import NotFound
from muster.providers.temporal_ledger import TemporalLedger
from workflows.incident import Incident
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage
from workflows.reading import Reading
from workflows.stand_ins import Overrides

QUEUES = (names.CHAT_QUEUE, names.CONFERENCE_QUEUE, names.TRACKER_QUEUE, names.STATUS_QUEUE)
OURS = {op for op in Op if op.value.startswith("ledger.")} | {Op.INCIDENT_ABSORB}


NOTED: dict[str, str] = {}
"""What this worker's tracker has been given, by key; another worker's has nothing of it."""


UNTRACKED = names.incident_id("untracked")
"""An incident whose notes the tracker has lost."""


class Noted:
    """As much of a tracker as reading a record needs."""

    async def notes(self, key: str, prefix: str) -> dict[str, str]:
        """Return the texts under keys of this prefix."""
        found = {known: text for known, text in NOTED.items() if known.startswith(prefix)}
        if not found:
            raise NotFound(f"the tracker has no issue of {key}")
        return found


@activity.defn(name="adopt_policy")
async def adopt_policy() -> m.AdoptedPolicy:
    """Return the defaults, and all search attributes."""
    policy = Policy()
    attributes = tuple(names.SEARCH_ATTRIBUTES)
    return m.AdoptedPolicy(policy=policy, digest=policy.digest(), search_attributes=attributes)


def vendor(op: Op) -> Callable[..., Any]:
    """Return an activity that is done at once, with a link."""

    @activity.defn(name=op.value)
    async def run(call: EffectCall) -> Receipt:
        name = call.key.rpartition("/")[2]
        if op is Op.TRACKER_NOTE and call.incident != UNTRACKED:
            NOTED[call.key] = call.body.text
        return Receipt(id=name, link=f"https://vendor.test/{name}", container="C1")

    return run


async def serve(address: str) -> None:
    """Poll every queue until the process is told to stop."""
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    ledger = LedgerActivities(TemporalLedger(client))
    relay = Relay(client)
    own: Sequence[Callable[..., Any]] = (
        adopt_policy,
        ledger.register,
        ledger.record,
        ledger.close,
        ledger.reopen,
        ledger.end,
        ledger.store,
        ledger.look_up,
        relay.absorb,
    )
    vendors = [vendor(op) for op in Op if op not in OURS]
    vendors.append(TrackerActivities(cast("Any", Noted())).record)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as workers:
        main = Worker(
            client,
            task_queue=names.TASK_QUEUE,
            workflows=[Incident, Ledger, LedgerPage, Overrides, Reading],
            activities=[*own, *vendors],
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        await workers.enter_async_context(main)
        for queue in QUEUES:
            await workers.enter_async_context(Worker(client, task_queue=queue, activities=vendors))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)
