"""The auditor: started by a schedule, it looks at all open incidents and says what is wrong with them."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from muster import messages as m
    from muster import names
    from muster.domain import audit
    from muster.domain.audit import Audit, Finding
    from muster.domain.effects import Body, EffectCall, Op, Receipt
    from workflows.options import HEARTBEAT

_QUICK: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(seconds=50),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=2)),
}


@workflow.defn(name=names.AUDITOR)
class Auditor:
    """One look; what it has said it leaves to the next one as its result."""

    @workflow.run
    async def run(self, *payloads: Any) -> Audit:
        """Look, and say in the announcements channel what is news; what could not be said is said by the next look.

        A look that does not come to its end, since its workers die, leaves what the one before has left: its time grows old.
        """
        del payloads
        before = _before()
        try:
            found: tuple[Finding, ...] = await workflow.execute_activity(
                names.AUDIT_LOOK,
                result_type=tuple[Finding, ...],
                summary="look at all open incidents",
                **_QUICK,
            )
        except ActivityError as error:
            workflow.logger.error("the auditor could not look: %s", error.cause)
            return before or Audit(at=audit.NEVER)
        new = audit.news(found, before, workflow.now())
        workflow.set_current_details(f"{len(found)} found, {len(new)} of it new")
        said = new if new and await self._say(new) else ()
        return audit.said(found, said, before, workflow.now())

    async def _say(self, new: tuple[Finding, ...]) -> bool:
        adopted = await workflow.execute_local_activity(
            "adopt_policy",
            result_type=m.AdoptedPolicy,
            start_to_close_timeout=timedelta(seconds=10),
        )
        info = workflow.info()
        call = EffectCall(
            key=f"{info.workflow_id}/{info.run_id}",
            op=Op.CHAT_SAY,
            body=Body(text=audit.words(new), channel=adopted.policy.chat.announcements),
            incident=info.workflow_id,
            timing=adopted.policy.timing(),
        )
        try:
            await workflow.execute_activity(
                Op.CHAT_SAY,
                call,
                result_type=Receipt,
                task_queue=names.CHAT_QUEUE,
                summary=f"{len(new)} findings",
                **_QUICK,
            )
        except ActivityError as error:
            workflow.logger.error("the auditor was not heard: %s", error.cause)
            return False
        return True


def _before() -> Audit | None:
    """Return what the look before has left; None where there is nothing, or nothing that this version can read."""
    try:
        return Audit.model_validate(workflow.get_last_completion_result())
    except ValidationError:
        return None
