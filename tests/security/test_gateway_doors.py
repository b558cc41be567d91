"""The gateway's limits: whose token, how much, how fast, how slow."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp.test_utils import TestClient, TestServer
from temporalio.client import Client

from muster.domain.policy import Policy
from muster.settings import SettingsError
from starter.gateway import bodies
from starter.gateway.alertmanager import ALERTS, SERVICES
from starter.gateway.app import Gateway
from starter.gateway.audits import FRESH, Audits
from starter.gateway.codec import READING as OFTENER
from starter.gateway.metrics import Metrics
from starter.gateway.senders import BURST, Allowance, Busy, Tokens
from starter.gateway.settings import GatewaySettings, from_environment
from tests.security.doors import (
    AUTHORIZED,
    DECODE,
    ENCODE,
    EVENTS,
    OTHER,
    READER,
    READING,
    TOKEN,
    TOKENS,
    WEBHOOK,
    Taking,
    opened,
    signed,
)
from tests.starter.test_alertmanager import captured, many


async def test_each_source_has_its_token_and_is_the_actor_of_what_it_sends() -> None:
    temporal = Taking()
    async with opened(temporal) as door:
        for token in (TOKEN, OTHER):
            headers = {"Authorization": f"Bearer {token}"}
            async with door.post(WEBHOOK, json=captured("resolved"), headers=headers) as reply:
                assert reply.status == 200
        async with door.get("/metrics") as reply:
            page = await reply.text()
    senders = [one["start_signal_args"][0].get("sender") for one in temporal.started]
    assert senders == [{"authenticated": True}, {"source": "grafana", "authenticated": True}]
    assert 'muster_gateway_deliveries_total{outcome="taken",source="grafana"} 1.0' in page


async def test_a_revoked_token_lets_nobody_in_and_the_others_go_on() -> None:
    async with opened(tokens={"grafana": OTHER}) as door:
        for token, status in ((TOKEN, 401), (OTHER, 200)):
            headers = {"Authorization": f"Bearer {token}"}
            async with door.post(WEBHOOK, json=captured("resolved"), headers=headers) as reply:
                assert reply.status == status


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}!", "Bearer \u00fc", f"bearer{TOKEN}"],
)
def test_a_header_that_is_no_token_of_ours_is_nobodys(header: str) -> None:
    assert Tokens(TOKENS).source(header) is None


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert Tokens(TOKENS).source(f"bEARER  {OTHER} ") == "grafana"


GIVEN = {
    "one without a name": ({"MUSTER_GATEWAY_TOKEN": "a b"}, {"alertmanager": "a b"}),
    "several": (
        {"MUSTER_GATEWAY_TOKENS": "grafana=12345678, site-2=abc=defgh,"},
        {"grafana": "12345678", "site-2": "abc=defgh"},
    ),
    "both": (
        {"MUSTER_GATEWAY_TOKEN": "x", "MUSTER_GATEWAY_TOKENS": "grafana=12345678"},
        {"alertmanager": "x", "grafana": "12345678"},
    ),
}


@pytest.mark.parametrize(("environment", "tokens"), GIVEN.values(), ids=GIVEN.keys())
def test_tokens_are_read_from_the_environment(
    environment: dict[str, str], tokens: dict[str, str]
) -> None:
    assert from_environment(environment).tokens == tokens


@pytest.mark.parametrize(
    "tokens",
    ["grafana", "grafana=short", "=secret-secret", "Grafana=secret-secret", "a b=secret-secret",
     "a=secret-secret,a=secret-other", "a=secret-secret,b=secret-secret", "a=secret secret"],
)  # fmt: skip
def test_tokens_that_do_not_do_are_a_clear_error_without_a_token(tokens: str) -> None:
    with pytest.raises(SettingsError, match="MUSTER_GATEWAY_TOKENS: entry") as caught:
        from_environment({"MUSTER_GATEWAY_TOKENS": tokens})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "nan", "inf", "1e9"])
def test_a_rate_that_does_not_do_is_a_clear_error(rate: str) -> None:
    with pytest.raises(SettingsError, match="MUSTER_GATEWAY_RATE"):
        from_environment({"MUSTER_GATEWAY_TOKEN": "x", "MUSTER_GATEWAY_RATE": rate})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (None, 10_485_760),
        ("1", 1),
        ("4096", 4_096),
        ("512KiB", 524_288),
        ("20 MiB", 20_971_520),
        ("1024MiB", 1_073_741_824),
    ],
)
def test_the_largest_body_is_read_from_the_environment(text: str | None, size: int) -> None:
    given = {"MUSTER_GATEWAY_LIMIT": text} if text else {}
    assert from_environment({"MUSTER_GATEWAY_TOKEN": "x", **given}).limit == size


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "much", "1.5MiB", "10MB", "1025MiB", "\u0661", "9" * 5_000]
)
def test_a_limit_that_does_not_do_is_a_clear_error(text: str) -> None:
    with pytest.raises(SettingsError, match="MUSTER_GATEWAY_LIMIT"):
        from_environment({"MUSTER_GATEWAY_TOKEN": "x", "MUSTER_GATEWAY_LIMIT": text})


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(GatewaySettings(tokens=TOKENS, policy=Policy(), signing_secret="hidden-secret"))
    assert not [word for word in (TOKEN, OTHER, "hidden-secret") if word in shown]


class Hand:
    """A clock in the test's hand."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


