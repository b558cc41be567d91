"""How a message is read, and how one that is refused is answered."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from muster import messages as m
    from muster.domain import commands as c
    from muster.domain import facts as f
    from muster.domain.foreign import clean
    from workflows.payloads import decoded


def read(name: str, args: Sequence[RawValue]) -> c.Command:
    """Return the command that a message holds. Raises BadInput."""
    return m.parse(name, _payload(args))


def parsed(name: str, args: Sequence[RawValue]) -> c.Command:
    """Return the command that an update holds. Raises ApplicationError of type BadInput, with the answer in its details."""
    try:
        return read(name, args)
    except m.BadInput as error:
        answer = m.Answer(
            outcome=m.Outcome.REFUSED, code="bad_input", message=str(error), field=error.field
        )
        raise ApplicationError(str(error), answer, type="BadInput", non_retryable=True) from None


def asker(args: Sequence[RawValue]) -> str:
    """Return who waits for the number; nobody where it is not said, or not in a way that can be read."""
    try:
        found = decoded(args[0]) if len(args) == 1 else ""
    except m.BadInput:
        return ""
    return found if isinstance(found, str) else ""


def refusal(answer: m.Answer) -> ApplicationError:
    """Return how an update fails that a rule forbids: type Refused, with the answer in its details."""
    return ApplicationError(answer.message, answer, type="Refused", non_retryable=True)


def not_allowed(why: str) -> m.Answer:
    """Return the answer to a declaration that policy does not let its source or actor make."""
    return m.Answer(
        outcome=m.Outcome.REFUSED, code="not_permitted", message=why, field="declared_by"
    )


def unreadable(name: str, error: m.BadInput, at: datetime) -> f.Refused:
    """Return what goes on record of a signal that could not be read."""
    return f.Refused(
        at=at,
        actor="unknown",
        source="signal",
        command=clean(name, 60),
        code="bad_input",
        reason=str(error)[:300],
    )


def _payload(args: Sequence[RawValue]) -> object:
    if len(args) != 1:
        message = f"one payload is expected, not {len(args)}"
        raise m.BadInput(message, None)
    found = decoded(args[0])
    if not isinstance(found, dict):
        message = "the payload is no JSON object"
        raise m.BadInput(message, None)
    return found
