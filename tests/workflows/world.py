"""A small world for workflow tests: every activity of an incident, against memory, with the ledger's real rules."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

from temporalio import activity

from muster import messages as m
from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.effects import EffectCall, Op, Receipt
from muster.domain.policy import Policy

LEDGER_OPS = (
    Op.LEDGER_REGISTER,
    Op.LEDGER_CLOSE,
    Op.LEDGER_REOPEN,
    Op.LEDGER_END,
    Op.LEDGER_RECORD,
)


class World:
    """Remembers every effect that was carried out, in order; ``break_op`` makes one fail as a provider would."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.done: list[EffectCall] = []
        self.attempts: Counter[str] = Counter()
        self.broken: dict[Op, Exception] = {}
        self.held: dict[Op, asyncio.Event] = {}
        self.registered: Registered | None = None
        self.absorbs: list[m.Answer] = []
        self._numbers = itertools.count(1)
        self._known: dict[str, int] = {}
        self.search_attributes: tuple[str, ...] = ()

    def keys(self, op: Op) -> list[str]:
        """Return the names of the effects of this op that were carried out, in order."""
        return [call.key.rpartition("/")[2] for call in self.done if call.op is op]

    def texts(self, op: Op, channel: str = "") -> list[str]:
        """Return the texts that were sent, in order."""
        return [
            call.body.text for call in self.done if call.op is op and call.body.channel == channel
        ]

    def activities(self, without: Collection[Op] = ()) -> Sequence[Callable[..., Any]]:
        """Return every activity under its own name, except those that someone else has."""
        return [self._adopt(), *(self._activity(op) for op in Op if op not in without)]

    def _adopt(self) -> Callable[..., Any]:
        @activity.defn(name="adopt_policy")
        async def adopt_policy() -> m.AdoptedPolicy:
            return m.AdoptedPolicy(
                policy=self.policy,
                digest=self.policy.digest(),
                search_attributes=self.search_attributes,
            )

        return adopt_policy

    def _activity(self, op: Op) -> Callable[..., Any]:
        @activity.defn(name=op.value)
        async def run(call: EffectCall) -> Receipt:
            self.attempts[call.key] += 1
            if (gate := self.held.get(op)) is not None:
                await gate.wait()
            if (error := self.broken.get(op)) is not None:
                raise error
            self.done.append(call)
            return self._receipt(call)

        return run

    def _receipt(self, call: EffectCall) -> Receipt:
        if call.op is Op.LEDGER_REGISTER:
            return Receipt(answer=self._register(call).model_dump_json())
        if call.op is Op.LEDGER_CLOSE:
            return Receipt(answer=ClosingRecorded(closed_at=_scheduled()).model_dump_json())
        if call.op is Op.INCIDENT_ABSORB:
            return Receipt(answer=self.absorbs.pop(0).model_dump_json())
        name = call.key.rpartition("/")[2]
        return Receipt(id=name, link=f"https://example.test/{name}", container="C1")

    def _register(self, call: EffectCall) -> Registered:
        if self.registered is not None:
            return self.registered
        number = self._known.setdefault(call.incident, 0) or next(self._numbers)
        self._known[call.incident] = number
        return Registered(number=number)


def _scheduled() -> Any:
    return activity.info().current_attempt_scheduled_time
