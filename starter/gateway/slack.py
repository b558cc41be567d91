"""Slack's signature on a request: version 0, five minutes, each once, in constant time."""

import json
from collections.abc import Mapping
from time import time
from typing import Any, Final, Protocol

WINDOW: Final = 300.0
"""Seconds around now in which a signature holds."""
REMEMBERED: Final = 10_000
"""Signatures that are known again; only whoever has the secret can make more."""
CHALLENGE: Final = 1_000


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        ...


class WallClock:
    """The time of this machine."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time()


class Signatures:
    """Verifies requests with the app's signing secret, over the verifier that slack-bolt has."""

    def __init__(self, secret: str, clock: Clock | None = None) -> None:
        from slack_bolt.middleware import RequestVerification
        from slack_sdk.signature import Clock as SlackClock

        self._clock: Clock = clock or WallClock()
        ticking = SlackClock()
        ticking.now = self._clock.now  # type: ignore[method-assign]  # it has no other way in
        self._verifier = RequestVerification(secret).verifier
        self._verifier.clock = ticking
        self._seen: dict[str, float] = {}

    def hold(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether the signature is Slack's, of this very body, of now, and not used before."""
        try:
            valid = self._verifier.is_valid_request(body, dict(headers))
        except (ValueError, TypeError):  # no number, no UTF-8, no ASCII: what it does not expect
            return False
        return valid and self._is_new(headers)

    def _is_new(self, headers: Mapping[str, str]) -> bool:
        signature = next(value for name, value in headers.items() if name.lower() == _SIGNATURE)
        now = self._clock.now()
        self._seen = {one: at for one, at in self._seen.items() if now - at <= 2 * WINDOW}
        known = signature in self._seen
        while len(self._seen) >= REMEMBERED:
            self._seen.pop(next(iter(self._seen)))
        self._seen.setdefault(signature, now)
        return not known


_SIGNATURE = "x-slack-signature"


def challenge(body: bytes) -> str | None:
    """Return what Slack wants back when an address is entered in its settings; None for anything else."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("type") != "url_verification":
        return None
    found = document.get("challenge")
    return found if isinstance(found, str) and len(found) <= CHALLENGE else None
