"""Runs the effects of one incident: two legs each, every destination on its own."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as TimedOut

with workflow.unsafe.imports_passed_through():
    from muster.domain.effects import EffectCall, EffectState, Op, Receipt, Timing
    from muster.domain.outbox import Entry, Outbox
    from muster.views import effect_title
    from workflows import options

NEEDS_HUMAN = frozenset({"NeedsHuman", "Rejected", "Forbidden", "NotFound", "Drift", "BadInput"})

Settled = Callable[[Entry, Receipt], None]
Changed = Callable[[Entry], None]


class Delivery:
    """Starts what the outbox says is ready, and tells the incident what became of it."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        timing: Callable[[], Timing],
        number: Callable[[], int | None],
        prepare: Callable[[Entry], None],
        settled: Settled,
        changed: Changed,
    ) -> None:
        self._outbox = outbox
        self._timing = timing
        self._number = number
        self._prepare = prepare
        self._settled = settled
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, only: str | None = None) -> bool:
        """Begin every effect that may begin now, or only those of one destination; tell whether there was one."""
        started = False
        for entry in list(self._outbox.ready(workflow.now())):
            if only is not None and entry.effect.destination != only:
                continue
            self._prepare(entry)
            begun, before = self._outbox.begin(entry.effect.key)
            task = asyncio.create_task(self._deliver(begun, maybe_sent=before))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            started = True
        return started

    async def _deliver(self, entry: Entry, *, maybe_sent: bool) -> None:
        key, op, timing = entry.effect.key, entry.effect.op, self._timing()
        deadline = entry.queued_at + timing.give_up
        if entry.state is EffectState.DEGRADED:
            await self._slowly(entry, deadline - workflow.now())
            return
        try:
            receipt = await self._attempt(
                entry, options.first_leg(op, timing), maybe_sent=maybe_sent
            )
        except ActivityError as error:
            if self._gone(entry, error):
                return
            self._outbox.degrade(key, reason(error), workflow.now())
            self._changed(self._current(key))
            await self._slowly(entry, deadline - workflow.now())
        else:
            self._done(key, receipt)

    async def _slowly(self, entry: Entry, left: timedelta) -> None:
        leg = options.second_leg(entry.effect.op, self._timing(), max(left, timedelta(seconds=1)))
        try:
            receipt = await self._attempt(entry, leg, maybe_sent=True)
        except ActivityError as error:
            if not self._gone(entry, error):
                self._outbox.settle(entry.effect.key, EffectState.ABANDONED)
                self._changed(self._current(entry.effect.key))
        else:
            self._done(entry.effect.key, receipt)

    async def _attempt(self, entry: Entry, leg: options.Leg, *, maybe_sent: bool) -> Receipt:
        effect = entry.effect
        call = EffectCall(
            key=effect.key,
            op=effect.op,
            body=effect.body,
            incident=workflow.info().workflow_id,
            number=self._number(),
            maybe_sent=maybe_sent and not options.own(effect.op),
            refs=self._references(entry),
            timing=self._timing(),
        )
        receipt: Receipt = await workflow.execute_activity(
            effect.op.value,
            call,
            result_type=Receipt,
            task_queue=options.queue(effect.op),
            schedule_to_close_timeout=leg.schedule_to_close,
            start_to_close_timeout=leg.start_to_close,
            heartbeat_timeout=options.HEARTBEAT,
            retry_policy=leg.retry,
            summary=effect_title(entry),
            cancellation_type=workflow.ActivityCancellationType.TRY_CANCEL,
        )
        return receipt

    def _references(self, entry: Entry) -> dict[str, Receipt]:
        found = {key: self._outbox.receipt(key) for key in entry.effect.after}
        return {key: receipt for key, receipt in found.items() if receipt is not None}

    def _gone(self, entry: Entry, error: ActivityError) -> bool:
        """Park what only a human can mend; tell whether it was that."""
        if not (isinstance(error.cause, ApplicationError) and error.cause.type in NEEDS_HUMAN):
            return False
        self._outbox.need_human(entry.effect.key, reason(error), workflow.now())
        self._changed(self._current(entry.effect.key))
        return True

    def _done(self, key: str, receipt: Receipt) -> None:
        state = EffectState.OFF if receipt.off else EffectState.DONE
        self._outbox.settle(key, state, receipt)
        self._settled(self._current(key), receipt)

    def _current(self, key: str) -> Entry:
        entry = self._outbox.get(key)
        assert entry is not None  # noqa: S101 - an entry is never removed
        return entry


def reason(error: ActivityError) -> str:
    """Return why an activity has failed, as far as a person can use it."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return f"{cause.type}: {cause.message}"
    if isinstance(cause, TimedOut):
        last = cause.cause
        inner = f", last: {last.message}" if isinstance(last, ApplicationError) else ""
        return f"no answer in time{inner}"
    return str(cause or error)


__all__ = ["Delivery", "Op", "reason"]
