"""The gateway in this process, before a Temporal that takes everything and keeps what it was given."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

from aiohttp import TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from muster.domain.policy import Policy
from starter.gateway.app import Gateway
from starter.gateway.settings import SOURCE, CodecSettings, GatewaySettings
from starter.gateway.slack import Signatures
from tests.security.rings import NEW, OLD

Door: TypeAlias = TestClient[web.Request, web.Application]

TOKEN, OTHER = "correct horse", "battery staple"
TOKENS = {SOURCE: TOKEN, "grafana": OTHER}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
READER = "mixed pickles"
READING = {"Authorization": f"Bearer {READER}"}
UI = "https://temporal.example.com"
CODEC = CodecSettings(READER, frozenset({UI}))
WEBHOOK, EVENTS = "/webhooks/alertmanager", "/slack/events"
DECODE, ENCODE = "/codec/decode", "/codec/encode"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_700_000_000


class Taking:
    """As much of a client as the gateway uses."""

    namespace = "default"
    service_client = SimpleNamespace(config=SimpleNamespace(target_host="nowhere:7233"))

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.workflow_service = self

    async def describe_namespace(self, _request: object) -> None:
        """Answer."""

    async def start_workflow(self, _name: str, payload: object, **options: Any) -> None:
        """Keep what would be started."""
        self.started.append({"payload": payload, **options})

    def get_workflow_handle(self, _workflow_id: str) -> "Taking":
        """Return the ledger."""
        return self

    def get_schedule_handle(self, _schedule_id: str) -> "Taking":
        """Return the auditor's schedule, which is not there."""
        return self

    async def describe(self, **_options: object) -> None:
        """Say that there is none."""
        raise RPCError("no such schedule", RPCStatusCode.NOT_FOUND, b"")

    async def query(self, _name: str, **_options: object) -> list[object]:
        """Say that nothing is open."""
        return []


class Stopped:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.at: float = NOW

    def now(self) -> float:
        return self.at


@asynccontextmanager
async def opened(
    temporal: Taking | None = None, clock: Stopped | None = None, **settings: Any
) -> AsyncIterator[Door]:
    """Serve a gateway that Slack may call, and a codec server in it."""
    given: dict[str, Any] = {"tokens": TOKENS, "policy": Policy(), "rate": 10_000}
    given |= {"codec": CODEC, "keys": (NEW, OLD)}
    chosen = GatewaySettings(**given | settings)
    client = cast("Client", temporal or Taking())
    signatures = Signatures(SECRET, clock or Stopped())
    served = TestServer(Gateway(client, chosen, signatures=signatures).app())
    # Each request has a connection of its own: one that leaves its body unread may be its connection's last.
    async with TestClient(served, connector=TCPConnector(force_close=True)) as door:
        yield door


def signed(body: bytes, at: float | str = NOW, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of Slack, made as its documentation says and not by its SDK."""
    written = at if isinstance(at, str) else str(int(at))
    digest = hmac.new(secret.encode(), b"v0:%s:%s" % (written.encode(), body), hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": written,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
    }
