"""What an incident takes along when it continues as new, and how a start payload is read."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from muster.domain.model import Record
    from muster.domain.outbox import Entry
    from muster.domain.state import IncidentState
    from muster.messages import AdoptedPolicy, BadInput, IncidentInput, bad_input, validated
    from workflows.packing import compressed, unpacked


class Carrier(Record):
    """The whole of an incident between two runs."""

    state: IncidentState
    adopted: AdoptedPolicy | None
    outbox: tuple[Entry, ...] = ()
    written: dict[str, str] = {}
    continue_after: int = 500


_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,100}")
"""Keys of effects, commands and links are built on the workflow's id."""


def unpack(payloads: Sequence[Any], workflow_id: str) -> IncidentInput | Carrier:
    """Return the declaration or our own carrier. Raises BadInput naming the field."""
    if not _ID.fullmatch(workflow_id):
        message = "the workflow id must be incident- and letters, digits or -, at most 100 long"
        raise BadInput(message, None)
    if len(payloads) != 1:
        message = f"one declaration is expected, not {len(payloads)}"
        raise BadInput(message, None)
    payload = payloads[0]
    if isinstance(payload, bytes):
        return _carrier(lambda: Carrier.model_validate_json(unpacked(payload)))
    if not isinstance(payload, dict):
        message = "the declaration is no JSON object"
        raise BadInput(message, None)
    if payload.keys() == {"carrier"}:
        return _carrier(lambda: Carrier.model_validate(payload["carrier"]))
    return validated(IncidentInput, payload)


def packed(carrier: Carrier) -> dict[str, Any] | bytes:
    """Return the carrier as a start payload."""
    return compressed(carrier.model_dump_json()) or {"carrier": carrier.model_dump(mode="json")}


def _carrier(read: Callable[[], Carrier]) -> Carrier:
    try:
        return read()
    except ValidationError as error:
        raise bad_input(error) from None
