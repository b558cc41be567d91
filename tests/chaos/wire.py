"""How the outside talks to Muster: the contract's messages as plain JSON, retried until acknowledged."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from tests.chaos.recorder import Recorder

T = TypeVar("T")
QUEUE = "muster"
LEDGER = "ledger"
ANSWER = 2.5
RPC = 2.0
REGISTRATION = 10.0
PAUSE = 0.4
GIVES_UP = 180.0
"""Seconds after which a sender stops trying: what was never acknowledged is promised to nobody."""


class Gone(Exception):
    """The workflow has ended, or there never was one."""


class Silent(Exception):
    """Nobody has answered; it may or may not have been done."""


def digest(text: str) -> str:
    """Return what the contract builds ids from: the first 26 hex digits of the SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:26]


async def within(seconds: float, call: Callable[[], Awaitable[T]]) -> T:
    """Return the answer of an RPC. Raises Gone or Silent."""
    try:
        async with asyncio.timeout(seconds):
            return await call()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Gone from None
        raise Silent(error.status.name) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise Silent("no answer") from None


class Wire:
    """One client with its record."""

    def __init__(
        self,
        client: Client,
        session: aiohttp.ClientSession,
        recorder: Recorder,
        *,
        gateway: str,
        token: str,
    ) -> None:
        self.client, self._session, self._recorder = client, session, recorder
        self._hook = f"{gateway}/webhooks/alertmanager"
        self._headers = {"Authorization": f"Bearer {token}"}

    # Declarations.

    async def declare(
        self, workflow_id: str, declaration: Any, *, malformed: bool = False
    ) -> int | None:
        """Start an incident until that is acknowledged; return its number where it soon has one."""
        start = str(uuid.uuid4())
        known = {"workflow_id": workflow_id, "start": start}
        self._recorder.write("declare", **known, payload=declaration, malformed=malformed)

        async def attempt() -> str:
            await within(RPC, lambda: self._start(workflow_id, declaration))
            return "start"

        if await self._insist(attempt) is None:
            return None
        self._recorder.write("declared", **known)
        number = None if malformed else await self._number(workflow_id)
        if number is not None:
            self._recorder.write("numbered", **known, number=number)
        return number

    async def _start(self, workflow_id: str, declaration: Any) -> object:
        return await self.client.start_workflow(
            "Incident",
            declaration,
            id=workflow_id,
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def _number(self, workflow_id: str) -> int | None:
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            answer = await within(
                REGISTRATION, lambda: handle.execute_update("registered", id=str(uuid.uuid4()))
            )
        except (Gone, Silent, WorkflowUpdateFailedError):
            return None
        return _number(answer)

    # Commands.

    async def command(
        self, workflow_id: str, name: str, payload: dict[str, Any], sender: str
    ) -> str | None:
        """Send until it is acknowledged; return the outcome: applied, refused, requested, recorded or gone."""
        known = {"workflow_id": workflow_id, "command_id": payload["command_id"], "name": name}
        self._recorder.write("sent", **known, sender=sender, payload=payload)
        began, tries = time.time(), 0

        async def attempt() -> str:
            nonlocal tries
            tries += 1
            return await self._once(workflow_id, name, payload)

        outcome = await self._insist(attempt)
        if outcome is not None:
            took = time.time() - began
            self._recorder.write("ack", **known, outcome=outcome, took=took, tries=tries)
        return outcome

    async def _once(self, workflow_id: str, name: str, payload: dict[str, Any]) -> str:
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow_id)
        try:
            answer = await within(
                ANSWER, lambda: handle.execute_update(name, payload, id=payload["command_id"])
            )
        except WorkflowUpdateFailedError as error:
            return _refusal(error)
        except Gone:
            return "gone"
        except Silent:
            await within(RPC, lambda: handle.signal(name, payload))
            return "recorded"
        return str(answer["outcome"])

    async def signal(self, workflow_id: str, name: str, args: list[Any]) -> None:
        """Send a signal of any form, once."""
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow_id)
        try:
            await within(RPC, lambda: handle.signal(name, args=args))
        except (Gone, Silent):
            return

    # Alerts.

    async def post_alerts(self, body: dict[str, Any], alerts: list[dict[str, Any]]) -> bool:
        """Post a webhook with these alerts until the gateway has taken it."""
        delivery = str(uuid.uuid4())
        self._recorder.write("alerts", delivery=delivery, alerts=alerts, via="gateway")

        async def attempt() -> str:
            try:
                async with self._session.post(
                    self._hook, json=body, headers=self._headers
                ) as reply:
                    if reply.status != 200:
                        raise Silent(str(reply.status))
            except (aiohttp.ClientError, TimeoutError) as error:
                raise Silent(type(error).__name__) from None
            return "taken"

        return self._taken(delivery, await self._insist(attempt))

    async def signal_alerts(self, service: str, alerts: list[dict[str, Any]]) -> bool:
        """Give alerts straight to the service, by signal with start, as any machine may."""
        delivery = str(uuid.uuid4())
        self._recorder.write("alerts", delivery=delivery, alerts=alerts, via="service")

        async def attempt() -> str:
            await within(
                RPC,
                lambda: self.client.start_workflow(
                    "Service",
                    {"service": service},
                    id=f"service-{digest(service)}",
                    task_queue=QUEUE,
                    start_signal="alerts",
                    start_signal_args=[{"service": service, "alerts": alerts}],
                ),
            )
            return "taken"

        return self._taken(delivery, await self._insist(attempt))

    def _taken(self, delivery: str, outcome: str | None) -> bool:
        if outcome is not None:
            self._recorder.write("alerts_taken", delivery=delivery)
        return outcome is not None

    # Reading.

    async def query(
        self, workflow_id: str, name: str, run_id: str | None = None, timeout: float = 5.0
    ) -> Any:
        """Return what a query answers. Raises Gone or Silent."""
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(
            workflow_id, run_id=run_id
        )
        slow = timedelta(seconds=timeout)
        try:
            return await within(timeout, lambda: handle.query(name, rpc_timeout=slow))
        except WorkflowQueryFailedError as error:
            raise Silent(str(error)) from None

    async def standing(self) -> list[dict[str, Any]]:
        """Return the ledger's open incidents; none where it does not answer."""
        try:
            found = await self.query(LEDGER, "open")
        except (Gone, Silent):
            return []
        return [one for one in found if one["phase"] in {"active", "resolved"}]

    async def _insist(self, attempt: Callable[[], Awaitable[str]]) -> str | None:
        """Try until it is acknowledged; None where it never was."""
        deadline = time.monotonic() + GIVES_UP
        while time.monotonic() < deadline:
            try:
                return await attempt()
            except Gone:
                return "gone"
            except Silent:
                await asyncio.sleep(PAUSE)
        return None


def _refusal(error: WorkflowUpdateFailedError) -> str:
    cause = error.cause
    kind = cause.type if isinstance(cause, ApplicationError) else None
    return {"Refused": "refused", "BadInput": "bad_input"}.get(str(kind), f"failed: {cause}")


def _number(answer: Any) -> int | None:
    number = answer.get("number") if isinstance(answer, dict) else None
    return number if isinstance(number, int) else None
