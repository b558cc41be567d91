"""The workflow of a service on a real server: one incident for its alerts, kept informed, whatever is sent to it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.services import Relay, ServiceActivities
from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain import service as domain
from muster.domain.commands import Absorb
from muster.domain.effects import Body, EffectCall, Op
from muster.domain.service import ServiceOp
from muster.messages import Answer
from tests.servers import real, time_skipping
from tests.workflows.neighbours import T0, Listener, OpenLedger, alert, batch, entry, until
from workflows.service import Carry, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

Handle = WorkflowHandle[Any, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[Client]:
    """Return a client to a real server with a worker: there a service is found between two runs, too."""
    async with await real() as environment, serving(environment.client):
        yield environment.client


@pytest_asyncio.fixture(loop_scope="module")
async def own() -> AsyncIterator[Client]:
    """Return a client to a server of one test's own: time is skipped only where nothing else waits for a worker."""
    async with await time_skipping() as environment:
        yield environment.client


def serving(client: Client, queue: str = names.TASK_QUEUE) -> Worker:
    activities = ServiceActivities(client)
    return Worker(
        client,
        task_queue=queue,
        workflows=[Service, Listener, OpenLedger],
        activities=[activities.declare, activities.report],
    )


@pytest.fixture
def web() -> str:
    """Return the name of a service of which no other test has heard."""
    return f"web-{uuid.uuid4()}"


async def send(
    client: Client, service: str, payload: object, signal: str = names.SERVICE_ALERTS, **start: Any
) -> Handle:
    return await client.start_workflow(
        names.SERVICE,
        {"service": service, **start},
        id=names.service_id(service),
        task_queue=names.TASK_QUEUE,
        start_signal=signal,
        start_signal_args=[payload],
    )


def notice(service: str, workflow_id: str, event: str) -> dict[str, Any]:
    return {"service": service, "workflow_id": workflow_id, "number": 7, "event": event}


async def incident(client: Client, declaration: dict[str, Any] | None = None) -> Handle:
    return await client.start_workflow(
        names.INCIDENT,
        declaration or {},
        id=f"incident-{uuid.uuid4()}",
        task_queue=names.TASK_QUEUE,
    )


async def reported(handle: Handle, *wanted: tuple[str, bool]) -> list[Any]:
    """Wait until an incident has heard of these alerts, in this order; return the reports."""

    async def heard() -> list[Any] | None:
        signals = (await handle.query("heard"))["signals"]
        told = [
            (one["fingerprint"], one["firing"]) for signal in signals for one in signal["alerts"]
        ]
        return signals if told == list(wanted) else None

    signals: list[Any] = await until(heard)
    return signals


async def declared(client: Client, key: str) -> Handle:
    """Wait until the incident of this key is there."""
    handle = client.get_workflow_handle(names.incident_id(key))

    async def there() -> bool:
        try:
            return bool(await handle.describe())
        except Exception:  # noqa: BLE001 - not yet
            return False

    await until(there)
    return handle


def key(service: str, count: int = 1, start: int = 0) -> str:
    return f"alerts:{service}:2026-11-23T09:{36 + start}:00+00:00:{count}"


async def failed_tasks(handle: Handle) -> int:
    return sum(
        [
            1
            async for event in handle.fetch_history_events()
            if event.HasField("workflow_task_failed_event_attributes")
        ]
    )


async def test_alerts_declare_one_incident_and_later_ones_are_told(
    client: Client, web: str
) -> None:
    await send(client, web, batch(web, alert("a", web), alert("b", web)))
    await send(client, web, batch(web, alert("a", web), alert("b", web)))
    found = await declared(client, key(web))
    await send(client, web, batch(web, alert("a", web, firing=False), alert("c", web, start=1)))

    (report,) = await reported(found, ("a", False), ("c", True))

    declaration = (await found.query("heard"))["declaration"]
    assert declaration["severity"] == "S3"
    assert declaration["service"] == web
    assert declaration["title"] == "HighErrorRate"
    assert declaration["declared_by"] == "automation:alertmanager"
    assert [one["fingerprint"] for one in declaration["alerts"]] == ["a", "b"]
    assert (report["actor"], report["source"]) == ("automation:alertmanager", "alertmanager")


