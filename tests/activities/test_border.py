"""The border: what a provider's error means to Temporal."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.border import cross, translated
from activities.chat import ChatActivities
from muster import ports
from muster.domain.effects import Body, EffectCall, Op, Receipt, Timing

SETTLE = timedelta(seconds=10)


def call(op: Op = Op.CHAT_SAY, **fields: object) -> EffectCall:
    given = {
        "key": "incident-1/say:1",
        "op": op,
        "body": Body(channel="#support"),
        "incident": "incident-1",
    }
    return EffectCall.model_validate(given | {"timing": Timing(settle=SETTLE)} | fields)


@pytest.mark.parametrize(
    ("error", "attempt", "delay", "final"),
    [
        (ports.NotSent("x"), 1, 0.5, False),
        (ports.NotSent("x"), 4, 4, False),
        (ports.NotSent("x"), 40, 30, False),
        (ports.RateLimited("x", retry_after=7), 1, 7, False),
        (ports.RateLimited("x"), 1, 1, False),
        (ports.Waiting("x", retry_after=300), 1, 300, False),
        (ports.Ambiguous("x"), 1, 10, False),
        (ports.Rejected("x"), 1, None, True),
        (ports.Forbidden("x"), 1, None, True),
        (ports.NotFound("x"), 1, None, True),
        (ports.Drift("x"), 1, None, True),
    ],
)
def test_each_error_has_its_delay(
    error: ports.ProviderError, attempt: int, delay: float | None, final: bool
) -> None:
    found = translated(error, attempt, SETTLE)
    assert found.type == type(error).__name__
    assert found.non_retryable is final
    wanted = None if delay is None else timedelta(seconds=delay)
    assert found.next_retry_delay == wanted


async def test_what_a_run_takes_over_settles_before_it_does_anything() -> None:
    async def never(_: bool) -> Receipt:
        raise AssertionError

    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(cross, call(maybe_sent=True), never)
    assert (caught.value.type, caught.value.next_retry_delay) == ("Settling", SETTLE)


async def test_a_projection_need_not_settle() -> None:
    async def write(fresh: bool) -> Receipt:
        return Receipt(id=str(fresh))

    done = await ActivityEnvironment().run(cross, call(Op.CHAT_EDIT, maybe_sent=True), write)
    assert done.id == "False"


async def test_the_first_attempt_is_fresh_and_heartbeats() -> None:
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)

    async def write(fresh: bool) -> Receipt:
        await asyncio.sleep(0.05)
        return Receipt(id=str(fresh))

    done = await environment.run(cross, call(), write)
    assert done.id == "True"
    assert beats


async def test_a_provider_that_is_off_is_said_to_be_so() -> None:
    done = await ActivityEnvironment().run(ChatActivities(None).say, call())
    assert done.off
