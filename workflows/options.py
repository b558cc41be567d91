"""How each kind of effect is run: its task queue, timeouts and retries."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from muster import names
    from muster.domain.effects import Op, Timing

_QUEUES = {
    "chat": names.CHAT_QUEUE,
    "conference": names.CONFERENCE_QUEUE,
    "tracker": names.TRACKER_QUEUE,
    "status": names.STATUS_QUEUE,
}
HEARTBEAT = timedelta(seconds=5)
OWN_ATTEMPT = timedelta(seconds=30)
"""Our own workflows answer later the more ask them: who is cut off and asks again only adds to the line. A worker's death
is noticed by the heartbeat."""
_QUICKLY = timedelta(milliseconds=200)


@dataclass(frozen=True)
class Leg:
    """One of the two legs of an effect."""

    schedule_to_close: timedelta | None
    start_to_close: timedelta
    retry: RetryPolicy


def queue(op: Op) -> str:
    """Return the task queue on which this op's activities are polled."""
    return _QUEUES.get(op.partition(".")[0], names.TASK_QUEUE)


def own(op: Op) -> bool:
    """Tell whether the effect is one of our own workflows: a write there is made again without harm."""
    return queue(op) == names.TASK_QUEUE


def first_leg(op: Op, timing: Timing) -> Leg:
    """Return the bounded attempts, after which the effect counts as degraded."""
    return Leg(timing.first_leg, _attempt(op, timing), _retry(op, timing))


def second_leg(op: Op, timing: Timing, left: timedelta) -> Leg:
    """Return the slow retries, until the effect is given up; the ledger is never given up."""
    return Leg(None if _endless(op) else left, _attempt(op, timing), _retry(op, timing))


def _endless(op: Op) -> bool:
    return op.startswith("ledger.")


def _attempt(op: Op, timing: Timing) -> timedelta:
    """Return the time of one attempt, which may be several calls: a read by key before the write, a name that is taken."""
    return OWN_ATTEMPT if own(op) else timing.http_timeout * 3


def _retry(op: Op, timing: Timing) -> RetryPolicy:
    """Return the retries: an unexplained end waits until a late write would be visible; ours do not wait."""
    initial = _QUICKLY if own(op) else timing.settle
    return RetryPolicy(
        initial_interval=initial,
        backoff_coefficient=1.5,
        maximum_interval=max(timing.slowest_retry, initial),
    )
