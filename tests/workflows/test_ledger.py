"""The ledger on a real server: many callers, many runs, pages, and whatever is sent to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from muster import names, ports
from muster.domain.ledger import Claim, LedgerEntry, LedgerState, Limits
from muster.domain.ledger_pages import Page
from muster.domain.lifecycle import Phase
from tests.servers import real
from tests.workflows.ledger_office import (
    INSTANT,
    TINY,
    Office,
    begin,
    closed,
    registration,
    sound,
    working,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a real server: on it a ledger between two runs is never missing."""
    async with await real() as environment:
        yield environment


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(env: WorkflowEnvironment) -> AsyncIterator[Office]:
    """Return the ledger's provider, with a worker behind it."""
    async with working(env.client) as office:
        yield office


@pytest.fixture
def client(env: WorkflowEnvironment) -> Client:
    return env.client


async def settled(handle: WorkflowHandle[Any, Any], carried: int) -> list[LedgerEntry]:
    """Wait until the ledger carries no more entries than this."""
    for _ in range(200):
        recent: list[LedgerEntry] = await handle.query(
            names.LEDGER_RECENT, result_type=list[LedgerEntry]
        )
        if len(recent) <= carried:
            return recent
        await asyncio.sleep(0.05)
    pytest.fail(f"{len(recent)} entries are carried")


async def test_two_at_the_same_instant(client: Client, office: Office) -> None:
    state = LedgerState(next_number=2, closed={1: closed(1)}, longest=timedelta(hours=3))
    handle = await begin(client, state)
    one, two = await asyncio.gather(
        office.register(registration("a")), office.register(registration("b"))
    )
    assert {one.number, two.number} == {2, 3}
    assert one.predecessor == two.predecessor
    assert one.predecessor
    assert one.predecessor.number == 1
    await sound(handle)


async def test_the_first_call_starts_the_ledger(client: Client, office: Office) -> None:
    handle = await begin(client)
    await handle.terminate()
    assert (await office.register(registration("a"))).number == 1
    await sound(client.get_workflow_handle(names.LEDGER_ID))


async def test_it_continues_as_new_under_load(client: Client, office: Office) -> None:
    handle = await begin(client, LedgerState(limits=Limits(renew_after=5)))
    asked = [registration(str(count)) for count in range(40)]
    first = await asyncio.gather(*(office.register(one) for one in asked))
    again = await asyncio.gather(*(office.register(one) for one in asked))
    numbers = [answer.number for answer in first]
    assert sorted(numbers) == list(range(1, 41))
    assert [answer.number for answer in again] == numbers
    latest = client.get_workflow_handle(names.LEDGER_ID)
    assert (await latest.describe()).run_id != handle.first_execution_run_id
    assert len(await office.standing()) == len(asked)
    await sound(latest)


async def live(office: Office, number: int) -> None:
    """Declare one incident and close it; it may go to a page at once."""
    answer = await office.register(registration(str(number), key=f"key-{number}", window=INSTANT))
    assert answer.number == number
    known = await office.entry(number)
    assert known
    first = await office.close(known)
    assert await office.close(known) == first


async def test_what_is_old_moves_to_pages_and_comes_back(client: Client, office: Office) -> None:
    await begin(client, LedgerState(limits=TINY))
    for number in range(1, 31):
        await live(office, number)
    latest = client.get_workflow_handle(names.LEDGER_ID)
    await settled(latest, TINY.entries)
    for number in range(1, 31):
        entry = await office.entry(number)
        assert entry
        assert (entry.number, entry.phase) == (number, Phase.CLOSED)
        asked = registration("later", key=f"key-{number}", first_run="run-2")
        answer = await office.register(asked)
        assert (answer.number, answer.known_as) == (number, entry.workflow_id)
        assert (await office.register(registration("same", key=f"key-{number}"))).number == number
    assert await office.entry(31) is None
    await sound(latest)
    await sound(client.get_workflow_handle(names.ledger_page_id(1)))


async def test_an_incident_in_a_page_takes_every_message(client: Client, office: Office) -> None:
    await begin(client, LedgerState(limits=TINY))
    for number in range(1, 12):
        await live(office, number)
    await settled(client.get_workflow_handle(names.LEDGER_ID), TINY.entries)
    one = await office.entry(1)
    assert one
    await office.record(one.model_copy(update={"tracker": "http://issues/1"}))
    again = one.model_copy(update={"life": 1, "phase": Phase.ACTIVE})
    await office.reopen(again)
    closing = await office.close(again)
    assert one.closed_at
    assert closing.closed_at > one.closed_at
    assert (await office.close(one)).closed_at == one.closed_at
    after = await office.entry(1)
    assert after
    assert (after.tracker, after.life, after.closed_at) == ("http://issues/1", 1, closing.closed_at)
    claimed = await office.claim(Claim(key="key-2", number=11))
    assert claimed.number == 2
    await sound(client.get_workflow_handle(names.LEDGER_ID))


async def test_nothing_is_dropped_that_no_page_has_stored(client: Client, office: Office) -> None:
    limits = TINY.model_copy(update={"renew_after": 100, "rest": timedelta(0)})
    handle = await begin(client, LedgerState(limits=limits))
    office.fault = ApplicationError("no", type="Forbidden", non_retryable=True)
    for number in range(1, 12):
        await live(office, number)
    assert len(await settled(handle, 11)) == 11
    office.fault = None
    await live(office, 12)
    await settled(handle, TINY.entries)
    assert await office.entry(1)
    await sound(handle)


