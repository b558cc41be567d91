"""Incidents whose history is encrypted: their life is the same, and what only says that it is encrypted wedges nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from muster import names
from muster.converter import data_converter
from muster.encrypted import KEY_ID
from muster.encryption import Codec
from tests.security.rings import FOREIGN, NEW, OLD
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World
from workflows.service import Service

BODY = Payload(metadata={"encoding": b"json/plain"}, data=b'{"title": "api errors"}')


def claimed(key: str, data: bytes) -> Payload:
    return Payload(metadata={"encoding": b"binary/encrypted", KEY_ID: key.encode()}, data=data)


STRANGE = {
    "encrypted with a key of others": (Codec((FOREIGN,)).encrypted(BODY), "'foreign'"),
    "cut off": (claimed("new", Codec((NEW,)).encrypted(BODY).data[:-1]), "'new'"),
    "never encrypted": (claimed("new", b"{}"), "'new'"),
    "empty": (claimed("", b""), "''"),
}
ELSEWHERE = {
    "marked as kept elsewhere": {
        "encoding": b"json/plain",
        "__temporal_external_storage_reference": b"true",
    },
    "kept elsewhere": {"encoding": b"json/external-storage-reference"},
    "kept elsewhere, as a message": {
        "encoding": b"json/protobuf",
        "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server whose client encrypts."""
    async with await time_skipping(converter=data_converter((NEW, OLD))) as environment:
        yield environment


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(env: WorkflowEnvironment) -> Client:
    """Return the client of another service: without keys, and without our converter."""
    return await Client.connect(env.client.service_client.config.target_host)


async def raw(live: Live) -> bytes:
    """Return everything that the server keeps of it."""
    history = await live.handle.fetch_history()
    return b"".join(one.SerializeToString() for one in history.events)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_life_leaves_nothing_readable_in_its_history(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        life = await declare(env, title="checkout broken", severity="S4", service="till")
        await life.signal(names.ADD_NOTE, text="the cache was cold")
        refusal = await life.refused(names.MERGE, into=1)
        await life.ask(names.RESOLVE, message="warm again")
        await life.handle.result()
        kept = await raw(life)
        assert not await life.failed_tasks()
    for words in ("checkout", "till", "cache", "warm", refusal.message, '"ana"'):
        assert words.encode() not in kept, words


@pytest.mark.parametrize(("payload", "named"), STRANGE.values(), ids=STRANGE.keys())
async def test_a_declaration_that_cannot_be_decrypted_fails_by_itself_and_names_the_key(
    env: WorkflowEnvironment, stranger: Client, payload: Payload, named: str
) -> None:
    async with working(env.client, World()):
        handle = await started(stranger, payload)
        encrypted = env.client.get_workflow_handle(handle.id)
        with pytest.raises(WorkflowFailureError) as caught:
            await encrypted.result()
        assert not await Live(env, encrypted).failed_tasks()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "BadInput"
    assert f"the key {named}" in caught.value.cause.message


@pytest.mark.parametrize(("payload", "named"), STRANGE.values(), ids=STRANGE.keys())
async def test_a_signal_that_cannot_be_decrypted_is_refused_on_record(
    env: WorkflowEnvironment, stranger: Client, payload: Payload, named: str
) -> None:
    async with working(env.client, World()):
        life = await declare(env, severity="S4")
        handle = stranger.get_workflow_handle(life.handle.id)
        await handle.signal(names.ADD_NOTE, args=[RawValue(payload)])
        await life.ask(names.ADD_NOTE, text="still there")
        lines = await life.timeline()
        assert not await life.failed_tasks()
    refused = [line.text for line in lines if line.kind == "refused"]
    assert len(refused) == 1
    assert named in refused[0]
    assert "noted" in [line.kind for line in lines]


@pytest.mark.parametrize("metadata", ELSEWHERE.values(), ids=ELSEWHERE.keys())
async def test_a_payload_that_names_an_external_storage_wedges_nothing(
    env: WorkflowEnvironment, stranger: Client, metadata: dict[str, bytes]
) -> None:
    payload = Payload(metadata=metadata, data=b"{}")
    async with working(env.client, World()):
        life = await declare(env, severity="S4")
        await stranger.get_workflow_handle(life.handle.id).signal("note", args=[RawValue(payload)])
        await life.ask(names.ADD_NOTE, text="still there")
        assert not await life.failed_tasks()
        handle = await started(stranger, payload)
        with pytest.raises(WorkflowFailureError):
            await env.client.get_workflow_handle(handle.id).result()
        assert not await Live(env, handle).failed_tasks()


async def test_a_service_passes_over_what_it_cannot_decrypt(
    env: WorkflowEnvironment, stranger: Client
) -> None:
    strange = [payload for payload, _ in STRANGE.values()]
    async with servicing(env.client):
        handle = await stranger.start_workflow(
            names.SERVICE,
            args=[RawValue(strange[0])],
            id="service-strange",
            task_queue="services",
        )
        for payload in strange:
            await handle.signal(names.SERVICE_ALERTS, args=[RawValue(payload)])
        encrypted = env.client.get_workflow_handle(handle.id)
        metadata = await encrypted.query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )
        assert not await Live(env, encrypted).failed_tasks()
    assert f"{len(strange)} signals were refused" in metadata.current_details


async def test_what_another_service_sends_in_plain_is_read(
    env: WorkflowEnvironment, stranger: Client
) -> None:
    async with working(env.client, World()):
        handle = await started(stranger, BODY)
        encrypted = env.client.get_workflow_handle(handle.id)
        await encrypted.execute_update(names.REGISTERED)
        assert (await Live(env, encrypted).shown()).title == "api errors"


async def started(client: Client, payload: Payload) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow(
        names.INCIDENT,
        args=[RawValue(payload)],
        id=names.incident_id(None),
        task_queue=names.TASK_QUEUE,
    )


async def test_a_run_whose_carrier_cannot_be_read_waits_for_the_key_and_loses_nothing(
    env: WorkflowEnvironment,
) -> None:
    written = await Client.connect(
        env.client.service_client.config.target_host, data_converter=data_converter((FOREIGN,))
    )
    handle = await written.start_workflow(
        names.SERVICE,
        {"service": "web", "signals_per_run": 2},
        id="service-carried",
        task_queue="services",
        task_timeout=timedelta(seconds=1),
    )
    async with servicing(written):
        for _ in range(2):
            await handle.signal("unheard-of", "of")
        await until_continued(handle)
    async with servicing(env.client):
        await handle.signal("unheard-of", "of")
        await until_failed(handle)
    async with servicing(written):
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "3 signals were refused" in metadata.current_details


def servicing(client: Client) -> Worker:
    """Return a worker that remembers nothing between two tasks."""
    return Worker(client, task_queue="services", workflows=[Service], max_cached_workflows=0)


async def until_continued(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait for the next run."""
    first = handle.first_execution_run_id

    async def continued() -> bool:
        return (await handle.describe()).run_id != first

    await until(continued)


async def until_failed(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until a workflow task has failed, and see that the workflow has not."""

    async def failed() -> bool:
        described = await handle.describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
        history = await handle.fetch_history()
        return any(one.HasField("workflow_task_failed_event_attributes") for one in history.events)

    await until(failed)


async def until(ready: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await ready():
            await asyncio.sleep(0.05)
