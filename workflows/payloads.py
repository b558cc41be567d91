"""How a payload of a stranger is read inside a workflow: to a value, or to the reason why not."""

from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from muster.encrypted import Undecipherable
    from muster.messages import BadInput


def decoded(arg: RawValue) -> object:
    """Return what the payload holds. Raises BadInput."""
    try:
        return workflow.payload_converter().from_payload(arg.payload, Any)
    except Undecipherable as error:
        raise BadInput(str(error), None) from None
    except Exception as error:  # noqa: BLE001 - whatever a foreign payload raises, it is only not ours
        message = f"the payload is not JSON: {type(error).__name__}"
        raise BadInput(message, None) from None


def started_with(given: object) -> object:
    """Return what a run was started with. Raises BadInput, or Undecipherable for what our own run before has left.

    Raised again by the run, that one fails the workflow task until the key is there: it must not end what goes on.
    """
    if not isinstance(given, RawValue):
        return given
    if workflow.info().continued_run_id is not None:
        return workflow.payload_converter().from_payload(given.payload, Any)
    return decoded(given)