async def test_concurrent_deliveries_declare_once(client: Client, web: str) -> None:
    await asyncio.gather(
        *(send(client, web, batch(web, alert(str(one), web))) for one in range(40))
    )

    async def told() -> bool:
        heard = await found.query("heard")
        alerts = [
            *heard["declaration"]["alerts"],
            *(one for s in heard["signals"] for one in s["alerts"]),
        ]
        return sorted(int(one["fingerprint"]) for one in alerts) == list(range(40))

    found = await declared(client, key(web))
    await until(told)
    with pytest.raises(Exception, match="not found"):
        await client.get_workflow_handle(names.incident_id(key(web, 2))).describe()


async def test_an_incident_that_a_human_declared_is_linked(client: Client, web: str) -> None:
    human = await incident(client)
    await send(client, web, notice(web, human.id, "opened"), names.SERVICE_INCIDENT)
    await send(client, web, batch(web, alert("a", web)))

    await reported(human, ("a", True))
    with pytest.raises(Exception, match="not found"):
        await client.get_workflow_handle(names.incident_id(key(web))).describe()


async def test_an_incident_that_only_the_ledger_knows_is_linked(client: Client, web: str) -> None:
    human, other, drill = [await incident(client) for _ in range(3)]
    ledger = await client.start_workflow(
        names.LEDGER,
        [
            entry(other.id, web, "closed"),
            entry(other.id, "other"),
            entry(human.id, web, "resolved"),
            entry(drill.id, web) | {"drill": True},
        ],
        id=names.LEDGER_ID,
        task_queue=names.TASK_QUEUE,
    )
    try:
        await send(client, web, batch(web, alert("a", web)))
        await reported(human, ("a", True))
        assert (await other.query("heard"))["signals"] == []
        assert (await drill.query("heard"))["signals"] == []
    finally:
        await ledger.terminate()


async def test_an_incident_that_the_ledger_wrongly_holds_open_is_replaced(
    client: Client, web: str
) -> None:
    dead = await incident(client)
    await dead.terminate()
    ledger = await client.start_workflow(
        names.LEDGER, [entry(dead.id, web)], id=names.LEDGER_ID, task_queue=names.TASK_QUEUE
    )
    try:
        await send(client, web, batch(web, alert("a", web)))
        await declared(client, key(web, 2))
    finally:
        await ledger.terminate()


async def test_who_asks_is_answered_and_who_has_closed_is_left_alone(
    client: Client, web: str
) -> None:
    asks = await incident(client)
    await send(client, web, notice(web, asks.id, "opened"), names.SERVICE_INCIDENT)
    await send(client, web, batch(web, alert("a", web)))
    await reported(asks, ("a", True))
    await send(client, web, notice(web, asks.id, "asked"), names.SERVICE_INCIDENT)
    first, second = await reported(asks, ("a", True), ("a", True))
    assert first["command_id"] != second["command_id"]

    await send(client, web, notice(web, asks.id, "closed"), names.SERVICE_INCIDENT)
    await send(client, web, batch(web, alert("a", web), alert("b", web, start=2)))

    following = await declared(client, key(web, start=2))
    assert [
        one["fingerprint"] for one in (await following.query("heard"))["declaration"]["alerts"]
    ] == ["b"]
    await reported(following, ("a", True))
    await reported(asks, ("a", True), ("a", True))


NOTHING: dict[str, object] = {
    "null": None,
    "text": "firing",
    "number": 3,
    "array": [1],
    "empty": {},
    "wrong field": {"service": "web", "alerts": [], "more": 1},
    "wrong alert": {"service": "web", "alerts": [{"fingerprint": 1}]},
    "a date past the calendar": {
        "service": "web",
        "alerts": [
            {
                "fingerprint": "a",
                "name": "a",
                "service": "web",
                "firing": True,
                "starts_at": "0001-01-01T00:00:00+12:00",
            }
        ],
    },
}


