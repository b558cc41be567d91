"""Who may send: each source has a token of its own, so that one can be revoked, and an allowance."""

import hashlib
import hmac
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

BURST: Final = 4.0
"""Seconds' worth of the rate that may come at once."""
AT_ONCE: Final = 64
"""Requests of one source that are worked on at one time; each may have a body of the full size."""


class Busy(Exception):
    """A source sends more than it may; ``after`` is in whole seconds."""

    def __init__(self, source: str, after: int) -> None:
        super().__init__(f"{source} sends more than the gateway takes")
        self.after = after


class Tokens:
    """Sources by their bearer tokens, of which only digests are kept."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._digests = {name: _digest(token.encode()) for name, token in tokens.items()}

    def source(self, authorization: str) -> str | None:
        """Return whose token the header has; every one is compared, and as long whatever is given."""
        scheme, _, given = authorization.partition(" ")
        digest = _digest(given.strip().encode(errors="surrogateescape"))
        found = [name for name, own in self._digests.items() if hmac.compare_digest(own, digest)]
        return found[0] if found and scheme.lower() == "bearer" else None


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


@dataclass
class Allowance:
    """A bucket that fills at a rate of so many requests a second."""

    source: str
    rate: float
    clock: Callable[[], float] = monotonic

    def __post_init__(self) -> None:
        """Begin full."""
        self._most = max(self.rate * BURST, 1.0)
        self._left = self._most
        self._at = self.clock()
        self._now = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take one for as long as the request lasts. Raises Busy."""
        now = self.clock()
        self._left = min(self._left + (now - self._at) * self.rate, self._most)
        self._at = now
        if self._left < 1 or self._now >= AT_ONCE:
            raise Busy(self.source, max(math.ceil((1 - self._left) / self.rate), 1))
        self._left -= 1
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1
