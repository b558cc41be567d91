"""How a large state travels to the next run: compressed, since the server takes no payload of more than 2 MB."""

import zlib

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from muster.messages import BadInput

PLAIN_MAX = 500_000
"""Bytes of JSON up to which a state travels as it is, and can be read in the Web UI."""
LARGEST = 16_000_000
"""Bytes that a compressed state may have: a foreign payload must not fill the memory."""


def packed(text: str) -> bytes | None:
    """Return the JSON compressed where it is large, else None."""
    return zlib.compress(text.encode()) if len(text) >= PLAIN_MAX else None


def unpacked(payload: bytes) -> str:
    """Return the JSON of a compressed payload. Raises BadInput."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(payload, LARGEST)
        if reader.eof:
            return text.decode()
    except (zlib.error, UnicodeDecodeError):
        pass
    message = "the carrier is neither JSON nor compressed JSON"
    raise BadInput(message, None)
