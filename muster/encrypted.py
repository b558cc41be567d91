"""What an encrypted payload looks like, and what is said of one that cannot be read here."""

import dataclasses
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
)

from muster.keys import VARIABLE, Key

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
FAILURE: Final = "encryption-failure"
"""Stands, in this process alone, beside a payload that could not be decrypted."""
UNKNOWN, BROKEN = b"unknown", b"broken"

_WHY: Final = {
    UNKNOWN: f"which is not among those of {VARIABLE}",
    BROKEN: "which does not open it: it was cut off or changed, or was never encrypted with it",
}
_NO_KEYS: Final = f"and {VARIABLE} is not set here"
_SHOWN = 64


class Undecipherable(ValueError):
    """A payload that is encrypted, or says so, and cannot be read here; the message names the key's id."""

    def __init__(self, payload: Payload) -> None:
        key = payload.metadata.get(KEY_ID, b"").decode(errors="replace")[:_SHOWN]
        why = _WHY.get(payload.metadata.get(FAILURE, b""), _NO_KEYS)
        super().__init__(f"the payload is encrypted with the key {key!r}, {why}")


class LegiblePayloadConverter(CompositePayloadConverter):
    """Says of an encrypted payload that it is one, where others only say that they do not know it."""

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """Decode as the parent does. Raises Undecipherable."""
        hints = chain(type_hints or (), repeat(None))
        for payload, hint in zip(payloads, hints, strict=False):
            if hint is not RawValue and payload.metadata.get("encoding") == ENCODING:
                raise Undecipherable(payload)
        return super().from_payloads(payloads, type_hints)


class PlainPayloadConverter(LegiblePayloadConverter, DefaultPayloadConverter):
    """Plain JSON, without pydantic."""


def encrypting(plain: DataConverter, keys: Sequence[Key]) -> DataConverter:
    """Return the converter that encrypts with the first key, errors' texts too; without keys it is the plain one."""
    if not keys:
        return plain
    from muster.encryption import Codec  # noqa: PLC0415 - only where there are keys

    return dataclasses.replace(
        plain,
        payload_codec=Codec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
