"""Payloads as no client of ours makes them, to every workflow on a real server: none fails a task, wedges or changes it."""

import asyncio
import contextlib
import json
import uuid
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from muster import names
from tests.security.junk import ALERT, COMMANDS, COUNTS, DECLARATION
from tests.workflows.incidents import QUEUES
from tests.workflows.world import World
from workflows.auditor import Auditor
from workflows.incident import Incident
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage
from workflows.reading import Reading
from workflows.service import Service
from workflows.stand_ins import Overrides

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

Handle = WorkflowHandle[Any, Any]
TAKEN_BACK = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
}
LARGE = 1_900_000
"""Bytes just below the largest payload that the server takes."""


def payload(encoding: str | None, data: bytes, **metadata: bytes) -> Payload:
    given = {"encoding": encoding.encode()} if encoding is not None else {}
    return Payload(metadata=given | metadata, data=data)


def plain(value: object) -> Payload:
    return payload("json/plain", json.dumps(value).encode())


RAW: dict[str, Payload] = {
    "no encoding": payload(None, b"{}"),
    "nothing at all": Payload(),
    "an unknown encoding": payload("json/odd", b"{}"),
    "an encoding that is no text": Payload(metadata={"encoding": b"\xff\xfe"}, data=b"{}"),
    "encrypted for others": payload("binary/encrypted", b"\x00" * 40, keyid=b"k"),
    "null": payload("binary/null", b""),
    "null with data": payload("binary/null", b"{}"),
    "bytes": payload("binary/plain", b"\xff\xfe\x00"),
    "bytes that unpack to any length": payload("binary/plain", zlib.compress(b" " * 100_000_000)),
    "bytes that unpack to deep lists": payload("binary/plain", zlib.compress(b"[" * 200_000)),
    "bytes that are cut off": payload("binary/plain", zlib.compress(b"{}" * 100)[:-3]),
    "a message of nobody": payload("json/protobuf", b"{}", messageType=b"no.Such"),
    "a message that is broken": payload(
        "binary/protobuf", b"\xff", messageType=b"temporal.api.common.v1.Payload"
    ),
    "no JSON": payload("json/plain", b"{"),
    "JSON that is no text": payload("json/plain", b'"\xff\xfe"'),
    "no data": payload("json/plain", b""),
    "a lone surrogate": payload("json/plain", b'{"title": "\\ud800", "text": "\\udfff"}'),
    "surrogates as names": payload("json/plain", b'{"\\ud800": 1}'),
    "deep lists": payload("json/plain", b"[" * 100_000),
    "deep objects": payload("json/plain", b'{"title":' * 50_000 + b"1" + b"}" * 50_000),
    "a huge number": payload("json/plain", b'{"number": ' + b"9" * 10_000 + b"}"),
    "no number": payload("json/plain", b'{"number": NaN, "lasts": 1e999}'),
    "the same name twice": payload("json/plain", b'{"title": "a", "title": 1}'),
    "null of JSON": plain(None),
    "a text": plain("text"),
    "a number": plain(7),
    "a list": plain([[], {}]),
    "an object": plain({}),
    "a large text": plain("x" * LARGE),
    "a large title": plain({"title": "日" * (LARGE // 9)}),
    "a large name": plain({"x" * LARGE: 1}),
    "many names": plain({f"n{one}": 1 for one in range(100_000)}),
    "a declaration with one more": plain(DECLARATION | {"more": 1}),
    "an empty carrier": plain({"carrier": {}}),
    "a foreign carrier": plain({"carrier": {"state": {"facts": [{"kind": "nope"}]}, "adopted": 1}}),
    "times past the calendar": plain(
        {"title": "x", "since": "0001-01-01T00:00:00+23:59", "at": "9999-12-31T23:59:59-23:59"}
    ),
    "an alert of another world": plain(
        {"service": "web", "alerts": [ALERT | {"starts_at": -1e18}]}
    ),
    "too many alerts": plain({"title": "x", "service": "web", "alerts": [ALERT] * 101}),
}
NAMES = (
    *names.COMMANDS,
    names.REPORT_ALERTS,
    names.ABSORB,
    "nonsense",
    "\x1b[31m",
    "名",
    "__stack_trace",
)


@activity.defn(name=names.AUDIT_LOOK)
async def look() -> list[object]:
    """Find nothing."""
    return []


LET_GO = asyncio.Event()
"""Until then a look into the tracker lasts."""


@activity.defn(name=names.RECORD_READ)
async def read_record(_question: object) -> dict[str, object]:
    """Find nothing, when it is let go."""
    await LET_GO.wait()
    return {"missing": "nothing is there"}


@asynccontextmanager
async def serving(client: Client) -> AsyncIterator[None]:
    """Run workers for every workflow, over a small world."""
    workflows = [Incident, Ledger, LedgerPage, Service, Overrides, Auditor, Reading]
    activities: list[Callable[..., Any]] = [*World().activities(), look, read_record]
    ours = Worker(client, task_queue=names.TASK_QUEUE, workflows=workflows, activities=activities)
    others = [Worker(client, task_queue=queue, activities=activities) for queue in QUEUES]
    async with contextlib.AsyncExitStack() as running:
        for worker in (ours, *others):
            await running.enter_async_context(worker)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(server: WorkflowEnvironment) -> AsyncIterator[Client]:
    async with serving(server.client):
        yield server.client


async def start(client: Client, kind: str, *args: Any, workflow_id: str = "") -> Handle:
    return await client.start_workflow(
        kind,
        args=args,
        id=workflow_id or f"{kind.lower()}-{uuid.uuid4()}",
        task_queue=names.TASK_QUEUE,
    )


async def failed_tasks(handle: Handle) -> list[str]:
    """Return why tasks have failed, except those that the server took back because more came in meanwhile."""
    failed = [
        event.workflow_task_failed_event_attributes
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_task_failed_event_attributes")
    ]
    return [f"{one.cause} {one.failure.message}" for one in failed if one.cause not in TAKEN_BACK]


async def settled(handle: Handle) -> WorkflowExecutionStatus:
    """Wait until a workflow has had its first task; return how it is then."""
    async with asyncio.timeout(20):
        while True:
            described = await handle.describe()
            assert described.status
            running = described.status is WorkflowExecutionStatus.RUNNING
            if not (running and described.raw_description.HasField("pending_workflow_task")):
                return described.status
            await asyncio.sleep(0.05)


KINDS = (
    *(names.INCIDENT, names.LEDGER, names.LEDGER_PAGE),
    *(names.SERVICE, names.OVERRIDES, names.AUDITOR, names.READING),
)
ENDS_BADLY = {names.INCIDENT, names.LEDGER, names.LEDGER_PAGE, names.OVERRIDES, names.READING}
"""What fails with BadInput where it cannot read what it is started with; the others begin with nothing."""


async def outcome(client: Client, kind: str, args: Sequence[Any]) -> tuple[str, list[str]]:
    """Return how a workflow of this start is after its first task, and why tasks have failed."""
    handle = await start(client, kind, *args)
    status = await settled(handle)
    found = await _why(handle) if status is WorkflowExecutionStatus.FAILED else status.name
    failed = await failed_tasks(handle)
    with contextlib.suppress(RPCError):  # it has ended
        await handle.terminate()
    return found, failed


async def _why(handle: Handle) -> str:
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    return _told(caught.value.cause)


def _told(cause: BaseException) -> str:
    """Return the type of a failure, whose words may be shown anywhere."""
    assert isinstance(cause, ApplicationError)
    assert len(cause.message) < 1_000
    assert cause.message.isprintable()
    return str(cause.type)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_start_payload_of_any_shape_leaves_no_failed_task(
    client: Client, kind: str
) -> None:
    cases: list[list[Any]] = [[RawValue(one)] for one in RAW.values()]
    cases += [[], [None, None], [RawValue(RAW["an unknown encoding"])] * 3]
    found: list[tuple[str, list[str]]] = []
    for at in range(0, len(cases), 8):
        batch = cases[at : at + 8]
        found += await asyncio.gather(*(outcome(client, kind, args) for args in batch))
    assert [why for _, failed in found for why in failed] == []
    ends = Counter(end for end, _ in found)
    allowed = {"BadInput", "RUNNING"} if kind in ENDS_BADLY else {"RUNNING", "COMPLETED"}
    assert ends.keys() <= allowed
    if kind in ENDS_BADLY:
        assert ends["BadInput"] >= 20


async def signalled(handle: Handle, cases: Sequence[tuple[str, Any]]) -> None:
    await asyncio.gather(*(handle.signal(name, args=args) for name, args in cases))


REFUSED = {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"}
"""What the server says of what it does not let through; anything else, such as a deadline, may be a wedge."""


async def updated(handle: Handle, name: str, args: Sequence[Any]) -> str:
    """Return the type of the refusal of an update, or that it was applied."""
    try:
        await handle.execute_update(name, args=args)
    except WorkflowUpdateFailedError as error:
        return _told(error.cause)
    except RPCError as error:
        return _kept_out(error)
    return "applied"


async def queried(handle: Handle, name: str, args: Sequence[Any]) -> str:
    """Return whether a query was answered, was refused by the workflow, or did not come to it."""
    try:
        await handle.query(name, *args[:1])
    except WorkflowQueryFailedError:
        return "refused"
    except RPCError as error:
        return _kept_out(error)
    return "answered"


def _kept_out(error: RPCError) -> str:
    assert error.status.name in REFUSED, error
    return error.status.name


def messages(wanted: Sequence[str]) -> list[tuple[str, list[Any]]]:
    """Return each payload with a name, and the wrong numbers of them."""
    cases = [
        (wanted[place % len(wanted)], [RawValue(one)]) for place, one in enumerate(RAW.values())
    ]
    return [*cases, *((name, []) for name in wanted), (wanted[0], [RawValue(plain({}))] * 2)]


async def bombarded(handle: Handle, wanted: Sequence[str], queries: Sequence[str]) -> int:
    """Send everything to a workflow as signals, updates and queries; return how much that was."""
    given, asked = messages(wanted), messages(queries)
    await signalled(handle, given)
    answers = [await updated(handle, name, args) for name, args in given]
    assert "applied" not in answers, answers
    for name, args in asked:
        await queried(handle, name, args)
    return 2 * len(given) + len(asked)


def unchanged(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return what no message that cannot be read changes."""
    return {name: value for name, value in snapshot.items() if name not in {"refusals", "effects"}}


async def test_an_incident_bears_everything_and_is_as_before(client: Client) -> None:
    handle = await start(client, names.INCIDENT, {"title": "api errors", "severity": "S2"})
    await handle.execute_update(names.REGISTERED)
    await handle.execute_update(names.ASSIGN_ROLE, COMMANDS["assign_role"])
    before = await handle.query(names.SNAPSHOT)
    sent = await bombarded(
        handle, NAMES, (names.SNAPSHOT, names.TIMELINE, names.RECORD, "nonsense")
    )
    assert sent >= COUNTS["payloads on a server"]
    after = await handle.query(names.SNAPSHOT)
    assert unchanged(after) == unchanged(before)
    assert after["refusals"]
    answer = await handle.execute_update(
        names.ADD_NOTE, COMMANDS["add_note"] | {"command_id": "c2"}
    )
    assert answer["outcome"] == "applied"
    assert await failed_tasks(handle) == []
    await handle.terminate()


async def test_a_ledger_bears_everything_and_goes_on_counting(client: Client) -> None:
    handle = await start(client, names.LEDGER)
    asked = {
        "workflow_id": "incident-1",
        "title": "x",
        "severity": "S2",
        "declared_at": "2026-01-01T00:00:00Z",
        "window": 10_800,
    }
    first = await handle.execute_update(names.LEDGER_REGISTER, asked)
    wanted = (
        names.LEDGER_REGISTER,
        names.LEDGER_CLAIM,
        names.LEDGER_CLOSE,
        names.LEDGER_REOPEN,
        names.LEDGER_END,
        names.LEDGER_RECORD,
        "nonsense",
    )
    await bombarded(handle, wanted, (names.LEDGER_OPEN, names.LEDGER_RECENT, "nonsense"))
    for change in ({"title": "x" * LARGE}, {"key": "k" * 201}, {"service": "s" * 201}):
        assert await updated(handle, names.LEDGER_REGISTER, [asked | change]) == "BadInput"
    second = await handle.execute_update(
        names.LEDGER_REGISTER, asked | {"workflow_id": "incident-2"}
    )
    assert (first["number"], second["number"]) == (1, 2)
    assert await failed_tasks(handle) == []
    await handle.terminate()


async def test_a_page_bears_everything_and_keeps_only_what_is_its_own(client: Client) -> None:
    handle = await start(client, names.LEDGER_PAGE, workflow_id=names.ledger_page_id(1))
    entry = {
        "number": 1,
        "workflow_id": "incident-1",
        "severity": "S2",
        "declared_at": "2026-01-01T00:00:00Z",
    }
    await handle.execute_update(names.PAGE_STORE, {"entries": {"1": entry}})
    await bombarded(handle, ("nonsense", "register"), (names.PAGE_LOOKUP, "nonsense"))
    for foreign in ({"entries": {"1000": entry | {"number": 1000}}}, {"keys": {"ab": 1}}):
        assert await updated(handle, names.PAGE_STORE, [foreign]) == "BadInput"
    found = await handle.query(names.PAGE_LOOKUP, {"number": 1})
    assert found["entry"]["workflow_id"] == "incident-1"
    assert await failed_tasks(handle) == []
    await handle.terminate()


async def test_a_service_bears_everything_and_is_told_in_its_details(client: Client) -> None:
    handle = await start(client, names.SERVICE, {"service": "web"})
    cases = messages((names.SERVICE_ALERTS, names.SERVICE_INCIDENT, "nonsense"))
    await signalled(handle, cases)
    for name, args in messages((names.SERVICE_ALERTS, "nonsense")):
        assert await updated(handle, name, args) != "applied"
        await queried(handle, name, args)

    async def details() -> str:
        shown = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(shown.current_details)

    async with asyncio.timeout(20):
        while f"{len(cases)} signals were refused" not in await details():
            await asyncio.sleep(0.1)
    assert await failed_tasks(handle) == []
    await handle.terminate()


async def test_an_auditor_bears_everything(client: Client) -> None:
    handle = await start(client, names.AUDITOR, RawValue(RAW["bytes"]))
    await handle.result()
    assert await failed_tasks(handle) == []


async def test_a_look_into_the_tracker_bears_everything_and_ends(client: Client) -> None:
    handle = await start(client, names.READING, {"workflow_id": "incident-1"})
    await bombarded(handle, ("nonsense", names.ADD_NOTE), (names.SNAPSHOT, "nonsense"))
    LET_GO.set()
    assert (await handle.result())["missing"] == "nothing is there"
    assert await failed_tasks(handle) == []


async def test_an_incident_of_an_unusable_id_fails_by_itself(client: Client) -> None:
    for workflow_id in ("x" * 900, "a b", "incident-\u202e", "incident-1/../2", "$(id)"):
        handle = await start(client, names.INCIDENT, {"title": "x"}, workflow_id=workflow_id)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "BadInput"
        assert await failed_tasks(handle) == []
