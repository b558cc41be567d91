"""The gateway's routes: an Alertmanager's webhook, health, readiness and metrics."""

import asyncio
import logging
import time
from collections import Counter
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from muster.messages import AlertBatch, BadInput
from starter.gateway import alertmanager
from starter.gateway.access import is_let_in
from starter.gateway.audits import Audits
from starter.gateway.delivery import NotDeliveredError, deliver, reason
from starter.gateway.metrics import Metrics, OpenIncidents, page
from starter.gateway.settings import GatewaySettings

RETRY_AFTER: Final = 5
"""Seconds after which a sender may try again."""
READY_WITHIN: Final = 3.0

_LOG = logging.getLogger(__name__)


class Gateway:
    """The handlers and what they share."""

    def __init__(
        self, client: Client, settings: GatewaySettings, sdk_metrics: str | None = None
    ) -> None:
        """Take a client, which may not be connected yet, and the address of the SDK's metrics."""
        self._client = client
        self._settings = settings
        self._sdk_metrics = sdk_metrics
        self._metrics = Metrics()
        self._open = OpenIncidents(client, self._metrics)
        self._audits = Audits(client, self._metrics)

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(
            client_max_size=self._settings.limit, middlewares=[self._measured, _answered]
        )
        app.router.add_post("/webhooks/alertmanager", self.alertmanager)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        if self._settings.codec is not None:
            from starter.gateway.codec import CodecServer

            CodecServer(self._settings.codec, self._settings.keys).serve(app)
        return app

    async def alertmanager(self, request: web.Request) -> web.Response:
        """Take a delivery; the answer is 200 once Temporal has all of it."""
        if not is_let_in(request, self._settings.token):
            return _unauthorized()
        if (request.content_length or 0) > self._settings.limit:
            raise web.HTTPRequestEntityTooLarge(self._settings.limit, request.content_length or 0)
        body = await request.read()
        batches = await asyncio.to_thread(self._split, body)
        sent = await deliver(self._client, batches)
        self._count(batches)
        services = len({batch.service for batch in batches})
        accepted = sum(len(batch.alerts) for batch in batches)
        return web.json_response({"accepted": accepted, "services": services, "signals": sent})

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process is alive."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say whether Temporal answers, and where it is looked for."""
        error = await self._unready()
        config = self._client.service_client.config
        details = {
            "ready": error is None,
            "temporal": {
                "address": config.target_host,
                "namespace": self._client.namespace,
                "reachable": error is None,
                "error": error,
            },
        }
        headers = {} if error is None else {"Retry-After": str(RETRY_AFTER)}
        return web.json_response(details, status=503 if error else 200, headers=headers)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Serve our metrics, the auditor's last look among them, and the SDK's."""
        await asyncio.gather(self._open.refresh(), self._audits.refresh())
        text = await page(self._metrics, self._sdk_metrics)
        return web.Response(
            body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    def _split(self, body: bytes) -> list[AlertBatch]:
        alerts = self._settings.policy.alerts
        webhook = alertmanager.read(body)
        return list(alertmanager.batches(webhook, alerts.service_label, alerts.starting_severity))

    def _count(self, batches: list[AlertBatch]) -> None:
        tally = Counter(alert.firing for batch in batches for alert in batch.alerts)
        self._metrics.alerts.labels("firing").inc(tally[True])
        self._metrics.alerts.labels("resolved").inc(tally[False])

    async def _unready(self) -> str | None:
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._client.workflow_service.describe_namespace(request)
        except (RPCError, RuntimeError, TimeoutError) as error:
            return reason(error)
        return None

    @web.middleware
    async def _measured(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response = await handler(request)
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "other"
        self._metrics.requests.labels(route, str(response.status)).inc()
        self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
        return response


_KEPT: Final = ("Allow", "WWW-Authenticate")
"""Headers of an error that its answer needs."""


@web.middleware
async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into its status and one JSON document."""
    try:
        return await handler(request)
    except BadInput as error:
        return _error(400, "bad_input", str(error), field=error.field)
    except NotDeliveredError as error:
        message = f"Temporal has not accepted all of it: {error}"
        return _error(503, "unavailable", message, headers={"Retry-After": str(RETRY_AFTER)})
    except web.HTTPRequestEntityTooLarge:
        message = f"the body is larger than {request.client_max_size} bytes, which is the limit"
        return _error(413, "too_large", message)
    except web.HTTPException as error:
        kept = {name: error.headers[name] for name in _KEPT if name in error.headers}
        return _error(
            error.status, error.reason.lower().replace(" ", "_"), error.reason, headers=kept
        )
    except Exception:  # noqa: BLE001 - the next request is to be served
        _LOG.exception("a request to %s failed", request.path)
        return _error(500, "internal", "the request failed; the gateway's log says why")


def _unauthorized() -> web.Response:
    message = "needs the header Authorization: Bearer TOKEN with the gateway's token"
    return _error(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})


def _error(
    status: int,
    code: str,
    message: str,
    *,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    error = {"code": code, "message": message, "field": field}
    return web.json_response({"error": error}, status=status, headers=headers)
