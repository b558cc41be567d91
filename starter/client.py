"""Every operation of the CLI on Temporal: one connection, the wire's JSON as plain dicts."""

import asyncio
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from muster import names
from muster.domain.foreign import in_code
from starter.connection import connect, kind, refusal, within
from starter.failures import Gone, Illegible, NoSuchIncident, Refused, Silent, Unreachable

Document = dict[str, Any]

LEDGER_PATIENCE = 1.0
"""Seconds that the ledger has to answer."""
LEDGER_ALONE = 0.2
"""Seconds of these after which search, too, is asked where a number is."""
ANSWER_PATIENCE = 2.5
"""Seconds from the first question until a command is sent as a signal instead."""
HANDOVER = 0.1
"""Seconds until an update is asked for again that came between two runs."""
QUERY_PATIENCE = 1.5
"""More than the second after which a task leaves the queue of a worker that has died."""
QUERY_ATTEMPTS = 2
"""One is answered with an error where something has happened that no task has begun with yet."""
RPC_PATIENCE = 2.0
REGISTRATION_PATIENCE = 10.0
AT_ONCE = 20
"""So many private incidents are asked together whether they let a reader in."""
OPEN_PHASES = ("active", "resolved")

SUMMARY_FIELDS = (
    "number",
    "workflow_id",
    "title",
    "severity",
    "phase",
    "service",
    "declared_at",
    "closed_at",
    "tracker",
    "private",
    "drill",
)


@dataclass(frozen=True)
class Address:
    """Where an incident is, and what the ledger or search said of it on the way."""

    workflow_id: str
    number: int | None = None
    entry: Document | None = None
    waited: float = 0.0
    """Seconds that finding it took."""


