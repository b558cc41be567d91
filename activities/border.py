"""The one border where a provider's error becomes a Temporal error, and where a cut-off write is given time to show."""

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from muster.domain.effects import PROJECTIONS, EffectCall, Receipt
from muster.ports import Ambiguous, NeedsHuman, NotSent, ProviderError, RateLimited, Waiting

HEARTBEAT_EVERY = 1.0
SOONEST = timedelta(milliseconds=500)
LATEST = timedelta(seconds=30)

R = TypeVar("R")
Work = Callable[[bool], Awaitable[Receipt]]
"""The write itself; told whether it is fresh."""


async def cross(call: EffectCall, work: Work) -> Receipt:
    """Run a provider's write for an effect: heartbeating, settled first where a write may be under way, errors told apart."""
    attempt = activity.info().attempt
    if attempt == 1 and call.maybe_sent and call.op not in PROJECTIONS:
        delay = call.timing.settle
        raise ApplicationError("a write may be under way", type="Settling", next_retry_delay=delay)
    try:
        async with heartbeating():
            return await work(attempt == 1 and not call.maybe_sent)
    except ProviderError as error:
        raise translated(error, attempt, call.timing.settle) from error
    except (ApplicationError, RPCError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a vendor's SDK raises that nobody has classified
        raise _silenced(error) from None


def _silenced(error: Exception) -> ApplicationError:
    """Return an unforeseen error without its words: of a header that cannot be sent they are the token."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    name = type(error).__name__
    return ApplicationError(f"{name} at {place}", type=name)


async def classified(call: Awaitable[R]) -> R:
    """Await what belongs to no effect; its errors are told apart all the same."""
    try:
        return await call
    except ProviderError as error:
        raise translated(error, activity.info().attempt, timedelta(0)) from error


def translated(error: ProviderError, attempt: int, settle: timedelta) -> ApplicationError:
    """Return the Temporal error: whether to try again, and after how long."""
    delay = _delay(error, attempt, settle)
    return ApplicationError(
        str(error),
        error.code,
        type=type(error).__name__,
        non_retryable=isinstance(error, NeedsHuman),
        next_retry_delay=delay,
    )


def _delay(error: ProviderError, attempt: int, settle: timedelta) -> timedelta | None:
    for kind, delay in _DELAYS:
        if isinstance(error, kind):
            return delay(error, attempt, settle)
    return None


def _asked(error: ProviderError, _attempt: int, _settle: timedelta) -> timedelta:
    return max(timedelta(seconds=error.retry_after or 1), timedelta(seconds=1))


def _soon(error: ProviderError, attempt: int, _settle: timedelta) -> timedelta:
    asked = timedelta(seconds=error.retry_after or 0)
    backoff: timedelta = SOONEST * int(2 ** min(attempt - 1, 10))
    return max(asked, min(backoff, LATEST))


def _settled(_error: ProviderError, _attempt: int, settle: timedelta) -> timedelta:
    return settle


_DELAYS: tuple[
    tuple[type[ProviderError], Callable[[ProviderError, int, timedelta], timedelta]], ...
] = (
    (RateLimited, _asked),
    (Waiting, _asked),
    (NotSent, _soon),
    (Ambiguous, _settled),
)
"""The first that fits; what needs a human is not tried again."""


@contextlib.asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Tell the server every second that this attempt is alive."""
    beating = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(HEARTBEAT_EVERY)


def ref(call: EffectCall, name: str) -> Receipt:
    """Return the receipt of the named effect that this one comes after. Raises ApplicationError, not to be retried."""
    found = call.refs.get(f"{call.incident}/{name}")
    if found is None:
        message = f"the effect {name} has no receipt"
        raise ApplicationError(message, type="NotFound", non_retryable=True)
    return found


def first_ref(call: EffectCall) -> Receipt:
    """Return the receipt of the one effect that this one comes after."""
    for receipt in call.refs.values():
        return receipt
    message = "the effect comes after none"
    raise ApplicationError(message, type="NotFound", non_retryable=True)
