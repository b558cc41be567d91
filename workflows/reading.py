"""One look into the tracker, for who has no access to it: the record of an incident that Temporal has forgotten."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from muster import names
    from muster.domain.record import Page, Question
    from muster.messages import bad_input
    from workflows.delivery import reason


@workflow.defn(name=names.READING)
class Reading:
    """One page; it ends at once."""

    @workflow.run
    async def run(self, *payloads: Any) -> Page:
        """Return the page, or why there is none. Fails with BadInput where the question is malformed."""
        asked = _question(payloads)
        try:
            page: Page = await workflow.execute_activity(
                names.RECORD_READ,
                asked,
                result_type=Page,
                task_queue=names.TRACKER_QUEUE,
                start_to_close_timeout=timedelta(seconds=20),
                schedule_to_close_timeout=timedelta(seconds=25),
                retry_policy=RetryPolicy(maximum_attempts=3),
                summary="the record in the tracker",
            )
        except ActivityError as error:
            return Page(missing=reason(error))
        return page


def _question(payloads: tuple[Any, ...]) -> Question:
    try:
        return Question.model_validate(payloads[0] if len(payloads) == 1 else None)
    except ValidationError as error:
        raise ApplicationError(str(bad_input(error)), type="BadInput", non_retryable=True) from None
