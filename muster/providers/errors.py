"""What an HTTP answer or a broken connection means for an effect: one table for all vendors."""

import math
from collections.abc import Mapping

from muster.ports import (
    Ambiguous,
    Forbidden,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
)

BY_STATUS: dict[int, type[ProviderError]] = {
    400: Rejected,
    401: Forbidden,
    402: Forbidden,
    403: Forbidden,
    404: NotFound,
    405: Rejected,
    408: Ambiguous,
    409: Rejected,
    410: NotFound,
    413: Rejected,
    415: Rejected,
    422: Rejected,
    429: RateLimited,
    503: NotSent,
}
"""What a status means; any other 4xx is Rejected, any other 5xx Ambiguous."""

LONGEST_DELAY = 900.0


def from_status(status: int, message: str, *, retry_after: float | None = None) -> ProviderError:
    """Return the error of an HTTP status; ``retry_after`` in seconds."""
    if 300 <= status < 400:
        message = f"{message} sends us elsewhere, where we do not go: is its address right?"
    kind = BY_STATUS.get(status) or (Rejected if 400 <= status < 500 else Ambiguous)
    return kind(f"{status} {message}", code=str(status), retry_after=retry_after)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the delay in seconds that a vendor asks for, by Retry-After or by X's reset time."""
    found = {name.lower(): value for name, value in headers.items()}
    delay = _number(found.get("retry-after"))
    if delay is None and (reset := _number(found.get("x-rate-limit-reset"))) is not None:
        delay = reset - now
    return None if delay is None else min(max(delay, 0.0), LONGEST_DELAY)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def from_requests(error: Exception) -> ProviderError:
    """Return the error of a call that ``requests`` could not finish: only a connection never made is NotSent."""
    import requests  # noqa: PLC0415 - the SDKs that need it are imported as late

    name = type(error).__name__
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotSent(name, code="connect_timeout")
    if isinstance(error, requests.exceptions.ConnectionError) and _never_connected(error):
        return NotSent(name, code="connection")
    return Ambiguous(name, code="connection")


def _never_connected(error: BaseException) -> bool:
    """Tell a refused or unresolved connection from one that broke, which may have been after the write."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if type(seen).__name__ in {
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeoutError",
        }:
            return True
        inner = getattr(seen, "reason", None)
        following = inner if isinstance(inner, BaseException) else None
        arguments = [one for one in seen.args if isinstance(one, BaseException)]
        seen = following or (arguments[0] if arguments else seen.__cause__)
    return False
