"""Incidents for workflow tests: workers over a small world, and commands in one line."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from muster import messages as m
from muster import names
from muster.domain.effects import Op
from tests.workflows.world import LEDGER_OPS, World
from workflows.incident import Incident
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage

QUEUES = (names.CHAT_QUEUE, names.CONFERENCE_QUEUE, names.TRACKER_QUEUE, names.STATUS_QUEUE)


@asynccontextmanager
async def working(
    client: Client,
    world: World,
    *,
    ledger: Sequence[Callable[..., Any]] = (),
    real: Sequence[Callable[..., Any]] = (),
    cached: int = 100,
    **options: Any,
) -> AsyncIterator[None]:
    """Run workers for incidents and all their effects; with activities of a ledger, for a real one as well.

    What is ``real`` takes the place of the world's own activities of the same ops.
    With ``cached`` 0 every task begins cold, as after a deploy.
    """
    without = {*(LEDGER_OPS if ledger else ()), *(_op(one) for one in real)}
    activities = [*world.activities(without=without), *ledger, *real]
    async with AsyncExitStack() as running:
        await running.enter_async_context(
            Worker(
                client,
                task_queue=names.TASK_QUEUE,
                workflows=[Incident, Ledger, LedgerPage],
                activities=activities,
                max_cached_workflows=cached,
                **options,
            )
        )
        for queue in QUEUES:
            await running.enter_async_context(
                Worker(client, task_queue=queue, activities=activities)
            )
        yield


def _op(one: Callable[..., Any]) -> Op:
    """Return the op that an activity carries out."""
    return Op(getattr(one, "__temporal_activity_definition").name)


class Live:
    """One running incident; every command has an id of its own."""

    def __init__(self, env: WorkflowEnvironment, handle: WorkflowHandle[Any, Any]) -> None:
        self.env, self.handle = env, handle
        self._count = 0

    def payload(self, **fields: Any) -> dict[str, Any]:
        """Return a command's payload."""
        self._count += 1
        return {"command_id": f"c{self._count}", "actor": "ana", **fields}

    async def ask(self, name: str, **fields: Any) -> m.Answer:
        """Send a command as an update and return its answer."""
        answer: m.Answer = await self.handle.execute_update(
            name, self.payload(**fields), result_type=m.Answer
        )
        return answer

    async def refused(self, name: str, **fields: Any) -> ApplicationError:
        """Send a command that is refused and return the refusal."""
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await self.ask(name, **fields)
        assert isinstance(caught.value.cause, ApplicationError)
        return caught.value.cause

    async def signal(self, name: str, **fields: Any) -> None:
        """Send a command as a signal."""
        await self.handle.signal(name, self.payload(**fields))

    async def shown(self) -> m.Snapshot:
        """Return the snapshot."""
        snapshot: m.Snapshot = await self.handle.query(names.SNAPSHOT, result_type=m.Snapshot)
        return snapshot

    async def timeline(self) -> list[m.TimelineEntry]:
        """Return the timeline."""
        lines: list[m.TimelineEntry] = await self.handle.query(
            names.TIMELINE, result_type=list[m.TimelineEntry]
        )
        return lines

    async def kinds(self) -> list[str]:
        """Return the kinds of the timeline."""
        return [line.kind for line in await self.timeline()]

    async def at(self, kind: str) -> Any:
        """Return when the last entry of this kind happened."""
        return [line.at for line in await self.timeline() if line.kind == kind][-1]

    async def passes(self, **span: float) -> None:
        """Let time pass."""
        await self.env.sleep(timedelta(**span))

    async def failed_tasks(self) -> int:
        """Return how many workflow tasks have failed."""
        history = await self.handle.fetch_history()
        return sum(one.HasField("workflow_task_failed_event_attributes") for one in history.events)


async def declare(env: WorkflowEnvironment, **fields: Any) -> Live:
    """Start an incident and wait for its number."""
    payload = {"title": "api errors", "severity": "S1", "service": "web", **fields}
    handle = await env.client.start_workflow(
        names.INCIDENT,
        payload,
        id=names.incident_id(payload.get("key")),
        task_queue=names.TASK_QUEUE,
    )
    await handle.execute_update(names.REGISTERED)
    return Live(env, handle)


async def live_six_hours(life: Live) -> None:
    """Live on from the declaration, with a wait that is broken, until the window has ended."""
    await life.ask(names.ASSIGN_ROLE, role="imoc", person="ana")
    await life.passes(hours=5)
    await life.ask(names.RESOLVE)
    await life.passes(minutes=20)
    await life.ask(names.REOPEN, reason="errors are back")
    await life.passes(minutes=30)
    await life.ask(names.RESOLVE)
    await life.handle.result()
