"""What an incident takes along when it continues as new, and how a start payload is read."""

import json
import re
from collections.abc import Sequence
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from muster.domain.model import Record
    from muster.domain.outbox import Entry
    from muster.domain.state import IncidentState
    from muster.messages import AdoptedPolicy, BadInput, IncidentInput, bad_input, validated
    from workflows import packing
    from workflows.payloads import started_with


class Carrier(Record):
    """The whole of an incident between two runs."""

    state: IncidentState
    adopted: AdoptedPolicy | None
    outbox: tuple[Entry, ...] = ()
    written: dict[str, str] = {}
    continue_after: int = 500

    def packed(self) -> dict[str, Any] | bytes:
        """Return it as the start payload of the next run."""
        payload = {"carrier": self.model_dump(mode="json")}
        return packing.packed(json.dumps(payload)) or payload


_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,100}")
"""Keys of effects, commands and links are built on the workflow's id."""


def unpack(payloads: Sequence[Any], workflow_id: str) -> IncidentInput | Carrier:
    """Return the declaration or our own carrier. Raises BadInput naming the field."""
    if not _ID.fullmatch(workflow_id):
        message = "the workflow id must be 1 to 100 letters, digits or _ . : @ + -"
        raise BadInput(message, None)
    if len(payloads) != 1:
        message = f"one declaration is expected, not {len(payloads)}"
        raise BadInput(message, None)
    payload = started_with(payloads[0])
    if isinstance(payload, bytes):
        payload = _read(packing.unpacked(payload))
    if not isinstance(payload, dict):
        message = "the declaration is no JSON object"
        raise BadInput(message, None)
    if payload.keys() == {"carrier"}:
        return _carrier(payload["carrier"])
    return validated(IncidentInput, payload)


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = "the carrier is no JSON"
        raise BadInput(message, None) from None


def _carrier(payload: object) -> Carrier:
    try:
        return Carrier.model_validate(payload)
    except ValidationError as error:
        raise bad_input(error) from None
