"""What is told to end users."""

from datetime import UTC, datetime

from temporalio import activity

from activities.border import cross
from muster.domain.effects import EffectCall, Op, Receipt
from muster.ports import StatusChannel


class StatusActivities:
    """Activities over the StatusChannel port; without one every effect is off."""

    def __init__(self, status: StatusChannel | None) -> None:
        self._status = status

    @activity.defn(name=Op.STATUS_POST)
    async def post(self, call: EffectCall) -> Receipt:
        """Publish an update."""
        if (status := self._status) is None:
            return Receipt(off=True)
        at = call.body.at or datetime.now(UTC)
        return await cross(
            call, lambda fresh: status.post(call.key, call.body.text, at, fresh=fresh)
        )
