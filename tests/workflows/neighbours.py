"""Stand-ins for the workflows next to a service: a ledger that says what is open, an incident that keeps what it hears."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from muster import names
    from muster.domain.alerts import Alert
    from muster.messages import AlertBatch

T0 = datetime(2026, 11, 23, 9, 36, tzinfo=UTC)


@workflow.defn(name=names.INCIDENT)
class Listener:
    """Keeps its declaration and every signal until it is told to end; refuses a duplicate that says so."""

    @workflow.init
    def __init__(self, declaration: dict[str, Any]) -> None:
        self.declaration = declaration
        self.signals: list[Any] = []
        self.ended = False

    @workflow.run
    async def run(self, declaration: dict[str, Any]) -> None:
        del declaration
        await workflow.wait_condition(lambda: self.ended)

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        self.ended = self.ended or name == "end"
        self.signals += [workflow.payload_converter().from_payload(arg.payload) for arg in args]

    @workflow.update(name=names.ABSORB)
    async def absorb(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["duplicate"] == 1:
            refusal = {"outcome": "refused", "code": "not_active", "message": "it is closed"}
            raise ApplicationError(refusal["message"], refusal, type="Refused", non_retryable=True)
        if command["duplicate"] == 2:
            bug = "a bug"
            raise ApplicationError(bug, type="Bug", non_retryable=True)
        return {"outcome": "applied", "number": 7}

    @workflow.query(name="heard")
    def heard(self) -> dict[str, Any]:
        return {"declaration": self.declaration, "signals": self.signals}


@workflow.defn(name=names.LEDGER)
class OpenLedger:
    """Says that what it was started with is open."""

    @workflow.init
    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries

    @workflow.run
    async def run(self, entries: list[dict[str, Any]]) -> None:
        del entries
        await workflow.wait_condition(lambda: False)

    @workflow.query(name=names.LEDGER_OPEN)
    def open(self) -> list[dict[str, Any]]:
        return self.entries


def entry(workflow_id: str, service: str, phase: str = "active") -> dict[str, Any]:
    """Return an entry of the ledger."""
    return {
        "number": 1,
        "workflow_id": workflow_id,
        "severity": "S3",
        "phase": phase,
        "service": service,
        "declared_at": T0.isoformat(),
    }


def alert(which: str, service: str, *, start: int = 0, firing: bool = True) -> Alert:
    """Return an alert that started so many minutes after the beginning."""
    return Alert(
        fingerprint=which,
        name="HighErrorRate",
        service=service,
        firing=firing,
        starts_at=T0 + timedelta(minutes=start),
        ends_at=None if firing else T0 + timedelta(minutes=start + 1),
    )


def batch(service: str, *alerts: Alert) -> dict[str, Any]:
    """Return the payload of a delivery."""
    return AlertBatch(service=service, alerts=alerts, policy_severity="S3").model_dump(mode="json")


async def until(holds: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until the awaited value is true, and return it."""
    async with asyncio.timeout(seconds):
        while not (value := await holds()):
            await asyncio.sleep(0.02)
    return value
