"""What an activity makes of Temporal's own errors: nearly all go on as they are and are tried again."""

from typing import Any

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.services import ServiceActivities
from muster.domain.service import Report

REPORT = Report(workflow_id="incident-1", command_id="alerts-1", alerts=())


class Away:
    """A client whose server answers with one status."""

    def __init__(self, status: RPCStatusCode) -> None:
        self._error = RPCError("no", status, b"")

    def get_workflow_handle(self, _workflow_id: str) -> "Away":
        return self

    async def signal(self, *_words: Any, **_given: Any) -> None:
        raise self._error


async def reported(status: RPCStatusCode) -> BaseException:
    client: Any = Away(status)
    with pytest.raises((RPCError, ApplicationError)) as raised:
        await ActivityEnvironment().run(ServiceActivities(client).report, REPORT)
    return raised.value


@pytest.mark.parametrize("status", [RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED])
async def test_a_server_that_is_away_is_asked_again(status: RPCStatusCode) -> None:
    error = await reported(status)
    assert isinstance(error, RPCError)
    # What the server is told of the attempt: an error that is its own cause has no end.
    DefaultFailureConverter().to_failure(error, DefaultPayloadConverter(), Failure())


async def test_what_it_will_never_take_is_not_sent_again() -> None:
    error = await reported(RPCStatusCode.INVALID_ARGUMENT)
    assert isinstance(error, ApplicationError)
    assert error.non_retryable
