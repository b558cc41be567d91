"""The keys that encrypt payloads, from the file that ``MUSTER_CODEC_KEYS`` names."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

VARIABLE: Final = "MUSTER_CODEC_KEYS"
BYTES: Final = 32
"""A key is for AES-256."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class KeysError(Exception):
    """The file of keys does not do; the message names the variable and the line, never what stands there."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{VARIABLE}: {message}")


@dataclass(frozen=True)
class Key:
    """One key; its id stands beside everything that it has encrypted."""

    id: str
    secret: bytes = field(repr=False)


def read(path: str | None) -> tuple[Key, ...]:
    """Return the keys of a file, of which the first encrypts; none where none is named. Raises KeysError."""
    if not path:
        return ()
    keys = tuple(_keys(_text(path)))
    if not keys:
        raise KeysError("the file has no key")
    if len({key.id for key in keys}) < len(keys):
        raise KeysError("two keys have the same id")
    return keys


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise KeysError(f"the file cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeysError("it names no text file") from None


def _keys(text: str) -> Iterator[Key]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            yield _key(words, number)


def _key(words: list[str], number: int) -> Key:
    """Return the key of a line: an id and, in base64, the key itself."""
    wrong = f"line {number} is not an id of letters, digits, dots and dashes, and {BYTES} bytes in base64"
    if len(words) != 2 or not _ID.fullmatch(words[0]):  # noqa: PLR2004 - an id and a key
        raise KeysError(wrong)
    try:
        secret = base64.b64decode(words[1], validate=True)
    except ValueError:
        raise KeysError(wrong) from None
    if len(secret) != BYTES:
        raise KeysError(wrong)
    return Key(words[0], secret)
