"""What is done with bridges."""

from temporalio import activity

from activities.border import cross, ref
from muster.domain.effects import EffectCall, Op, Receipt
from muster.ports import Conference


class ConferenceActivities:
    """Activities over the Conference port; without one every effect is off."""

    def __init__(self, conference: Conference | None) -> None:
        self._conference = conference

    @activity.defn(name=Op.CONFERENCE_OPEN)
    async def open(self, call: EffectCall) -> Receipt:
        """Open the incident's bridge."""
        if (conference := self._conference) is None:
            return Receipt(off=True)
        return await cross(
            call, lambda fresh: conference.open(call.key, call.body.name, fresh=fresh)
        )

    @activity.defn(name=Op.CONFERENCE_SWEEP)
    async def sweep(self, call: EffectCall) -> Receipt:
        """Retire a bridge that the vendor has made besides the incident's."""
        if (conference := self._conference) is None:
            return Receipt(off=True)
        key = f"{call.incident}/bridge"
        return await cross(call, lambda _: conference.sweep(key, ref(call, "bridge")))

    @activity.defn(name=Op.CONFERENCE_END)
    async def end(self, call: EffectCall) -> Receipt:
        """Retire the bridge, once nobody is on it."""
        if (conference := self._conference) is None:
            return Receipt(off=True)
        return await cross(call, lambda _: conference.end(ref(call, "bridge")))