class Muster:
    """The operations, over one connection."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @classmethod
    async def connect(cls) -> "Muster":
        """Connect as Temporal's own environment says. Raises BadSetting or Unreachable."""
        return cls(await connect())

    # Addresses.

    async def address(self, number: int) -> Address:
        """Return where this number is: by the ledger, by search where the ledger is silent."""
        begun = asyncio.get_running_loop().time()
        entry = await self._entry(number)
        waited = asyncio.get_running_loop().time() - begun
        return Address(entry["workflow_id"], number, entry, waited)

    async def _entry(self, number: int) -> Document:
        """Return what the ledger says, or search where that finds it sooner: a number never moves."""
        told = asyncio.ensure_future(self._told(number))
        searched = asyncio.ensure_future(self._searched_later(number))
        try:
            await asyncio.wait({told, searched}, return_when=asyncio.FIRST_COMPLETED)
            if not told.done() and searched.exception() is None:
                return searched.result()
            return await told
        except (Silent, Illegible, WorkflowUpdateFailedError):
            return await searched
        finally:
            told.cancel()
            searched.cancel()
            await asyncio.gather(told, searched, return_exceptions=True)

    async def _told(self, number: int) -> Document:
        try:
            found = await within(
                LEDGER_PATIENCE,
                lambda: self._ledger().execute_update(names.LEDGER_ENTRY, number, id=_new_id()),
            )
        except Gone:
            found = None
        if found is None:
            message = f"there is no incident #{number}"
            raise NoSuchIncident(message, "N")
        return _summary(found)

    async def _searched_later(self, number: int) -> Document:
        await asyncio.sleep(LEDGER_ALONE)
        return await self._searched(number)

    async def _searched(self, number: int) -> Document:
        try:
            found = await self._search(f"IncidentNumber = {number}", 1)
        except Silent:
            message = "neither the ledger nor search can say where it is: nothing was sent"
            raise Unreachable(message) from None
        if not found:
            message = f"the ledger is silent, and search knows no incident #{number}"
            raise NoSuchIncident(message, "N")
        return found[0]

    async def _search(self, condition: str, limit: int) -> list[Document]:
        query = f"WorkflowType = '{names.INCIDENT}' AND {condition}"
        listed = self.client.list_workflows(query, limit=limit)

        async def read() -> list[Document]:
            return [_from_attributes(one.id, one.typed_search_attributes) async for one in listed]

        return await within(RPC_PATIENCE, read)

    def _ledger(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(names.LEDGER_ID)

    def _incident(self, address: Address) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(address.workflow_id)

    async def entries(self, *, standing: bool, private_to: str | None = None) -> list[Document]:
        """Return incidents, the newest first: the open and just closed, or all that are carried.

        None of them is private; with a reader all are, and let this one in, which only a worker knows (raises Silent).
        Where the ledger is silent search answers, which has no words, and does not know what is private.
        """
        if private_to is not None:
            return await self._private_to(private_to, standing=standing)
        try:
            found = await self._carried(standing=standing)
        except Silent:
            return await self._search(_OPEN if standing else "IncidentPhase IS NOT NULL", 500)
        return [_summary(entry) for entry in found if not entry.get("private")]

    async def _private_to(self, reader: str, *, standing: bool) -> list[Document]:
        line = asyncio.Semaphore(AT_ONCE)

        async def seen(entry: Document) -> Document | None:
            async with line:
                return await self._let_in(entry, reader)

        hidden = [one for one in await self._carried(standing=standing) if one.get("private")]
        found = await asyncio.gather(*(seen(entry) for entry in hidden))
        return [one for one in found if one is not None]

    async def _let_in(self, entry: Document, reader: str) -> Document | None:
        """Return the private incident in its own words where it has some for the reader; a silent one as it is known."""
        try:
            shown = await self.snapshot(Address(entry["workflow_id"], entry["number"]), reader)
        except Gone:
            return None
        except Silent:
            return _summary(entry | {"stale": True})
        return None if shown.get("redacted", True) else _summary(entry | shown)

    async def _carried(self, *, standing: bool) -> list[Document]:
        name = names.LEDGER_OPEN if standing else names.LEDGER_RECENT
        try:
            found: list[Document] = await within(
                LEDGER_PATIENCE, lambda: self._ledger().query(name)
            )
        except Gone:
            return []
        return found

    # Commands.

    async def command(self, address: Address, name: str, payload: Document) -> Document | None:
        """Return the answer, or None where it was left as a signal and nobody has answered yet.

        Raises Refused, BadInput, NoSuchIncident, Unreachable.
        """
        patience = max(ANSWER_PATIENCE - address.waited, 1.0)
        try:
            return await within(patience, lambda: self._update(address, name, payload))
        except WorkflowUpdateFailedError as error:
            raise refusal(error.cause) from None
        except Gone:
            raise await self._ended(address) from None
        except Silent:
            await self._leave(address, name, payload)
            return None

    async def _update(self, address: Address, name: str, payload: Document) -> Document:
        """Ask until it is answered: where one run follows another the server may give an update back."""
        handle = self._incident(address)
        while True:
            try:
                answer: Document = await handle.execute_update(
                    name, payload, id=payload["command_id"]
                )
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
                await asyncio.sleep(HANDOVER)
            else:
                return answer

    async def _leave(self, address: Address, name: str, payload: Document) -> None:
        try:
            await within(RPC_PATIENCE, lambda: self._incident(address).signal(name, payload))
        except Gone:
            raise await self._ended(address) from None
        except Silent:
            message = "Temporal does not answer: whether the command was recorded is not known"
            raise Unreachable(message) from None

    async def _ended(self, address: Address) -> Exception:
        """Return what a command to a workflow that does not run meets."""
        label = f"#{address.number}" if address.number else address.workflow_id
        if address.entry is None and not await self._exists(address):
            return NoSuchIncident(f"there is no incident {label}")
        message = f"{label} has ended and takes no commands any more"
        return Refused({"code": "ended", "message": message, "number": address.number})

    async def _exists(self, address: Address) -> bool:
        try:
            await within(RPC_PATIENCE, self._incident(address).describe)
        except Gone:
            return False
        return True

    # Declarations.

    async def declare(self, declaration: Document, key: str) -> Address:
        """Start the incident, or find the one that runs under this key, which the declaration need not have."""
        return await self._start(declaration, key, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def deliver(self, declaration: Document) -> Address:
        """Start the incident as ``declare`` does, unless an earlier delivery has; one that failed may be tried again."""
        key = declaration["key"]
        try:
            return await self._start(
                declaration, key, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
            )
        except WorkflowAlreadyStartedError:
            return Address(names.incident_id(key))

    async def _start(
        self, declaration: Document, key: str, reuse: WorkflowIDReusePolicy
    ) -> Address:
        workflow_id = names.incident_id(key)
        await within(
            RPC_PATIENCE,
            lambda: self.client.start_workflow(
                names.INCIDENT,
                declaration,
                id=workflow_id,
                task_queue=names.TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=reuse,
                static_summary=_static_summary(declaration),
            ),
            silent=Unreachable("Temporal does not answer: the declaration may not be recorded"),
        )
        return Address(workflow_id)

    async def registered(self, address: Address, reader: str) -> Document | None:
        """Return the answer that has the number, as this reader may see it, or None where it is not there in time."""
        handle = self._incident(address)
        try:
            return await within(
                REGISTRATION_PATIENCE,
                lambda: handle.execute_update(names.REGISTERED, reader, id=_new_id()),
            )
        except WorkflowUpdateFailedError as error:
            if kind(error.cause) in {"Refused", "BadInput"}:
                raise refusal(error.cause) from None
            return await self._result(handle)
        except Gone:
            return await self._result(handle)
        except Silent:
            return None

    async def _result(self, handle: WorkflowHandle[Any, Any]) -> Document | None:
        """Return what the incident ended with: a second start of a known key ends at once."""
        try:
            return await within(RPC_PATIENCE, handle.result)
        except WorkflowFailureError as error:
            raise refusal(error.cause) from None
        except Silent:
            return None

    # Reading.

    async def snapshot(self, address: Address, reader: str) -> Document:
        """Return the incident at this instant, as this reader may see it. Raises Silent or Gone."""
        found: Document = await self.ask(address, names.SNAPSHOT, reader)
        return found

    async def timeline(self, address: Address, reader: str) -> list[Document]:
        """Return the timeline, the oldest first. Raises Silent or Gone."""
        found: list[Document] = await self.ask(address, names.TIMELINE, reader)
        return found

    async def ask(self, address: Address, query: str, reader: str) -> Any:
        """Return what a query answers this reader. Raises Silent or Gone."""
        handle = self._incident(address)
        for _ in range(QUERY_ATTEMPTS):
            with suppress(WorkflowQueryFailedError):
                return await within(QUERY_PATIENCE, lambda: handle.query(query, reader))
        message = f"{address.workflow_id} could not answer"
        raise Silent(message)

    async def attributes(self, address: Address) -> Document:
        """Return what the server itself knows, without any worker. Raises Gone."""
        described = await within(RPC_PATIENCE, self._incident(address).describe)
        return _from_attributes(address.workflow_id, described.typed_search_attributes)


_OPEN = "IncidentPhase IN ({})".format(", ".join(f"'{phase}'" for phase in OPEN_PHASES))


def _static_summary(declaration: Document) -> str:
    """Return what the Web UI shows of an incident for as long as there is one; nothing that is private."""
    service = in_code(declaration.get("service") or "no service")
    what = "Private incident" if declaration.get("private") else f"Incident on {service}"
    what = f"{names.DRILL}{what}" if declaration.get("drill") else what
    return f"{what}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _summary(entry: Mapping[str, Any]) -> Document:
    stale = {"stale": True} if entry.get("stale") else {}
    drill = {"drill": bool(entry.get("drill"))}
    return {name: entry.get(name) for name in SUMMARY_FIELDS} | drill | stale


def _from_attributes(workflow_id: str, attributes: TypedSearchAttributes) -> Document:
    found = {pair.key.name: pair.value for pair in attributes}
    declared_at = found.get("IncidentDeclaredAt")
    return {
        "number": found.get("IncidentNumber"),
        "workflow_id": workflow_id,
        "title": "",
        "severity": found.get("IncidentSeverity"),
        "phase": found.get("IncidentPhase"),
        "service": found.get("IncidentService"),
        "manager": found.get("IncidentManager"),
        "declared_at": declared_at and f"{declared_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "stale": True,
    }


def _new_id() -> str:
    return f"cli-{uuid.uuid4()}"
