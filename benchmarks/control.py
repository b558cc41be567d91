"""The control: the commands of an incident's life given to Temporal without our domain, by a script."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import (
    RawValue,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributeUpdate,
)
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from benchmarks.script import BEGUN, ID, NUMBER, SERVICE, Step, given
    from muster import names
    from muster.domain.commands import ClosingRecorded, Registered
    from muster.domain.effects import EffectCall, Op, Receipt
    from muster.domain.service import Report, Reported, ServiceOp

RENEW_AFTER = 500
"""Updates of one run of the ledger, as of the real one."""
SIGNALS_PER_RUN = 2_000
"""Signals of one run of a service, as of the real one."""
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=10))
_INT, _KEYWORD, _DATETIME = "Int", "Keyword", "Datetime"
_KEYS: dict[str, Callable[[str], Any]] = {
    _INT: SearchAttributeKey.for_int,
    _KEYWORD: SearchAttributeKey.for_keyword,
    _DATETIME: SearchAttributeKey.for_datetime,
}


@workflow.defn(name=names.INCIDENT)
class Control:
    """One life: each step is taken as soon as what it comes after has happened."""

    @workflow.init
    def __init__(self, declared: dict[str, Any]) -> None:
        self._service = str(declared["service"])
        self._number: int | None = None
        self._updates = self._signals = 0
        self._receipts: dict[str, Receipt] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._missing = {step.name: len(step.after) for step in given().steps}
        self._following: dict[str, list[Step]] = {}
        for step in given().steps:
            for cause in step.after:
                self._following.setdefault(cause, []).append(step)

    @workflow.run
    async def run(self, declared: dict[str, Any]) -> dict[str, Any]:
        """Take all steps."""
        del declared
        self._come(BEGUN)
        await workflow.wait_condition(lambda: not self._missing and not self._tasks)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._answer()

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Take the next signal."""
        del name
        workflow.payload_converter().from_payload(args[0].payload)
        self._signals += 1
        self._come(f"signal:{self._signals}")

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Take the next update; the first one waits for the number."""
        if args:
            workflow.payload_converter().from_payload(args[0].payload)
        self._updates += 1
        self._come(f"update:{self._updates}")
        if name == names.REGISTERED:
            await workflow.wait_condition(lambda: self._number is not None)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        return {
            "outcome": "applied",
            "number": self._number,
            "workflow_id": workflow.info().workflow_id,
            "service": self._service,
        }

    def _come(self, cause: str) -> None:
        """Take each step for which this was the last that it waited for, and show where the life stands."""
        for step in self._following.pop(cause, ()):
            self._missing[step.name] -= 1
            if not self._missing[step.name]:
                del self._missing[step.name]
                self._take(step)
        workflow.set_current_details(f"#{self._number}: {len(self._missing)} steps to go")

    def _take(self, step: Step) -> None:
        KINDS[step.kind](self, step)

    def _activity(self, step: Step) -> None:
        self._begin(self._act(step))

    def _timer(self, step: Step) -> None:
        self._timers[step.name] = self._begin(self._wait(step.name, step.timer))
        self._come(f"set:{step.name}")

    def _cancel(self, step: Step) -> None:
        self._timers[step.cancels].cancel()

    def _upsert(self, step: Step) -> None:
        workflow.upsert_search_attributes(self._attributes(step.upsert))

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _wait(self, name: str, seconds: float) -> None:
        await workflow.sleep(seconds, summary=name)
        self._come(name)

    async def _act(self, step: Step) -> None:
        receipt = await self._both_legs(step)
        if step.call is not None:
            self._keep(step.call, receipt)
        self._come(step.name)

    async def _both_legs(self, step: Step) -> Any:
        """Try as long as the incident did, and then without limit, as it does: a busy machine may be late."""
        try:
            return await self._leg(step, step.schedule_to_close)
        except ActivityError:
            return await self._leg(step, 0)

    async def _leg(self, step: Step, limit: float) -> Any:
        return await workflow.execute_activity(
            step.activity,
            args=[self._filled(step.call)] if step.call else [],
            result_type=Receipt if step.call else None,
            task_queue=step.queue,
            schedule_to_close_timeout=_span(limit),
            start_to_close_timeout=_span(step.start_to_close),
            heartbeat_timeout=_span(step.heartbeat),
            retry_policy=_RETRY,
            summary=step.name,
        )

    def _keep(self, call: EffectCall, receipt: Receipt) -> None:
        if call.op is Op.LEDGER_REGISTER:
            self._number = int(receipt.id)
        self._receipts[call.key.replace(ID, workflow.info().workflow_id)] = receipt

    def _filled(self, call: EffectCall) -> EffectCall:
        """Return the input with this life's own id, number, service and receipts."""
        own = workflow.info().workflow_id
        marks = ((ID, own), (SERVICE, self._service), (NUMBER, str(self._number)))
        text = call.model_dump_json(exclude={"refs"})
        for mark, value in marks:
            text = text.replace(mark, value)
        refs = {key: self._receipts[key] for key in (one.replace(ID, own) for one in call.refs)}
        return EffectCall.model_validate_json(text).model_copy(
            update={"number": self._number, "refs": refs}
        )

    def _attributes(self, wanted: tuple[str, ...]) -> list[SearchAttributeUpdate[Any]]:
        values = {
            _INT: self._number,
            _KEYWORD: self._service,
            _DATETIME: workflow.info().workflow_start_time,
        }
        kinds = {name: names.SEARCH_ATTRIBUTES[name] for name in wanted}
        return [_KEYS[kind](name).value_set(values[kind]) for name, kind in kinds.items()]


