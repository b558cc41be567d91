"""The one workflow that numbers incidents and knows which have closed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import Field, TypeAdapter

    from muster import names
    from muster.domain import ledger_pages as pages
    from muster.domain import ledger_rules as rules
    from muster.domain.foreign import in_code
    from muster.domain.ledger import Claim, LedgerEntry, LedgerState, Registration, lookup, newest
    from muster.domain.ledger_windows import standing
    from muster.domain.model import Record
    from workflows.endurance import endure
    from workflows.heirs import packed, parsed, taken_over

Message = Registration | LedgerEntry | Claim | int
Rule = Callable[..., tuple[LedgerState, Record | None]]

_UPDATES: dict[str, TypeAdapter[Any]] = {
    names.LEDGER_REGISTER: TypeAdapter(Registration),
    names.LEDGER_CLAIM: TypeAdapter(Claim),
    names.LEDGER_CLOSE: TypeAdapter(LedgerEntry),
    names.LEDGER_REOPEN: TypeAdapter(LedgerEntry),
    names.LEDGER_END: TypeAdapter(LedgerEntry),
    names.LEDGER_RECORD: TypeAdapter(LedgerEntry),
    names.LEDGER_ENTRY: TypeAdapter(Annotated[int, Field(ge=1)]),
}
_KEYED: dict[str, Rule] = {
    names.LEDGER_REGISTER: rules.register,
    names.LEDGER_CLAIM: rules.claim,
}
_RULES: dict[str, Rule] = {
    names.LEDGER_CLOSE: rules.close,
    names.LEDGER_REOPEN: rules.reopen,
    names.LEDGER_END: rules.end,
    names.LEDGER_RECORD: rules.record,
}

ANSWERED = 3_000
"""A query answers with so many entries at most: a reply must fit into a payload."""
SHOWN = 20
"""So many open incidents stand in the details for the Web UI."""


@workflow.defn(name=names.LEDGER)
class Ledger:
    """Numbers, closings and keys; its state goes from run to run and never ends."""

    @workflow.init
    def __init__(self, *payloads: object) -> None:
        """Take over what the run before has left, or begin with number 1."""
        self._lock = asyncio.Lock()
        self._updates = 0
        self._rests_until: datetime | None = None
        self._state, self._refused = taken_over(payloads, LedgerState, "next_number")
        self._show()

    @workflow.run
    async def run(self, *payloads: object) -> None:
        """Move what is old to pages, and continue as new before the history grows long."""
        del payloads
        if self._refused:
            raise self._refused
        await endure(self._keep)
        workflow.continue_as_new(packed(self._state))

    async def _keep(self) -> None:
        while not self._is_spent():
            await workflow.wait_condition(lambda: self._is_spent() or self._is_full())
            if self._is_full():
                await self._move()
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _is_spent(self) -> bool:
        limit = self._state.limits.renew_after
        return self._updates >= limit or workflow.info().is_continue_as_new_suggested()

    def _is_full(self) -> bool:
        resting = self._rests_until is not None and workflow.now() < self._rests_until
        return not resting and bool(pages.batch(self._state, workflow.now()).pages)

    async def _move(self) -> None:
        """Store a batch, and only then drop it, when nobody is reading a page."""
        batch = pages.batch(self._state, workflow.now())
        try:
            await _store(batch)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from error
            workflow.logger.warning("pages could not be stored", extra={"reason": str(error.cause)})
            self._rests_until = workflow.now() + self._state.limits.rest
            return
        async with self._lock:
            self._state = pages.moved(self._state, batch)

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Pass over any signal."""
        del args
        workflow.logger.warning("the ledger takes no signals", extra={"signal": name})

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> Record | None:
        """Answer any message of the table; whatever goes wrong fails this one update alone."""
        self._updates += 1
        try:
            return await self._answered(name, parsed(_UPDATES, name, args))
        except rules.UnknownIncident as error:
            raise ApplicationError(
                str(error), type="UnknownIncident", non_retryable=True
            ) from error
        except ActivityError as error:
            silent = "a page could not be read"
            raise ApplicationError(silent, type="PageSilent") from error
        except ApplicationError:
            raise
        except Exception as error:
            workflow.logger.exception("an update failed", extra={"update": name})
            raise ApplicationError(str(error), type=type(error).__name__) from error
        finally:
            self._show()

    @on_update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse what cannot be read; just before a new run, also what would wait for a page."""
        message: Message = parsed(_UPDATES, name, args)
        if self._is_spent() and pages.question(self._state, message) is not None:
            busy = "the ledger is about to continue as new; try again"
            raise ApplicationError(busy, type="Busy")

    async def _answered(self, name: str, message: Message) -> Record | None:
        """Answer at once from the state; where a page is needed, one after the other."""
        if pages.question(self._state, message) is None:
            return self._apply(name, message)
        async with self._lock:
            paged = await self._read(message)
            return self._apply(name, message, paged)

    async def _read(self, message: Message) -> LedgerEntry | None:
        """Return what the pages have of it; an entry that is about to change is carried again."""
        question = pages.question(self._state, message)
        if question is None:
            return None
        found = await _look_up(question)
        if found.number is None:
            return None
        entry = lookup(self._state, found.number) or found.entry
        if entry is None:
            lost = f"#{found.number} is not in its page"
            raise ApplicationError(lost, type="PageSilent")
        if isinstance(message, LedgerEntry):
            self._state = pages.recalled(self._state, entry)
        return entry

    def _apply(
        self, name: str, message: Message, paged: LedgerEntry | None = None
    ) -> Record | None:
        if isinstance(message, int):
            return lookup(self._state, message) or paged
        step = (self._state, message, workflow.now())
        changed = _KEYED[name](*step, paged) if name in _KEYED else _RULES[name](*step)
        self._state, answer = changed
        return answer

    @workflow.query(name=names.LEDGER_OPEN)
    def open(self) -> tuple[LedgerEntry, ...]:
        """Return what is open and what closed inside its window, the newest first."""
        return standing(self._state, workflow.now())[:ANSWERED]

    @workflow.query(name=names.LEDGER_RECENT)
    def recent(self) -> tuple[LedgerEntry, ...]:
        """Return all that the ledger carries, the newest first."""
        return newest(self._state)[:ANSWERED]

    def _show(self) -> None:
        workflow.set_current_details(_details(self._state))


async def _store(batch: pages.Batch) -> None:
    await workflow.execute_activity(
        pages.PageOp.STORE,
        batch,
        task_queue=names.TASK_QUEUE,
        schedule_to_close_timeout=timedelta(seconds=60),
        start_to_close_timeout=timedelta(seconds=30),
        heartbeat_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=10)),
        summary=f"{len(batch.pages)} pages",
    )


async def _look_up(question: pages.Question) -> pages.Found:
    found: pages.Found = await workflow.execute_activity(
        pages.PageOp.LOOKUP,
        question,
        result_type=pages.Found,
        task_queue=names.TASK_QUEUE,
        schedule_to_close_timeout=timedelta(seconds=10),
        start_to_close_timeout=timedelta(seconds=5),
        retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200)),
        summary=f"#{question.number}" if question.number else "a key",
    )
    return found


def _details(state: LedgerState) -> str:
    shown = islice(reversed(state.open.values()), SHOWN)
    lines = [f"Next number **#{state.next_number}**, open: {len(state.open)}"]
    lines += [
        f"- #{one.number} {one.severity} {one.phase}: {in_code(one.service or 'no service')}"
        for one in shown
    ]
    if len(state.open) > SHOWN:
        lines.append(f"- and {len(state.open) - SHOWN} more")
    return "\n".join(lines)
