"""The one workflow that keeps who stands in for whom on the rotations."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import TypeAdapter

    from muster import names
    from muster.domain.foreign import in_code
    from muster.domain.stand_ins import Arranged, StandIn, StandIns, Withdraw, applied, refusal
    from workflows import heirs
    from workflows.endurance import endure

RENEW_AFTER = 200
"""So many messages are one run."""
SHOWN = 20

_MESSAGES: dict[str, TypeAdapter[Any]] = {
    names.STAND_IN: TypeAdapter(StandIn),
    names.WITHDRAW: TypeAdapter(Withdraw),
}


@workflow.defn(name=names.OVERRIDES)
class Overrides:
    """Each message is an update, and a signal of the same name for when no worker runs; an id counts once."""

    @workflow.init
    def __init__(self, *payloads: object) -> None:
        """Take over what the run before has left."""
        self._taken = 0
        self._state, self._refused = heirs.taken_over(payloads, StandIns, "arranged")

    @workflow.run
    async def run(self, *payloads: object) -> None:
        """Keep, and continue as new before the history grows long."""
        del payloads
        if self._refused:
            raise self._refused
        await endure(self._keep)
        workflow.continue_as_new(heirs.packed(self._state))

    async def _keep(self) -> None:
        await workflow.wait_condition(self._is_spent)
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _is_spent(self) -> bool:
        return self._taken >= RENEW_AFTER or workflow.info().is_continue_as_new_suggested()

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Do what a message says; what cannot be done is passed over."""
        self._taken += 1
        try:
            self._take(self._read(name, args))
        except ApplicationError as error:
            workflow.logger.warning("a signal was passed over", extra={"reason": error.message})

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> Arranged | None:
        """Do what a message says, and answer with what is kept of it."""
        self._taken += 1
        asked = self._read(name, args)
        self._take(asked)
        return self._state.find(asked.stand_in if isinstance(asked, Withdraw) else asked.command_id)

    @on_update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse what cannot be read or arranged, at no cost of history."""
        self._read(name, args)

    @workflow.query(name=names.STANDING)
    def standing(self) -> tuple[Arranged, ...]:
        """Return who stands in, now or later, in the order in which it was arranged."""
        return self._state.standing(workflow.now())

    def _read(self, name: str, args: Sequence[RawValue]) -> StandIn | Withdraw:
        """Return the message. Raises ApplicationError saying what is wrong with it."""
        asked: StandIn | Withdraw = heirs.parsed(_MESSAGES, name, args)
        if why := refusal(self._state, asked, workflow.now()):
            raise heirs.refusal(f"{why.field}: {why.text}", why.field)
        return asked

    def _take(self, asked: StandIn | Withdraw) -> None:
        self._state = applied(self._state, asked, workflow.now())
        workflow.set_current_details(_details(self._state))


def _details(state: StandIns) -> str:
    standing = state.standing(workflow.now())
    lines = [f"{len(standing)} stand in"]
    lines += [
        f"- {in_code(one.rotation)}, layer {one.layer}: {in_code(one.person)}, "
        f"{one.begins:%Y-%m-%d %H:%M} to {one.ends:%Y-%m-%d %H:%M} UTC"
        for one in standing[:SHOWN]
    ]
    return "\n".join(lines)
