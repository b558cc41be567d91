"""A worker's log of failed attempts: short where they were to be expected, whole where they were not."""

import asyncio
import logging

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workers import brief

LOGGER = logging.getLogger("temporalio.activity")


@pytest.fixture(autouse=True)
def _installed() -> None:
    brief.install()


def fail(error: BaseException) -> None:
    raise error


def logged(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    try:
        fail(error)
    except BaseException:
        LOGGER.warning("Completing activity as failed (100%% of %s)", "it", exc_info=True)
    return caplog.text


@pytest.mark.parametrize(
    "error",
    [
        ApplicationError("slack: 503", type="NotSent"),
        RPCError("slow", RPCStatusCode.DEADLINE_EXCEEDED, b""),
        asyncio.CancelledError("worker shutdown"),
    ],
)
def test_an_expected_failure_is_one_line(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    text = logged(error, caplog)
    assert text.count("\n") == 1
    assert "failed (100% of it): " in text
    assert type(error).__name__ in text
    assert str(error) in text


def test_a_surprise_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    text = logged(KeyError("refs"), caplog)
    assert "Traceback" in text
    assert "KeyError: 'refs'" in text
