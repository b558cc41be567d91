"""The ledger's port over the worker's own Temporal client."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError, RPCStatusCode

from muster import names, ports
from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.ledger import Claim, Claimed, LedgerEntry, Registration
from muster.domain.ledger_pages import Found, Page, Question

R = TypeVar("R")

IN_FLIGHT, RECORDS = 4, 2
"""The server takes ten updates of a workflow at a time and turns others away; here they queue, in each of two workers.

Of them so many may be records of how an incident stands: numbers and closings do not wait behind those.
"""
_FIRST = Priority(priority_key=1)
"""Where workers are few, the ledger's tasks go before an incident's: many wait for it."""

_BY_STATUS: dict[RPCStatusCode, type[ports.ProviderError]] = {
    RPCStatusCode.RESOURCE_EXHAUSTED: ports.RateLimited,
    RPCStatusCode.INVALID_ARGUMENT: ports.Rejected,
    RPCStatusCode.UNIMPLEMENTED: ports.Rejected,
    RPCStatusCode.PERMISSION_DENIED: ports.Forbidden,
    RPCStatusCode.UNAUTHENTICATED: ports.Forbidden,
}
"""All else is NotSent: what was heard is answered again, so that nothing need settle first."""

_BY_TYPE: dict[str | None, type[ports.ProviderError]] = {
    "UnknownIncident": ports.NotFound,
    "BadInput": ports.Rejected,
}


class TemporalLedger:
    """The workflow ``ledger`` and its pages, each started by the first call that needs it."""

    def __init__(
        self,
        client: Client,
        *,
        task_queue: str = names.TASK_QUEUE,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Take the client; ``timeout`` bounds each call."""
        self._client = client
        self._task_queue = task_queue
        self._timeout = timeout
        self._line = asyncio.Semaphore(IN_FLIGHT)
        self._records = asyncio.Semaphore(RECORDS)

    async def register(self, registration: Registration) -> Registered:
        """Return the incident's number, or as what its key is known."""
        return await self._update(names.LEDGER_REGISTER, registration, Registered)

    async def claim(self, claim: Claim) -> Claimed:
        """Give an incident one more key, or say whose it is."""
        return await self._update(names.LEDGER_CLAIM, claim, Claimed)

    async def record(self, entry: LedgerEntry) -> None:
        """Bring the entry of an incident up to date."""
        async with self._records:
            await self._update(names.LEDGER_RECORD, entry, type(None))

    async def close(self, entry: LedgerEntry) -> ClosingRecorded:
        """Record the closing of this life of the incident."""
        return await self._update(names.LEDGER_CLOSE, entry, ClosingRecorded)

    async def reopen(self, entry: LedgerEntry) -> None:
        """Record that a closed incident is open again."""
        await self._update(names.LEDGER_REOPEN, entry, type(None))

    async def end(self, entry: LedgerEntry) -> None:
        """Record an end that opens no window."""
        await self._update(names.LEDGER_END, entry, type(None))

    async def entry(self, number: int) -> LedgerEntry | None:
        """Return what is known of a number."""
        either: Any = LedgerEntry | None
        found: LedgerEntry | None = await self._update(names.LEDGER_ENTRY, number, either)
        return found

    async def standing(self) -> tuple[LedgerEntry, ...]:
        """Return what is open and what closed inside its window."""
        asked = self._query(names.LEDGER_ID, names.LEDGER_OPEN, None, list[LedgerEntry])
        found = await self._within(asked)
        return tuple(found or ())

    async def store(self, page_id: str, page: Page) -> None:
        """Add this to a page."""
        start = self._start(names.LEDGER_PAGE, page_id, "a page of the ledger")
        await self._within(self._execute(names.PAGE_STORE, page, start, type(None)))

    async def find(self, question: Question) -> Found:
        """Return what the pages have; for a key its number, and the entry if that is in a page."""
        number = question.number
        if question.key_digest is not None:
            asked = Question(key_digest=question.key_digest)
            number = (await self._ask(names.ledger_keys_id(question.key_digest), asked)).number
        if number is None:
            return Found()
        found = await self._ask(names.ledger_page_id(number), Question(number=number))
        is_given = question.key_digest is not None
        return Found(number=number if is_given else found.number, entry=found.entry)

    async def _ask(self, page_id: str, question: Question) -> Found:
        asked = self._query(page_id, names.PAGE_LOOKUP, question, Found)
        return await self._within(asked) or Found()

    async def _within(self, call: Awaitable[R]) -> R:
        """Bound the whole call: the SDK bounds each of its own retries alone."""
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await call
        except TimeoutError as error:
            late = "the ledger did not answer in time"
            raise ports.NotSent(late, code="timeout") from error

    async def _update(self, name: str, arg: object, answer: type[R]) -> R:
        start = self._start(names.LEDGER, names.LEDGER_ID, "numbers and closings of all incidents")
        async with self._line:
            return await self._within(self._execute(name, arg, start, answer))

    def _start(
        self, workflow: str, workflow_id: str, summary: str
    ) -> WithStartWorkflowOperation[Any, Any]:
        return WithStartWorkflowOperation(
            workflow,
            id=workflow_id,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=summary,
            priority=_FIRST,
        )

    async def _execute(
        self, name: str, arg: object, start: WithStartWorkflowOperation[Any, Any], answer: type[R]
    ) -> R:
        try:
            result: R = await self._client.execute_update_with_start_workflow(
                name,
                arg,
                start_workflow_operation=start,
                result_type=answer,
                rpc_timeout=self._timeout,
            )
        except WorkflowUpdateFailedError as error:
            raise refused(error.cause) from error
        except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCError) as error:
            await _release(start)
            raise failed(error) from error
        return result

    async def _query(
        self, workflow_id: str, name: str, arg: Question | None, answer: type[R]
    ) -> R | None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            found: R = await handle.query(
                name,
                args=() if arg is None else (arg,),
                result_type=answer,
                rpc_timeout=self._timeout,
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise failed(error) from error
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            mute = f"{workflow_id} could not answer"
            raise ports.NotSent(mute, code="query") from error
        return found


async def _release(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the error from the operation's own future too, or it is logged as never retrieved."""
    with suppress(TemporalError):
        await start.workflow_handle()


def failed(error: TemporalError) -> BaseException:
    """Return what an answer of the server, or none, means."""
    if isinstance(error.__cause__, asyncio.CancelledError):
        return error.__cause__
    if not isinstance(error, RPCError):
        return ports.NotSent("the ledger did not answer in time", code="timeout")
    kind = _BY_STATUS.get(error.status, ports.NotSent)
    return kind(f"Temporal: {error.message}", code=error.status.name)


def refused(cause: BaseException) -> ports.ProviderError:
    """Return what an answer of the ledger means."""
    if not isinstance(cause, ApplicationError):
        return ports.NotSent(f"the ledger: {cause}")
    kind = _BY_TYPE.get(cause.type, ports.NotSent)
    return kind(f"the ledger: {cause.message}", code=cause.type or "")
