"""The overrides' workflow: updates and signals count once, over any number of runs, and nothing wedges it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain.stand_ins import Arranged
from starter.failures import BadInput
from starter.overrides import arrange, standing
from tests.servers import real
from workflows import stand_ins
from workflows.stand_ins import Overrides

Handle = WorkflowHandle[Any, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with await real() as env:
        yield env


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def client(server: WorkflowEnvironment) -> Client:
    return server.client


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def afterwards(client: Client) -> AsyncIterator[None]:
    """Replay what a test has left, and end it."""
    yield
    handle = client.get_workflow_handle(names.OVERRIDES_ID)
    history = await handle.fetch_history()
    await Replayer(workflows=[Overrides], data_converter=DATA_CONVERTER).replay_workflow(history)
    assert not any(one.HasField("workflow_task_failed_event_attributes") for one in history.events)
    await handle.terminate()


@asynccontextmanager
async def working(client: Client, **options: Any) -> AsyncIterator[None]:
    async with Worker(client, task_queue=names.TASK_QUEUE, workflows=[Overrides], **options):
        yield


def asked(person: str = "bo", **fields: object) -> dict[str, Any]:
    """Return a message with an id of its own: the server answers a known one even after its run has ended."""
    given = {"actor": "ana", "rotation": "imoc", "person": person}
    span = {"begins": "2099-01-01T00:00:00Z", "ends": "2099-12-31T00:00:00Z"}
    return {"command_id": str(uuid.uuid4())} | given | span | fields


def withdraw(stand_in: str) -> dict[str, Any]:
    return {"command_id": str(uuid.uuid4()), "actor": "dee", "stand_in": stand_in}


async def people(client: Client) -> list[str]:
    return [one.person for one in await standing(client)]


async def test_one_who_stands_in_is_there_until_withdrawn(client: Client) -> None:
    first = asked()
    async with working(client):
        assert await people(client) == []
        kept = Arranged.model_validate(await arrange(client, names.STAND_IN, first))
        assert (kept.id, kept.by, kept.person, kept.layer) == (first["command_id"], "ana", "bo", 1)
        await arrange(client, names.STAND_IN, asked("cy", layer=2))
        await arrange(client, names.STAND_IN, first)
        assert await people(client) == ["bo", "cy"]
        answer = await arrange(client, names.WITHDRAW, withdraw(kept.id))
        assert answer is not None
        assert answer["withdrawn_by"] == "dee"
        assert await people(client) == ["cy"]


async def test_what_comes_while_no_worker_runs_is_done_later(client: Client) -> None:
    assert await arrange(client, names.STAND_IN, asked()) is None
    async with working(client):
        await arrange(client, names.STAND_IN, asked("cy"))
        assert sorted(await people(client)) == ["bo", "cy"]


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        (
            names.STAND_IN,
            {"begins": "2025-01-01T00:00:00Z", "ends": "2025-12-31T00:00:00Z"},
            "ends",
        ),
        (names.STAND_IN, {"rotation": "ops"}, "rotation"),
        (names.WITHDRAW, None, "stand_in"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    client: Client, name: str, payload: dict[str, Any] | None, field: str
) -> None:
    async with working(client):
        with pytest.raises(BadInput, match=field):
            await arrange(client, name, asked(**payload) if payload else withdraw("x"))
        await arrange(client, names.STAND_IN, asked())
        assert await people(client) == ["bo"]


async def test_junk_neither_ends_nor_wedges_it(client: Client) -> None:
    async with working(client):
        await arrange(client, names.STAND_IN, asked())
        handle = client.get_workflow_handle(names.OVERRIDES_ID)
        for name, args in (
            ("x", [1]),
            (names.STAND_IN, []),
            (names.STAND_IN, [1]),
            (names.WITHDRAW, [{}, {}]),
        ):
            await handle.signal(name, args=args)
            with pytest.raises(WorkflowUpdateFailedError):
                await handle.execute_update(name, args=args)
        await handle.cancel()
        assert await people(client) == ["bo"]


async def test_it_goes_on_as_new_and_forgets_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_ins, "RENEW_AFTER", 3)
    first, *others = (asked(f"p{count}") for count in range(10))
    async with working(client, workflow_runner=UnsandboxedWorkflowRunner()):
        for one in (first, *others, first):
            await arrange(client, names.STAND_IN, one)
        assert await people(client) == [f"p{count}" for count in range(10)]
        history = await client.get_workflow_handle(names.OVERRIDES_ID).fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        assert started.continued_execution_run_id
