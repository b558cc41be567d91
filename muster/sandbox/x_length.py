"""How X measures a post, from twitter-text's version 3 configuration and not from our own code that it is to check."""

import re
import unicodedata

LIMIT = 280
ADDRESS = 23
"""Length of any address: X puts its own short one in its place."""
_LIGHT = (range(4352), range(8192, 8206), range(8208, 8224), range(8242, 8248))
_DOMAINS = "com|org|net|edu|gov|io|dev|app|info|biz|test|status|cloud|uk|de|fr|eu|us|co|me|tv"
_ADDRESS = re.compile(
    rf"https?://[^\s<>\"']+|(?<![\w@.#$/-])(?:[a-z0-9-]+\.)+(?:{_DOMAINS})\b(?:/[^\s<>\"']*)?",
    re.IGNORECASE,
)
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]"
_EMOJI = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}"  # a flag of two letters
    r"|[0-9#*]\ufe0f\u20e3"  # a key cap
    rf"|{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]?(?:\u200d{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]?)+"
    rf"|{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]"
)


def measured(text: str) -> int:
    """Return the length: any address 23, any emoji 2 however it is composed, other characters 1 or 2."""
    normal = unicodedata.normalize("NFC", text)
    rest, addresses = _ADDRESS.subn("", normal)
    rest, emoji = _EMOJI.subn("", rest)
    return ADDRESS * addresses + 2 * emoji + sum(_weight(ord(char)) for char in rest)


def _weight(point: int) -> int:
    return 1 if any(point in light for light in _LIGHT) else 2
