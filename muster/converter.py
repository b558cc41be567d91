"""The data converter of all our processes: pydantic, and tolerant of payloads that are no JSON of ours."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter


class TolerantPayloadConverter(PydanticPayloadConverter):
    """Gives a payload that it cannot decode as a RawValue where nobody has asked for a type.

    A start payload of the wrong arity is decoded without types; an error there would fail the workflow task for ever
    instead of the one malformed declaration.
    """

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """Decode as the parent does; without type hints nothing raises."""
        if type_hints is not None:
            return super().from_payloads(payloads, type_hints)
        return [self._decode(payload) for payload in payloads]

    def _decode(self, payload: Payload) -> object:
        try:
            return super().from_payloads([payload])[0]
        except Exception:  # noqa: BLE001 - whatever a foreign payload raises, it is only not ours
            return RawValue(payload)


DATA_CONVERTER = dataclasses.replace(
    pydantic_data_converter, payload_converter_class=TolerantPayloadConverter
)
