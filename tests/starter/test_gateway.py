"""The gateway over HTTP against a real server: what it lets in, what it refuses, what it says of itself."""

import asyncio
import gzip
import io
import json
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.services import ServiceActivities
from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain.policy import Policy
from starter.gateway.app import Gateway
from starter.gateway.settings import SOURCE, GatewaySettings
from tests.servers import time_skipping
from tests.starter.test_alertmanager import captured, many
from tests.workflows.neighbours import Listener, OpenLedger, entry, until
from workflows.service import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "correct horse"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}"}
WEBHOOK = "/webhooks/alertmanager"

Door: TypeAlias = TestClient[web.Request, web.Application]


@asynccontextmanager
async def opened(
    client: Client, sdk_metrics: str | None = None, **settings: Any
) -> AsyncIterator[Door]:
    """Serve a gateway in this process."""
    given: dict[str, Any] = {"tokens": {SOURCE: SECRET}, "policy": Policy()}
    chosen = GatewaySettings(**given | settings)
    app = Gateway(client, chosen, sdk_metrics).app()
    async with TestClient(TestServer(app)) as door:
        yield door


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server."""
    async with await time_skipping() as environment:
        yield environment


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(env: WorkflowEnvironment) -> AsyncIterator[Client]:
    """Return a client to a server with a worker."""
    activities = ServiceActivities(env.client)
    async with Worker(
        env.client,
        task_queue=names.TASK_QUEUE,
        workflows=[Service, Listener, OpenLedger],
        activities=[activities.declare, activities.report],
    ):
        yield env.client


@pytest_asyncio.fixture(loop_scope="module")
async def door(client: Client) -> AsyncIterator[Door]:
    """Return the way into a gateway that has its server."""
    async with opened(client) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def shut() -> AsyncIterator[Door]:
    """Return the way into a gateway whose server does not run."""
    async with opened(await nowhere(free_port())) as one:
        yield one


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def nowhere(port: int) -> Client:
    return await Client.connect(f"127.0.0.1:{port}", data_converter=DATA_CONVERTER, lazy=True)


async def post(door: Door, body: object, headers: dict[str, str] = AUTHORIZED) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with door.post(WEBHOOK, data=io.BytesIO(data), headers=headers) as answer:
        return answer.status, await answer.json()


def delivery(name: str, service: str) -> dict[str, Any]:
    """Return a captured delivery as of this service."""
    document = captured(name)
    for alert in document["alerts"]:
        alert["labels"]["service"] = service
    return document


@pytest.fixture
def service() -> str:
    """Return the name of a service of which no other test has heard."""
    return f"web-{uuid.uuid4()}"


async def signals(client: Client, service: str) -> int:
    handle = client.get_workflow_handle(names.service_id(service))
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return len([one async for one in handle.fetch_history_events() if one.event_type == kind])


async def incident(client: Client, service: str, episode: int = 1) -> dict[str, Any]:
    """Wait for the incident of a captured delivery; return what it has heard."""
    key = f"alerts:{service}:2026-11-23T09:36:12.923593+00:00:{episode}"
    handle = client.get_workflow_handle(names.incident_id(key))

    async def heard() -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = await handle.query("heard")
        except Exception:  # noqa: BLE001 - not yet
            return None
        return found

    found: dict[str, Any] = await until(heard)
    return found


async def test_captured_deliveries_become_one_incident(
    door: Door, client: Client, service: str
) -> None:
    for name in (
        "firing-two-instances",
        "firing-two-instances",
        "partial-resolve",
        "partial-resolve",
        "resolved",
    ):
        status, answer = await post(door, delivery(name, service))
        assert status == 200
    assert answer == {"accepted": 1, "services": 1, "signals": 1}

    async def told() -> list[tuple[str, bool]] | None:
        heard = await incident(client, service)
        found = [
            (one["fingerprint"], one["firing"]) for s in heard["signals"] for one in s["alerts"]
        ]
        return found if len(found) >= 2 else None

    assert await until(told) == [("d7fa68729bba71dd", False), ("c4d14c2e58694832", False)]
    declaration = (await incident(client, service))["declaration"]
    assert len(declaration["alerts"]) == 2
    assert declaration["severity"] == "S3"


async def test_concurrent_deliveries_of_one_group_declare_once(
    door: Door, client: Client, service: str
) -> None:
    answers = await asyncio.gather(
        *(post(door, delivery("firing-two-instances", service)) for _ in range(30))
    )

    assert {status for status, _ in answers} == {200}
    assert (await incident(client, service))["signals"] == []
    second = names.incident_id(f"alerts:{service}:2026-11-23T09:36:12.923593+00:00:2")
    with pytest.raises(Exception, match="not found"):
        await client.get_workflow_handle(second).describe()


async def test_twenty_thousand_alerts_are_taken(door: Door, client: Client) -> None:
    body = json.dumps(many(20_000)).encode()
    assert 5_000_000 < len(body) < 10 * 1024 * 1024

    async with asyncio.timeout(30):
        status, answer = await post(door, body)

    assert (status, answer) == (200, {"accepted": 20_000, "services": 1, "signals": 200})
    assert await signals(client, "web-0") > 0


async def test_a_compressed_delivery_is_taken(door: Door, service: str) -> None:
    body = gzip.compress(json.dumps(delivery("resolved", service)).encode())

    status, _ = await post(door, body, AUTHORIZED | {"Content-Encoding": "gzip"})

    assert status == 200


UNAUTHORIZED: dict[str, dict[str, str]] = {
    "nothing": {},
    "another token": {"Authorization": "Bearer correct"},
    "a longer token": {"Authorization": f"Bearer {SECRET}!"},
    "no scheme": {"Authorization": SECRET},
    "another scheme": {"Authorization": f"Basic {SECRET}"},
    "an empty token": {"Authorization": "Bearer "},
    "no text": {"Authorization": "Bearer \u00ff\u00fe"},
}


@pytest.mark.parametrize("headers", UNAUTHORIZED.values(), ids=UNAUTHORIZED.keys())
async def test_without_the_token_nobody_is_let_in(door: Door, headers: dict[str, str]) -> None:
    async with door.post(WEBHOOK, data=b"{", headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert (await answer.json())["error"]["code"] == "unauthorized"


async def test_a_bad_body_is_refused_with_its_field_and_the_next_is_taken(
    door: Door, service: str
) -> None:
    document = delivery("firing-two-instances", service)
    document["alerts"][1]["startsAt"] = "yesterday"

    status, answer = await post(door, document)

    assert status == 400
    assert answer["error"]["code"] == "bad_input"
    assert answer["error"]["field"] == "alerts.1.startsAt"
    assert answer["error"]["message"].startswith("alerts.1.startsAt: ")
    for body in (b"[]", b"17", b"null"):
        assert "must be a JSON object" in (await post(door, body))[1]["error"]["message"]
    assert (await post(door, b"\x00"))[0] == 400
    assert (await post(door, b"[" * 100_000))[0] == 400
    assert (await post(door, delivery("resolved", service)))[0] == 200


async def test_what_is_too_large_is_refused_whatever_it_says_of_its_size(client: Client) -> None:
    async def piecewise() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    async with opened(client, limit=1_000) as door:
        bomb = gzip.compress(b" " * 1_000_000)
        large = (
            (b" " * 1_001, AUTHORIZED),
            (piecewise(), AUTHORIZED),
            (bomb[:900], AUTHORIZED | {"Content-Encoding": "gzip"}),
        )
        for body, headers in large:
            async with door.post(WEBHOOK, data=body, headers=headers) as answer:
                assert answer.status == 413
                error = (await answer.json())["error"]
                assert error["code"] == "too_large"
                assert error["message"] == "the body is larger than 1000 bytes, which is the limit"
        assert (await post(door, b"{}"))[0] == 400


async def test_other_ways_in_are_refused_as_json(door: Door) -> None:
    async with door.get(WEBHOOK) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert (await answer.json())["error"]["code"] == "method_not_allowed"
    async with door.get("/") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["field"] is None


async def test_without_temporal_a_delivery_is_refused_for_now(shut: Door) -> None:
    async with asyncio.timeout(10):
        async with shut.post(
            WEBHOOK, json=captured("firing-two-instances"), headers=AUTHORIZED
        ) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            assert (await answer.json())["error"]["code"] == "unavailable"


async def test_a_silent_temporal_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        await _is_not_waited_for(silent.getsockname()[1])


async def _is_not_waited_for(port: int) -> None:
    async with opened(await nowhere(port)) as door:
        async with asyncio.timeout(8):
            assert (await post(door, captured("firing-two-instances")))[0] == 503
        async with asyncio.timeout(8), door.get("/readyz") as answer:
            assert answer.status == 503


async def test_a_bad_body_is_told_so_even_without_temporal(shut: Door) -> None:
    assert (await post(shut, {"version": "3"}))[0] == 400


async def test_a_gateway_finds_temporal_once_it_is_there(service: str) -> None:
    port = free_port()
    async with opened(await nowhere(port)) as door:
        assert (await post(door, delivery("resolved", service)))[0] == 503
        async with await time_skipping(port):

            async def taken() -> bool:
                return (await post(door, delivery("resolved", service)))[0] == 200

            assert await until(taken)


async def test_health_is_only_about_the_process(shut: Door) -> None:
    async with shut.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_readiness_is_about_temporal(door: Door, shut: Door, client: Client) -> None:
    async with door.get("/readyz") as answer:
        assert answer.status == 200
        ready = await answer.json()
        assert ready["ready"] is True
        assert ready["temporal"]["address"] == client.service_client.config.target_host
        assert ready["temporal"]["namespace"] == "default"
    async with shut.get("/readyz") as answer:
        assert answer.status == 503
        unready = await answer.json()
        assert unready["temporal"]["reachable"] is False
        assert unready["temporal"]["error"]


async def scraped(door: Door) -> dict[tuple[str, tuple[str, ...]], float]:
    async with door.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = list(text_string_to_metric_families(await answer.text()))
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_metrics_count_requests_alerts_and_open_incidents(
    client: Client, service: str
) -> None:
    drill = entry("l", "api") | {"drill": True}
    entries = [entry("i", "web"), entry("j", "api"), entry("k", "api", "closed"), drill]
    ledger = await client.start_workflow(
        names.LEDGER, entries, id=names.LEDGER_ID, task_queue=names.TASK_QUEUE
    )
    async with opened(client) as door:
        await post(door, delivery("partial-resolve", service))
        await post(door, b"{")
        found = await scraped(door)
    await ledger.terminate()

    assert found["muster_gateway_requests_total", (WEBHOOK, "200")] == 1
    assert found["muster_gateway_requests_total", (WEBHOOK, "400")] == 1
    assert found["muster_alerts_received_total", ("firing",)] == 1
    assert found["muster_alerts_received_total", ("resolved",)] == 1
    assert found["muster_open_incidents", ("S3",)] == 2
    assert found["muster_open_incidents", ("S1",)] == 0
    assert found["muster_ledger_up", ()] == 1


async def test_metrics_say_that_the_ledger_is_silent(shut: Door) -> None:
    async with asyncio.timeout(8):
        found = await scraped(shut)

    assert found["muster_ledger_up", ()] == 0
    assert ("muster_open_incidents", ("S3",)) not in found


async def test_metrics_of_the_sdk_stand_after_ours(client: Client) -> None:
    async def theirs(_request: web.Request) -> web.Response:
        return web.Response(text="# TYPE temporal_request counter\ntemporal_request 4\n")

    app = web.Application()
    app.router.add_get("/metrics", theirs)
    async with TestServer(app) as sdk, opened(client, str(sdk.make_url("/metrics"))) as door:
        assert (await scraped(door))["temporal_request_total", ()] == 4


async def test_metrics_are_served_when_those_of_the_sdk_are_not(client: Client) -> None:
    async with opened(client, f"http://127.0.0.1:{free_port()}/metrics") as door:
        assert ("muster_ledger_up", ()) in await scraped(door)