def _span(seconds: float) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds else None


KINDS: dict[str, Callable[[Control, Step], None]] = {
    "activity": Control._activity,  # noqa: SLF001 - the class's own table
    "timer": Control._timer,  # noqa: SLF001 - as above
    "cancel": Control._cancel,  # noqa: SLF001 - as above
    "upsert": Control._upsert,  # noqa: SLF001 - as above
}
"""What the control does for each kind of step."""


@workflow.defn(name=names.LEDGER)
class Counter:
    """Numbers and nothing else."""

    @workflow.init
    def __init__(self, last: int = 0) -> None:
        self._last, self._updates = last, 0

    @workflow.run
    async def run(self, last: int = 0) -> None:
        """Answer until the history is long."""
        del last
        await workflow.wait_condition(lambda: self._updates >= RENEW_AFTER)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._last)

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> Any:
        """Give the next number, or the time."""
        workflow.payload_converter().from_payload(args[0].payload)
        self._updates += 1
        workflow.set_current_details(f"last number: {self._last}")
        answer = _ANSWERS.get(name)
        return answer(self) if answer else None

    def register(self) -> Registered:
        """Return the next number."""
        self._last += 1
        return Registered(number=self._last)

    def close(self) -> ClosingRecorded:
        """Return the time."""
        return ClosingRecorded(closed_at=workflow.now())


_ANSWERS: dict[str, Callable[[Counter], Any]] = {
    names.LEDGER_REGISTER: Counter.register,
    names.LEDGER_CLOSE: Counter.close,
}


@workflow.defn(name=names.SERVICE)
class Listener:
    """Answers each incident that asks with one empty report."""

    @workflow.init
    def __init__(self, start: dict[str, Any]) -> None:
        self._start = start
        self._signals = 0
        self._asking: deque[str] = deque()

    @workflow.run
    async def run(self, start: dict[str, Any]) -> None:
        """Report, one after the other, until the history is long."""
        del start
        while self._asking or self._signals < SIGNALS_PER_RUN:
            await workflow.wait_condition(lambda: bool(self._asking))
            await self._report(self._asking[0])
            self._asking.popleft()
        workflow.continue_as_new(self._start)

    async def _report(self, workflow_id: str) -> None:
        await workflow.execute_activity(
            ServiceOp.REPORT,
            Report(workflow_id=workflow_id, command_id=str(workflow.uuid4()), alerts=()),
            result_type=Reported,
            start_to_close_timeout=timedelta(seconds=10),
            summary=workflow_id,
        )

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Take a notice."""
        del name
        notice = workflow.payload_converter().from_payload(args[0].payload)
        self._signals += 1
        workflow.set_current_details(f"{self._signals} signals")
        if notice["event"] == "asked":
            self._asking.append(notice["workflow_id"])