def test_an_allowance_is_used_up_and_fills_again() -> None:
    clock = Hand()
    allowance = Allowance("web", rate=10, clock=clock)
    for _ in range(int(10 * BURST)):
        with allowance.taken():
            pass
    with pytest.raises(Busy) as caught, allowance.taken():
        pass
    assert caught.value.after == 1
    clock.at += 0.11
    with allowance.taken():
        pass


async def test_one_source_that_sends_too_much_is_put_off_and_another_is_not() -> None:
    async with opened(rate=0.5) as door:
        statuses = []
        for _ in range(6):
            async with door.post(WEBHOOK, json=captured("resolved"), headers=AUTHORIZED) as reply:
                statuses.append(reply.status)
        assert statuses[:2] == [200, 200]
        # An Alertmanager drops its alerts after a 429, and sends them again after a 5xx.
        assert statuses[-1] == reply.status == 503
        assert int(reply.headers["Retry-After"]) >= 1
        other = {"Authorization": f"Bearer {OTHER}"}
        async with door.post(WEBHOOK, json=captured("resolved"), headers=other) as reply:
            assert reply.status == 200


async def test_slack_is_put_off_with_429() -> None:
    async with opened(rate=0.1) as door:
        for status in (200, 429):
            body = json.dumps({"type": "event_callback", "status": status}).encode()
            async with door.post(EVENTS, data=body, headers=signed(body)) as reply:
                assert reply.status == status


@pytest.mark.parametrize(("count", "services"), [(ALERTS + 1, 1), (SERVICES + 1, SERVICES + 1)])
async def test_a_delivery_of_more_than_one_may_have_is_refused(count: int, services: int) -> None:
    temporal = Taking()
    alert = {
        "status": "firing",
        "labels": {},
        "startsAt": "2026-01-01T00:00:00Z",
        "fingerprint": "f",
    }
    alerts = [alert | {"labels": {"service": f"web-{one % services}"}} for one in range(count)]
    async with opened(temporal) as door:
        body = io.BytesIO(json.dumps({"version": "4", "alerts": alerts}).encode())
        async with door.post(WEBHOOK, data=body, headers=AUTHORIZED) as reply:
            assert reply.status == 413
            assert (await reply.json())["error"]["code"] == "too_many"
    assert temporal.started == []


async def test_as_much_as_one_may_have_is_taken() -> None:
    temporal = Taking()
    async with (
        opened(temporal) as door,
        door.post(WEBHOOK, json=many(SERVICES, SERVICES), headers=AUTHORIZED) as reply,
    ):
        assert reply.status == 200
    assert len(temporal.started) == SERVICES


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [(WEBHOOK, AUTHORIZED, 503), (EVENTS, {}, 429), (DECODE, READING, 429), (ENCODE, READING, 429)],
)
async def test_a_body_that_trickles_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setattr(bodies, "WITHIN", 0.2)
    stopped = asyncio.Event()

    async def trickle() -> AsyncIterator[bytes]:
        while not stopped.is_set():
            yield b" "
            await asyncio.sleep(0.02)

    async with opened() as door:
        async with door.post(path, data=trickle(), headers=headers) as reply:
            assert reply.status == status
            assert (await reply.json())["error"]["code"] == "busy"
        stopped.set()


@pytest.mark.parametrize("path", [DECODE, ENCODE])
async def test_a_reader_is_put_off_with_429_and_a_stranger_costs_it_nothing(path: str) -> None:
    # One request at once, and the next only after a while that no test takes.
    async with opened(rate=0.0001 / OFTENER) as door:
        for headers, status in ((AUTHORIZED, 401), (READING, 200), (AUTHORIZED, 401)):
            async with door.post(path, data=b"{}", headers=headers) as reply:
                assert reply.status == status
        async with door.post(path, data=b"{}", headers=READING) as reply:
            assert reply.status == 429
            assert int(reply.headers["Retry-After"]) >= 1
            assert READER not in await reply.text()


async def test_a_reader_may_ask_more_often_than_a_sender() -> None:
    asked = OFTENER * 2
    async with opened(rate=1) as door:
        for _ in range(asked):
            async with door.post(DECODE, data=b"{}", headers=READING) as reply:
                assert reply.status == 200


class Asked(Taking):
    """Counts how often it is asked for the auditor's schedule, and takes its time to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    async def describe(self, **options: object) -> None:
        """Let the others ask meanwhile."""
        self.times += 1
        await asyncio.sleep(0)
        await super().describe(**options)


async def test_many_who_want_the_metrics_ask_temporal_once_a_second() -> None:
    temporal, clock = Asked(), Hand()
    audits = Audits(cast("Client", temporal), Metrics(), clock)
    for passed, times in ((0.0, 1), (FRESH - 0.01, 1), (0.02, 2)):
        clock.at += passed
        await asyncio.gather(*(audits.refresh() for _ in range(20)))
        assert temporal.times == times


async def test_without_a_secret_there_is_no_door_for_slack() -> None:
    chosen = GatewaySettings(tokens=TOKENS, policy=Policy())
    served = TestServer(Gateway(cast("Client", Taking()), chosen).app())
    async with (
        TestClient(served) as door,
        door.post(EVENTS, data=b"", headers=signed(b"")) as reply,
    ):
        assert reply.status == 404
