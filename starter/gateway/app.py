"""The gateway's routes: an Alertmanager's webhook, Slack's requests, health, readiness and metrics."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from temporalio.client import Client

from muster.domain.service import Sender
from muster.messages import AlertBatch, BadInput
from starter.gateway import alertmanager, slack
from starter.gateway.audits import Audits
from starter.gateway.bodies import TooSlow, whole
from starter.gateway.delivery import NotDeliveredError, deliver
from starter.gateway.metrics import Metrics, OpenIncidents, page
from starter.gateway.readiness import Readiness
from starter.gateway.rotations import Rotations
from starter.gateway.senders import Allowance, Busy, Tokens
from starter.gateway.settings import GatewaySettings

RETRY_AFTER: Final = 5
"""Seconds after which a sender may try again."""
SLACK: Final = "slack"

_LOG = logging.getLogger(__name__)


class Gateway:
    """The handlers and what they share."""

    def __init__(
        self,
        client: Client,
        settings: GatewaySettings,
        sdk_metrics: str | None = None,
        *,
        signatures: slack.Signatures | None = None,
    ) -> None:
        """Take a client, which may not be connected yet, and the address of the SDK's metrics."""
        self._client = client
        self._settings = settings
        self._sdk_metrics = sdk_metrics
        self._metrics = Metrics()
        self._open = OpenIncidents(client, self._metrics)
        self._audits = Audits(client, self._metrics)
        self._readiness = Readiness(client)
        self._rotations = Rotations(client, settings.policy, self._metrics)
        self._tokens = Tokens(settings.tokens)
        self._allowances = {
            source: Allowance(source, settings.rate) for source in (*settings.tokens, SLACK)
        }
        self._signatures = signatures or settings.signatures()

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(
            client_max_size=self._settings.limit, middlewares=[self._measured, _answered]
        )
        app.cleanup_ctx.append(self._rotations.watching)
        app.router.add_post("/webhooks/alertmanager", self.alertmanager)
        if self._signatures is not None:
            app.router.add_post("/slack/events", self.slack)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        if self._settings.codec is not None:
            from starter.gateway.codec import CodecServer

            CodecServer(self._settings.codec, self._settings.keys, self._settings.rate).serve(app)
        return app

    async def alertmanager(self, request: web.Request) -> web.Response:
        """Take a delivery; the answer is 200 once Temporal has all of it."""
        source = self._tokens.source(request.headers.get("Authorization", ""))
        if source is None:
            return _unauthorized()
        with self._deliveries(source), self._allowances[source].taken():
            batches = await asyncio.to_thread(self._split, await whole(request), source)
            sent = await deliver(self._client, batches)
        self._count(batches)
        services = len({batch.service for batch in batches})
        accepted = sum(len(batch.alerts) for batch in batches)
        return web.json_response({"accepted": accepted, "services": services, "signals": sent})

    async def slack(self, request: web.Request) -> web.Response:
        """Answer Slack's question whether this address is ours; whatever else is signed is counted."""
        assert self._signatures is not None  # noqa: S101 - there is no such route without them
        with self._allowances[SLACK].taken():
            body = await whole(request)
            if not self._signatures.hold(body, request.headers):
                return _error(401, "unauthorized", "needs a signature of Slack, of now, used once")
        asked = slack.challenge(body)
        self._metrics.slack.labels("other" if asked is None else "url_verification").inc()
        return web.json_response({} if asked is None else {"challenge": asked})

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process is alive."""
        return web.json_response({"status": "ok"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say whether Temporal answers and where it is looked for, and what is wrong with the rotations ahead."""
        details = await self._readiness.details() | {"rotations": self._rotations.details()}
        if details["ready"]:
            return web.json_response(details)
        return web.json_response(details, status=503, headers={"Retry-After": str(RETRY_AFTER)})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Serve our metrics, the auditor's last look among them, and the SDK's."""
        await asyncio.gather(self._open.refresh(), self._audits.refresh())
        text = await page(self._metrics, self._sdk_metrics)
        return web.Response(
            body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    def _split(self, body: bytes, source: str) -> list[AlertBatch]:
        alerts = self._settings.policy.alerts
        webhook = alertmanager.read(body)
        sender = Sender(source=source, authenticated=True)
        return list(
            alertmanager.batches(webhook, alerts.service_label, alerts.starting_severity, sender)
        )

    def _count(self, batches: list[AlertBatch]) -> None:
        tally = Counter(alert.firing for batch in batches for alert in batch.alerts)
        self._metrics.alerts.labels("firing").inc(tally[True])
        self._metrics.alerts.labels("resolved").inc(tally[False])

    @contextmanager
    def _deliveries(self, source: str) -> Iterator[None]:
        """Count a delivery by its source and by whether all of it was taken."""
        outcome = "refused"
        try:
            yield
            outcome = "taken"
        except (Busy, NotDeliveredError, TooSlow):
            outcome = "put_off"
            raise
        finally:
            self._metrics.deliveries.labels(source, outcome).inc()

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
    except alertmanager.TooMany as error:
        return _error(413, "too_many", str(error), field="alerts")
    except web.RequestPayloadError:
        return _error(400, "bad_input", "the body cannot be read as its headers say")
    except (Busy, TooSlow) as error:
        return _put_off(request, error)
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
        _LOG.exception("a request failed: %s", request.match_info.route.name)
        return _error(500, "internal", "the request failed; the gateway's log says why")


def _put_off(request: web.Request, error: Busy | TooSlow) -> web.Response:
    """Ask to send again: an Alertmanager does so only after a 5xx, and would drop its alerts after a 429."""
    after = error.after if isinstance(error, Busy) else RETRY_AFTER
    status = 503 if request.path.startswith("/webhooks/") else 429
    return _error(status, "busy", str(error), headers={"Retry-After": str(after)})


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