async def test_past_a_hundred_thousand(client: Client, office: Office) -> None:
    """With the whole of 99,990 behind it, as it is carried then; that no page is needed to number.

    That a hundred thousand lives neither grow the state nor are forgotten is proved in
    ``tests/domain/test_ledger_size.py``, by the same rules and pages without a server.
    """
    last = 99_990
    carried = {number: closed(number) for number in range(last - 499, last + 1)}
    handle = await begin(
        client, LedgerState(next_number=last + 1, closed=carried, longest=timedelta(hours=3))
    )
    await office.store(names.ledger_page_id(7), Page(entries={7: closed(7)}))
    old = {number: closed(number) for number in range(99_000, last - 499)}
    await office.store(names.ledger_page_id(99_000), Page(entries=old))
    answers = [await office.register(registration(str(count))) for count in range(120)]
    assert [answer.number for answer in answers] == list(range(last + 1, last + 121))
    for number in (7, 99_000, last - 500, last - 499, last, last + 1, 100_000, last + 120):
        entry = await office.entry(number)
        assert entry
        assert entry.number == number
    assert len(await settled(handle, 600)) <= 600
    page = client.get_workflow_handle(names.ledger_page_id(99_999))
    await sound(page)
    await sound(handle)


BAD: list[tuple[str, list[Any]]] = [
    ("register", []),
    ("register", [1]),
    ("register", [{"title": "no more than this"}]),
    ("register", [registration("a"), registration("b")]),
    ("close", [{"number": "one", "workflow_id": "a", "severity": "S9"}]),
    ("entry", [0]),
    ("entry", ["all"]),
    ("claim", [RawValue(Payload(metadata={"encoding": b"binary/plain"}, data=b"\xff"))]),
    ("end", [RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{"))]),
    ("end", [RawValue(Payload(metadata={"encoding": b"foreign"}, data=b"?"))]),
    ("no such update", [1]),
    (" ", []),
]


@pytest.mark.parametrize(("name", "args"), BAD)
async def test_a_malformed_update_is_refused(
    client: Client, office: Office, name: str, args: list[Any]
) -> None:
    handle = await begin(client)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(name, args=args)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "BadInput"
    assert (await office.register(registration("a"))).number == 1
    await sound(handle)


async def test_any_signal_is_passed_over(client: Client, office: Office) -> None:
    handle = await begin(client)
    for name, args in BAD:
        await handle.signal(name or "x", args=args)
    assert (await office.register(registration("a"))).number == 1
    await sound(handle)


@pytest.mark.parametrize(
    "payloads",
    [
        ["a"],
        [1, 2],
        [{"next_number": 0}],
        [{"anything": 1}],
        [b"not compressed"],
        [RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{"))],
    ],
)
@pytest.mark.parametrize("workflow", [names.LEDGER, names.LEDGER_PAGE])
async def test_a_malformed_start_ends_as_failed(
    client: Client, office: Office, workflow: str, payloads: list[Any]
) -> None:
    del office
    handle = await client.start_workflow(
        workflow, args=payloads, id=f"bad-{workflow}", task_queue=names.TASK_QUEUE
    )
    with pytest.raises(WorkflowFailureError) as failure:
        await handle.result()
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "BadInput"
    await sound(handle)


async def test_a_malformed_message_leaves_a_page_alone(client: Client, office: Office) -> None:
    await begin(client)
    page_id = names.ledger_page_id(1)
    await office.store(page_id, Page(entries={1: closed(1)}))
    page = client.get_workflow_handle(page_id)
    for name, args in BAD:
        with pytest.raises(WorkflowUpdateFailedError):
            await page.execute_update(name, args=args)
        await page.signal(name, args=args)
    await page.cancel()
    await office.store(page_id, Page(entries={2: closed(2)}))
    await sound(page)


async def test_a_request_to_cancel_does_not_end_it(client: Client, office: Office) -> None:
    handle = await begin(client)
    await office.register(registration("0"))
    await handle.cancel()
    for count in range(1, 10):
        assert (await office.register(registration(str(count)))).number == count + 1
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await sound(handle)


async def test_a_large_state_travels_compressed(client: Client, office: Office) -> None:
    title = "a very long title " * 10
    many = {n: closed(n).model_copy(update={"title": f"{n} {title}"}) for n in range(1, 3_001)}
    limits = Limits(entries=5_000, renew_after=1)
    state = LedgerState(next_number=3_001, closed=many, limits=limits, longest=timedelta(hours=3))
    handle = await begin(client, state)
    for count in range(3):
        assert (await office.register(registration(str(count)))).number == 3_001 + count
    latest = client.get_workflow_handle(names.LEDGER_ID)
    assert (await latest.describe()).run_id != handle.first_execution_run_id
    event = (await latest.fetch_history()).events[0]
    carrier = event.workflow_execution_started_event_attributes.input.payloads[0]
    assert carrier.ByteSize() < 200_000
    assert await office.entry(3_000) == many[3_000]
    await sound(latest)


async def test_the_details_name_what_is_open(client: Client, office: Office) -> None:
    handle = await begin(client)
    for count in range(22):
        await office.register(registration(str(count)))
    known = await office.entry(1)
    assert known
    await office.end(known.model_copy(update={"phase": Phase.CANCELLED}))
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "Next number **#23**, open: 21" in metadata.current_details
    assert "- #22 S3 active: `web`" in metadata.current_details
    assert "and 1 more" in metadata.current_details


async def test_a_number_that_was_never_given(client: Client, office: Office) -> None:
    await begin(client)
    with pytest.raises(ports.NotFound):
        await office.close(closed(1))
    assert await office.standing() == ()
