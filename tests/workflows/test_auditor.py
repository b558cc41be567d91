"""The auditor's workflow where its look fails: it ends, and its time shows that nobody has looked."""

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from muster import names
from muster.domain.audit import NEVER, Audit, Finding
from tests.servers import time_skipping
from workflows.auditor import Auditor


@activity.defn(name=names.AUDIT_LOOK)
async def look_in_vain() -> tuple[Finding, ...]:
    """Fail."""
    raise ApplicationError("the server does not answer")


@activity.defn(name=names.AUDIT_LOOK)
async def look() -> tuple[Finding, ...]:
    """Find nothing."""
    return ()


async def audited(client: Client, activity_: Callable[..., Any]) -> Audit:
    worker = Worker(
        client, task_queue=names.TASK_QUEUE, workflows=[Auditor], activities=[activity_]
    )
    async with worker:
        return await client.execute_workflow(
            Auditor.run, id=names.AUDITOR_ID, task_queue=names.TASK_QUEUE
        )


@pytest.mark.parametrize(("look_", "seen"), [(look_in_vain, False), (look, True)])
async def test_only_a_look_that_comes_to_its_end_has_a_time(
    look_: Callable[..., Any], seen: bool
) -> None:
    async with await time_skipping() as env:
        audit = await audited(env.client, look_)
    assert (audit.at > NEVER) is seen
    assert audit.findings == ()