async def test_nothing_malformed_fails_a_workflow_task(client: Client, web: str) -> None:
    strange = RawValue(Payload(metadata={"encoding": b"binary/unheard-of"}, data=b"\x00"))
    broken = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{"))
    handle = await client.start_workflow(
        names.SERVICE,
        args=[strange, 3, broken],
        id=names.service_id(web),
        task_queue=names.TASK_QUEUE,
    )
    for signal in (names.SERVICE_ALERTS, names.SERVICE_INCIDENT, "nonsense"):
        for payload in NOTHING.values():
            await handle.signal(signal, payload)
        await handle.signal(signal, args=[])
        await handle.signal(signal, args=[{}, {}])
        await handle.signal(signal, strange)
        await handle.signal(signal, broken)

    await handle.signal(names.SERVICE_ALERTS, batch(web, alert("a", web)))

    await declared(client, key(web))
    assert await failed_tasks(handle) == 0


@pytest.mark.parametrize("payload", [None, "web", {"service": 3}, {"state": {}}, [1, 2]])
async def test_any_start_payload_serves(client: Client, web: str, payload: object) -> None:
    handle = await client.start_workflow(
        names.SERVICE, payload, id=names.service_id(web), task_queue=names.TASK_QUEUE
    )
    await handle.signal(names.SERVICE_ALERTS, batch(web, alert("a", web)))

    await declared(client, key(web))
    assert await failed_tasks(handle) == 0


async def test_it_continues_as_new_with_all_that_it_knows(client: Client, web: str) -> None:
    first = await send(client, web, batch(web, alert("a", web)), signals_per_run=3)
    found = await declared(client, key(web))
    for one in range(20):
        await send(client, web, batch(web, alert(f"b{one}", web)))
    await send(client, web, batch(web, alert("a", web)))

    reports = await reported(found, *((f"b{one}", True) for one in range(20)))

    assert len({one["command_id"] for one in reports}) == len(reports)
    now = await client.get_workflow_handle(first.id).describe()
    assert now.run_id != first.result_run_id
    with pytest.raises(Exception, match="not found"):
        await client.get_workflow_handle(names.incident_id(key(web, 2))).describe()


async def test_reports_that_were_let_go_are_told_from_what_is_known(
    client: Client, web: str
) -> None:
    human = await incident(client)
    state, _ = domain.opened(domain.State(service=web, origin="x"), human.id, 7, T0)
    state, undone = domain.observe(state, (alert("a", web), alert("b", web, firing=False)), T0)
    carry = Carry(state=state, catch_up=(human.id,), actions=())
    assert len(undone) == 1

    await client.start_workflow(
        names.SERVICE,
        carry.model_dump(mode="json", exclude_defaults=True),
        id=names.service_id(web),
        task_queue=names.TASK_QUEUE,
    )

    await reported(human, ("a", True), ("b", False))


async def test_a_backlog_that_came_while_no_worker_ran_is_read_in_order(
    env: WorkflowEnvironment, web: str
) -> None:
    queue = f"queue-{web}"
    handle = await env.client.start_workflow(
        names.SERVICE, {"service": web}, id=names.service_id(web), task_queue=queue
    )
    found = await env.client.start_workflow(
        names.INCIDENT, {}, id=f"incident-{web}", task_queue=queue
    )
    await handle.signal(names.SERVICE_INCIDENT, notice(web, found.id, "opened"))
    for one in range(300):
        await handle.signal(
            names.SERVICE_ALERTS, batch(web, alert("a", web, start=one % 60 if one < 60 else 59))
        )
    await handle.signal(names.SERVICE_ALERTS, batch(web, alert("b", web)))

    async with serving(env.client, queue):
        await reported(found, *([("a", True)] * 60), ("b", True))
        assert await failed_tasks(handle) == 0


async def test_a_report_that_is_refused_for_good_holds_up_nothing(
    env: WorkflowEnvironment, web: str
) -> None:
    queue, tried = f"queue-{web}", []

    @activity.defn(name=ServiceOp.REPORT)
    async def refuse(call: Any) -> None:
        tried.append(call["workflow_id"])
        message = "no"
        raise ApplicationError(message, type="Rejected", non_retryable=True)

    handle = await env.client.start_workflow(
        names.SERVICE, {"service": web}, id=names.service_id(web), task_queue=queue
    )
    await handle.signal(names.SERVICE_INCIDENT, notice(web, "incident-x", "opened"))
    await handle.signal(names.SERVICE_ALERTS, batch(web, alert("a", web)))
    activities = ServiceActivities(env.client)
    async with Worker(
        env.client, task_queue=queue, workflows=[Service], activities=[activities.declare, refuse]
    ):
        await declared(env.client, key(web))
    assert tried == ["incident-x"]


async def test_a_request_to_cancel_loses_nothing(client: Client, web: str) -> None:
    handle = await send(client, web, batch(web, alert("a", web)))
    await handle.cancel()
    found = await declared(client, key(web))
    await send(client, web, batch(web, alert("a", web), alert("b", web)))

    await reported(found, ("b", True))
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_quiet_service_is_forgotten_after_a_day(own: Client, web: str) -> None:
    async with serving(own):
        handle = await send(own, web, batch(web, alert("a", web, firing=False)))
        began = (await handle.describe()).start_time
        await handle.result()

    ended = await handle.describe()
    assert ended.close_time is not None
    assert round((ended.close_time - began).total_seconds() / 3600) == 24


async def test_its_history_replays(client: Client, web: str) -> None:
    handle = await send(client, web, batch(web, alert("a", web)))
    found = await declared(client, key(web))
    await send(client, web, batch(web, alert("b", web)))
    await reported(found, ("b", True))

    history = await handle.fetch_history()

    await Replayer(workflows=[Service], data_converter=DATA_CONVERTER).replay_workflow(history)


# What incidents say to services and to each other.


async def test_an_incident_tells_a_service_that_does_not_run_yet(client: Client, web: str) -> None:
    human = await incident(client)
    body = Body(
        payload=f'{{"service":"{web}","workflow_id":"{human.id}","number":7,"event":"asked"}}'
    )
    call = EffectCall(key="k", op=Op.SERVICE_TELL, body=body, incident=human.id)

    receipt = await ActivityEnvironment().run(Relay(client).tell, call)

    assert receipt.id == names.service_id(web)

    async def answered() -> bool:
        return bool((await human.query("heard"))["signals"])

    await until(answered)


@pytest.mark.parametrize(
    "payload", ["", "{}", '{"service":"web","workflow_id":"i","event":"burnt"}']
)
async def test_a_malformed_notice_is_not_tried_again(client: Client, payload: str) -> None:
    call = EffectCall(key="k", op=Op.SERVICE_TELL, body=Body(payload=payload), incident="i")

    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(Relay(client).tell, call)

    assert caught.value.non_retryable


def absorb(duplicate: int, into: str) -> EffectCall:
    command = Absorb(
        command_id=f"{into}/{duplicate}",
        actor="ana",
        duplicate=duplicate,
        duplicate_workflow="incident-d",
        severity="S2",
        declared_at=T0,
        wait_owed=True,
    )
    body = Body(other_workflow=into, payload=command.model_dump_json())
    return EffectCall(key="k", op=Op.INCIDENT_ABSORB, body=body, incident="incident-d")


async def test_the_survivor_answers(client: Client) -> None:
    survivor, relay = await incident(client), Relay(client)

    for _ in range(2):
        receipt = await ActivityEnvironment().run(relay.absorb, absorb(3, survivor.id))
        answer = Answer.model_validate_json(receipt.answer)
        assert (answer.outcome, answer.number) == ("applied", 7)

    refused = await ActivityEnvironment().run(relay.absorb, absorb(1, survivor.id))
    answer = Answer.model_validate_json(refused.answer)
    assert (answer.outcome, answer.code, answer.message) == (
        "refused",
        "not_active",
        "it is closed",
    )

    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(relay.absorb, absorb(2, survivor.id))
    assert caught.value.non_retryable


async def test_a_survivor_that_is_gone_refuses(client: Client) -> None:
    receipt = await ActivityEnvironment().run(Relay(client).absorb, absorb(3, "incident-nowhere"))

    assert Answer.model_validate_json(receipt.answer).outcome == "refused"
