"""The gateway's own Prometheus metrics, and those that Temporal's SDK serves beside them."""

import asyncio
import time
from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import ValidationError
from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError

from muster import names
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import OPEN
from muster.domain.severity import Severity
from muster.encrypted import Undecipherable

FRESH: Final = 10.0
"""Seconds for which the ledger's answer is taken to hold."""
_LEDGER_WITHIN = 2.0
_SDK_WITHIN = ClientTimeout(total=2.0)
_FAILURES = (
    RPCError,
    RuntimeError,
    TimeoutError,
    Undecipherable,
    ValidationError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)


@dataclass
class Metrics:
    """What the gateway counts."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        """Declare the series."""
        self.requests = Counter(
            "muster_gateway_requests",
            "Requests by route and status.",
            ("route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "muster_gateway_request_seconds",
            "How long requests took.",
            ("route",),
            registry=self.registry,
        )
        self.alerts = Counter(
            "muster_alerts_received",
            "Alerts that Temporal has accepted, by their status.",
            ("status",),
            registry=self.registry,
        )
        self.deliveries = Counter(
            "muster_gateway_deliveries",
            "Deliveries by the source whose token they had, and what became of them.",
            ("source", "outcome"),
            registry=self.registry,
        )
        self.slack = Counter(
            "muster_slack_requests",
            "Signed requests of Slack by their type.",
            ("type",),
            registry=self.registry,
        )
        self.open = Gauge(
            "muster_open_incidents",
            "Open incidents by severity, as the ledger last said.",
            ("severity",),
            registry=self.registry,
        )
        self.ledger_up = Gauge(
            "muster_ledger_up",
            "Whether the ledger answered when it was last asked.",
            registry=self.registry,
        )
        self.findings = Gauge(
            "muster_audit_findings",
            "What the auditor's last look has found wrong, by kind.",
            ("trouble",),
            registry=self.registry,
        )
        self.rotations = Gauge(
            "muster_rotation_problems",
            "What is wrong with each rotation in the next weeks: gaps, clashes, calendars that cannot be had.",
            ("rotation",),
            registry=self.registry,
        )
        self.last_look = Gauge(
            "muster_audit_last_look_timestamp_seconds",
            "When the auditor last looked; it grows old when nobody looks any more.",
            registry=self.registry,
        )


class OpenIncidents:
    """Asks the ledger for the open incidents, not more often than the answer needs."""

    def __init__(self, client: Client, metrics: Metrics) -> None:
        """Begin with no answer."""
        self._client = client
        self._metrics = metrics
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Bring the gauges up to date; where the ledger is silent they stay and say so."""
        async with self._lock:
            if time.monotonic() - self._asked_at < FRESH:
                return
            try:
                self._show(await self._ask())
            except _FAILURES:
                self._metrics.ledger_up.set(0)
            self._asked_at = time.monotonic()

    async def _ask(self) -> list[LedgerEntry]:
        handle = self._client.get_workflow_handle(names.LEDGER_ID)
        within = timedelta(seconds=_LEDGER_WITHIN)
        async with asyncio.timeout(_LEDGER_WITHIN):
            entries: list[Any] = await handle.query(names.LEDGER_OPEN, rpc_timeout=within)
        return [LedgerEntry.model_validate(entry) for entry in entries]

    def _show(self, entries: list[LedgerEntry]) -> None:
        real = (entry for entry in entries if entry.phase in OPEN and not entry.drill)
        tally = Tally(entry.severity for entry in real)
        for severity in Severity:
            self._metrics.open.labels(severity).set(tally[severity])
        self._metrics.ledger_up.set(1)


async def page(metrics: Metrics, sdk: str | None) -> bytes:
    """Return our metrics and, where the SDK serves its own at this address, those after them."""
    ours = generate_latest(metrics.registry)
    return ours + await _scrape(sdk) if sdk else ours


async def _scrape(address: str) -> bytes:
    try:
        async with ClientSession(timeout=_SDK_WITHIN) as session, session.get(address) as answer:
            return await answer.read()
    except (ClientError, TimeoutError) as error:
        return f"# the SDK's metrics did not answer: {type(error).__name__}\n".encode()
