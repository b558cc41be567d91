"""What the ledger does for an incident, and what the ledger itself asks of its pages."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from pydantic import ValidationError
from temporalio import activity

from activities.border import classified, cross
from muster import ports
from muster.domain.effects import EffectCall, Op, Receipt
from muster.domain.ledger import LedgerEntry, Registration
from muster.domain.ledger_pages import Batch, Found, Page, PageOp, Question
from muster.domain.model import Record

M = TypeVar("M", bound=Record)

AT_A_TIME = 8
"""So many pages are written side by side."""


class LedgerActivities:
    """Activities over the port to the ledger; each may run again, and the answer is the same."""

    def __init__(self, ledger: ports.Ledger) -> None:
        self._ledger = ledger

    @activity.defn(name=Op.LEDGER_REGISTER)
    async def register(self, call: EffectCall) -> Receipt:
        """Ask for the incident's number; the answer is a ``Registered``."""
        return await cross(call, lambda _: self._register(call))

    async def _register(self, call: EffectCall) -> Receipt:
        answer = await self._ledger.register(_parsed(Registration, call))
        return Receipt(id=str(answer.number), answer=answer.model_dump_json())

    @activity.defn(name=Op.LEDGER_RECORD)
    async def record(self, call: EffectCall) -> Receipt:
        """Bring the incident's entry up to date."""
        return await cross(call, lambda _: _receipt(self._ledger.record(_entry(call))))

    @activity.defn(name=Op.LEDGER_CLOSE)
    async def close(self, call: EffectCall) -> Receipt:
        """Record the closing; the answer is a ``ClosingRecorded``."""
        return await cross(call, lambda _: self._close(call))

    async def _close(self, call: EffectCall) -> Receipt:
        answer = await self._ledger.close(_entry(call))
        return Receipt(answer=answer.model_dump_json())

    @activity.defn(name=Op.LEDGER_REOPEN)
    async def reopen(self, call: EffectCall) -> Receipt:
        """Record the reopening."""
        return await cross(call, lambda _: _receipt(self._ledger.reopen(_entry(call))))

    @activity.defn(name=Op.LEDGER_END)
    async def end(self, call: EffectCall) -> Receipt:
        """Record an end that opens no window."""
        return await cross(call, lambda _: _receipt(self._ledger.end(_entry(call))))

    @activity.defn(name=PageOp.STORE)
    async def store(self, batch: Batch) -> None:
        """Write a batch, a few pages at a time."""
        line = asyncio.Semaphore(AT_A_TIME)
        writes = (self._write(line, *page) for page in batch.pages.items())
        for result in await asyncio.gather(*writes, return_exceptions=True):
            if result is not None:
                raise result

    async def _write(self, line: asyncio.Semaphore, page_id: str, page: Page) -> None:
        async with line:
            await classified(self._ledger.store(page_id, page))
            activity.heartbeat(page_id)

    @activity.defn(name=PageOp.LOOKUP)
    async def look_up(self, question: Question) -> Found:
        """Read what the pages have."""
        return await classified(self._ledger.find(question))


async def _receipt(call: Awaitable[None]) -> Receipt:
    await call
    return Receipt()


def _entry(call: EffectCall) -> LedgerEntry:
    """Return the entry with its number, which may have come after the payload was written."""
    entry = _parsed(LedgerEntry, call)
    if entry.number or call.number is None:
        return entry
    return entry.model_copy(update={"number": call.number})


def _parsed(model: type[M], call: EffectCall) -> M:
    try:
        return model.model_validate_json(call.body.payload)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        message = f"the payload of {call.key} does not fit: {fields}"
        raise ports.Rejected(message, code="payload") from None
