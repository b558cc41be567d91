"""How a large carrier travels: compressed, since the server takes no payload of more than 2 MB."""

import zlib

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from muster.messages import BadInput

PLAIN_MAX = 500_000
"""A larger carrier is compressed."""
UNPACKED_MAX = 16_000_000
"""No carrier of ours is longer; a small payload may unpack to any length."""


def compressed(text: str) -> bytes | None:
    """Return the text for a payload, or None where it may go as it is."""
    return zlib.compress(text.encode()) if len(text) >= PLAIN_MAX else None


def unpacked(given: bytes) -> str:
    """Return the text of a compressed carrier. Raises BadInput."""
    opened = zlib.decompressobj()
    try:
        text = opened.decompress(given, UNPACKED_MAX).decode()
    except (zlib.error, UnicodeDecodeError):
        message = "the carrier is neither JSON nor compressed JSON"
        raise BadInput(message, None) from None
    if not opened.eof:
        message = "the carrier is cut off, or longer than any of ours"
        raise BadInput(message, None)
    return text
