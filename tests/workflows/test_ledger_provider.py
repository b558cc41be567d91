"""The ledger's port where Temporal is silent, and the activities that stand on it."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.ledger import LedgerActivities
from muster import ports
from muster.domain.commands import ClosingRecorded, Registered
from muster.domain.effects import Body, EffectCall, Op
from muster.domain.ledger import LedgerEntry
from muster.domain.ledger_pages import Batch, Page
from muster.providers.temporal_ledger import TemporalLedger, failed, refused
from tests.workflows.ledger_office import START, closed, registration


@pytest.mark.asyncio(loop_scope="module")
async def test_a_ledger_that_is_silent_has_written_nothing_that_matters(
    env: WorkflowEnvironment,
) -> None:
    """No worker runs: what was sent may be heard later, and once more is the same as once."""
    ledger = TemporalLedger(env.client, timeout=timedelta(milliseconds=300))
    assert await ledger.standing() == ()
    with pytest.raises(ports.NotSent):
        await ledger.register(registration("a"))
    with pytest.raises(ports.NotSent):
        await ledger.standing()
    with pytest.raises(ports.NotSent):
        await ledger.store("ledger-page-0", Page())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (RPCStatusCode.RESOURCE_EXHAUSTED, ports.RateLimited),
        (RPCStatusCode.INVALID_ARGUMENT, ports.Rejected),
        (RPCStatusCode.PERMISSION_DENIED, ports.Forbidden),
        (RPCStatusCode.UNAUTHENTICATED, ports.Forbidden),
        (RPCStatusCode.UNAVAILABLE, ports.NotSent),
        (RPCStatusCode.INTERNAL, ports.NotSent),
        (RPCStatusCode.NOT_FOUND, ports.NotSent),
    ],
)
def test_every_status_has_its_error(status: RPCStatusCode, kind: type[Exception]) -> None:
    error = failed(RPCError("why", status, b""))
    assert isinstance(error, ports.ProviderError)
    assert (type(error), error.code) == (kind, status.name)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("UnknownIncident", ports.NotFound),
        ("BadInput", ports.Rejected),
        ("Busy", ports.NotSent),
        ("PageSilent", ports.NotSent),
        ("KeyError", ports.NotSent),
    ],
)
def test_every_refusal_of_the_ledger_has_its_error(kind: str, error: type[Exception]) -> None:
    assert type(refused(ApplicationError("why", type=kind))) is error


class Remembering(TemporalLedger):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[LedgerEntry] = []
        self.stored: list[str] = []

    async def register(self, registration: object) -> Registered:
        del registration
        return Registered(number=7)

    async def close(self, entry: LedgerEntry) -> ClosingRecorded:
        self.told.append(entry)
        return ClosingRecorded(closed_at=START)

    async def store(self, page_id: str, page: Page) -> None:
        if not page.entries:
            message = "empty"
            raise ports.NotSent(message)
        self.stored.append(page_id)


def call(op: Op, payload: str, number: int | None = None) -> EffectCall:
    return EffectCall(key="k", op=op, body=Body(payload=payload), incident="i", number=number)


@pytest.mark.asyncio
async def test_the_answer_of_a_registration_is_json() -> None:
    own = LedgerActivities(Remembering())
    asked = call(Op.LEDGER_REGISTER, registration("a").model_dump_json())
    receipt = await ActivityEnvironment().run(own.register, asked)
    assert Registered.model_validate_json(receipt.answer).number == 7


@pytest.mark.parametrize(("written", "known"), [(0, 7), (7, None), (7, 7)])
@pytest.mark.asyncio
async def test_a_closing_planned_before_the_number_came_has_it(
    written: int, known: int | None
) -> None:
    ledger = Remembering()
    own = LedgerActivities(ledger)
    told = call(Op.LEDGER_CLOSE, closed(written).model_dump_json(), known)
    receipt = await ActivityEnvironment().run(own.close, told)
    assert ClosingRecorded.model_validate_json(receipt.answer).closed_at == START
    assert ledger.told[0].number == 7


@pytest.mark.asyncio
async def test_a_batch_is_stored_only_with_all_its_pages() -> None:
    ledger = Remembering()
    own = LedgerActivities(ledger)
    full, empty = Page(entries={1: closed(1)}), Page()
    await ActivityEnvironment().run(own.store, Batch(pages={"a": full, "b": full}))
    assert ledger.stored == ["a", "b"]
    with pytest.raises(ApplicationError) as failure:
        await ActivityEnvironment().run(own.store, Batch(pages={"c": empty, "d": full}))
    assert failure.value.type == "NotSent"
    assert not failure.value.non_retryable
    assert ledger.stored == ["a", "b", "d"]


@pytest.mark.asyncio
async def test_a_payload_that_does_not_fit_needs_a_human() -> None:
    own = LedgerActivities(Remembering())
    with pytest.raises(ApplicationError) as failure:
        await ActivityEnvironment().run(own.register, call(Op.LEDGER_REGISTER, "{}"))
    assert (failure.value.type, failure.value.non_retryable) == ("Rejected", True)
    assert "workflow_id" in failure.value.message
