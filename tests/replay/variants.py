"""Incidents with two commands in another order: as a careless change makes it, and as a careful one does."""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from muster import messages as m
    from muster import names
    from workflows.incident import Incident


@workflow.defn(name=names.INCIDENT)
class ShowsLast(Incident):
    """The incident, but it writes its search attributes after it has started its effects, not before."""

    @workflow.run
    async def run(self, *payloads: Any) -> m.Answer:
        return await super().run(*payloads)

    def _show(self) -> bool:
        asyncio.get_running_loop().call_soon(super()._show)
        return True


@workflow.defn(name=names.INCIDENT)
class ShowsLastPatched(ShowsLast):
    """The same change, for those alone that begin after it."""

    @workflow.run
    async def run(self, *payloads: Any) -> m.Answer:
        return await super().run(*payloads)

    def _show(self) -> bool:
        return super()._show() if workflow.patched("shows-last") else Incident._show(self)
