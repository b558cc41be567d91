"""A page of the ledger: what the ledger no longer carries itself, kept for ever."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from pydantic import TypeAdapter

    from muster import names
    from muster.domain.ledger_pages import Found, Page, Question, found, merged
    from workflows.endurance import endure
    from workflows.heirs import packed, parsed, refusal, taken_over

RENEW_AFTER = 200
"""So many updates are one run of a page."""

_UPDATES: dict[str, TypeAdapter[Any]] = {names.PAGE_STORE: TypeAdapter(Page)}


@workflow.defn(name=names.LEDGER_PAGE)
class LedgerPage:
    """Entries of a thousand numbers, or the keys of one prefix."""

    @workflow.init
    def __init__(self, *payloads: object) -> None:
        """Take over what the run before has left."""
        self._updates = 0
        self._page, self._refused = taken_over(payloads, Page, "entries")

    @workflow.run
    async def run(self, *payloads: object) -> None:
        """Keep, and continue as new before the history grows long."""
        del payloads
        if self._refused:
            raise self._refused
        await endure(self._keep)
        workflow.continue_as_new(packed(self._page))

    async def _keep(self) -> None:
        await workflow.wait_condition(self._is_spent)
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _is_spent(self) -> bool:
        return self._updates >= RENEW_AFTER or workflow.info().is_continue_as_new_suggested()

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Pass over any signal."""
        del args
        workflow.logger.warning("a page takes no signals", extra={"signal": name})

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Add what the ledger moves here; once more is the same as once."""
        self._updates += 1
        self._page = merged(self._page, parsed(_UPDATES, name, args))
        workflow.set_current_details(
            f"{len(self._page.entries)} incidents, {len(self._page.keys)} keys"
        )

    @on_update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse what cannot be read or belongs to another page, at no cost of history."""
        page: Page = parsed(_UPDATES, name, args)
        if not page.belongs(workflow.info().workflow_id):
            message = "store: not all of it belongs to this page"
            raise refusal(message)

    @workflow.query(name=names.PAGE_LOOKUP)
    def lookup(self, question: Question) -> Found:
        """Return what this page has of the question."""
        return found(self._page, question)
