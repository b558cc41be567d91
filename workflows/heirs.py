"""How workflows that never end read payloads, and what one run of them leaves to the next."""

from collections.abc import Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import TypeAdapter, ValidationError

    from muster.domain.foreign import clean
    from muster.domain.model import Record
    from muster.encrypted import Undecipherable
    from muster.messages import BadInput, bad_input
    from workflows import packing
    from workflows.payloads import decoded, started_with

S = TypeVar("S", bound=Record)


def carried(payloads: Sequence[object], model: type[S], required: str) -> S:
    """Return what an earlier run has left, or an empty state. Raises BadInput naming the field."""
    given = payloads[0] if payloads else None
    if len(payloads) > 1:
        message = f"one carrier is expected, not {len(payloads)} payloads"
        raise BadInput(message, None)
    if given is None:
        return model()
    try:
        state = _unpacked(started_with(given), model)
    except ValidationError as error:
        raise bad_input(error) from None
    if required not in state.model_fields_set:
        message = f"{required}: the carrier does not have it"
        raise BadInput(message, required)
    return state


def _unpacked(given: object, model: type[S]) -> S:
    if isinstance(given, bytes):
        return model.model_validate_json(packing.unpacked(given))
    return model.model_validate(given)


def taken_over(
    payloads: Sequence[object], model: type[S], required: str
) -> tuple[S, ApplicationError | Undecipherable | None]:
    """Return what the run before has left, or an empty state and with what this run is to fail.

    Raises BadInput for a newer version's carrier: the task waits for a worker that can read it.
    """
    try:
        return carried(payloads, model, required), None
    except BadInput as error:
        if workflow.info().continued_run_id:
            raise
        return model(), refusal(str(error), error.field)
    except Undecipherable as error:
        return model(), error


def packed(state: Record) -> Record | bytes:
    """Return the state as a start payload: itself, or compressed where it is large."""
    return packing.packed(state.model_dump_json(exclude_none=True)) or state


def parsed(table: dict[str, TypeAdapter[Any]], name: str, args: Sequence[RawValue]) -> Any:
    """Return the one payload of this message. Raises ApplicationError naming the field."""
    adapter = table.get(name)
    if adapter is None:
        unknown = f"unknown update {clean(name, 100)!r}"
        raise refusal(unknown)
    if len(args) != 1:
        wrong = f"{name} takes one payload, not {len(args)}"
        raise refusal(wrong)
    try:
        return adapter.validate_python(decoded(args[0]))
    except ValidationError as error:
        found = bad_input(error)
        raise refusal(str(found), found.field) from None
    except BadInput as error:
        raise refusal(str(error), error.field) from None


def refusal(message: str, field: str | None = None) -> ApplicationError:
    """Return the error for a message that cannot be read or does not do."""
    details = {"message": message, "field": field}
    return ApplicationError(message, details, type="BadInput", non_retryable=True)
