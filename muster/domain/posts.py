"""How long a public post is as X counts it."""

import re
import unicodedata

LIMIT = 280
"""Weighted characters of one post, by the version 3 configuration of twitter-text."""
URL_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_PATH = r"""[^\s<>"']*[^\s<>"'.,;:!?)\]}…]"""
"""Without the punctuation behind it, which X does not count to the address either."""
_URL = re.compile(rf"https?://{_PATH}", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{{2,}}(?:/{_PATH})?", re.IGNORECASE)
"""What X may take for an address without its scheme, if the last part is one of the top-level domains."""


def weighted_length(text: str) -> int:
    """Return the length in X's weighted characters: most alphabets 1, others and emoji 2, any address 23.

    It is never less than what X counts, and more only where X joins several emoji into one or knows no such
    top-level domain.
    """
    normal = unicodedata.normalize("NFC", text)
    addresses = len(_URL.findall(normal))
    rest = _URL.sub(" ", normal)
    bare = sum(max(URL_WEIGHT - _weight(one), 0) for one in _BARE.findall(rest))
    return addresses * (URL_WEIGHT - 1) + bare + _weight(rest)


def _weight(text: str) -> int:
    return sum(1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in text)
