"""The data converter of all our processes: pydantic, and tolerant of payloads that are no JSON of ours."""

from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter

from muster.encrypted import LegiblePayloadConverter, encrypting
from muster.keys import Key


class TolerantPayloadConverter(LegiblePayloadConverter, PydanticPayloadConverter):
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


class TolerantDataConverter(DataConverter):
    """Takes a payload that names an external storage, of which we have none, for foreign like any other.

    The SDK would raise, and so fail the workflow task for ever.
    """

    async def _decode_reference_payload_sequence(
        self, payloads: Sequence[Payload]
    ) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(
        self, payloads: Sequence[Payload]
    ) -> list[Payload]:
        return list(payloads)


def data_converter(keys: Sequence[Key] = ()) -> DataConverter:
    """Return the converter that encrypts with the first key and decrypts with any; without keys nothing is encrypted."""
    plain = TolerantDataConverter(payload_converter_class=TolerantPayloadConverter)
    return encrypting(plain, keys)


DATA_CONVERTER = data_converter()
