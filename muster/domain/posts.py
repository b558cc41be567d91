"""How long a public post is as X counts it."""

import re
import unicodedata

LIMIT = 280
"""Weighted characters of one post, by the version 3 configuration of twitter-text."""
URL_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


def weighted_length(text: str) -> int:
    """Return the length in X's weighted characters: most alphabets 1, others and emoji 2, any address 23."""
    normal = unicodedata.normalize("NFC", text)
    addresses = len(_URL.findall(normal))
    return addresses * URL_WEIGHT + sum(_weight(char) for char in _URL.sub("", normal))


def _weight(char: str) -> int:
    point = ord(char)
    return 1 if any(low <= point <= high for low, high in _LIGHT) else 2
