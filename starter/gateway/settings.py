"""What the gateway takes from the environment; it fails loudly where that does not do."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from muster import keys
from muster.domain.policy import Policy
from muster.keys import Key
from muster.policy import load
from muster.settings import SettingsError
from starter.gateway.slack import Signatures

PORT: Final = 8080
LAST_PORT: Final = 65_535
LIMIT: Final = 10 * 1024 * 1024
LARGEST: Final = 1024 * 1024 * 1024
_UNITS: Final = {"": 1, "KiB": 1024, "MiB": 1024 * 1024}
_SIZE = re.compile(r"([0-9]{1,10}) ?(KiB|MiB|)")
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a gateway is there to be reached; the token guards it


_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")

SOURCE: Final = "alertmanager"
"""The source of whoever has the one token without a name."""
RATE: Final = 50.0
FASTEST: Final = 10_000

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOKEN = re.compile(r"[!-~]{8,512}")


@dataclass(frozen=True)
class CodecSettings:
    """Whom the codec server serves: whoever has the token, and in a browser pages of these origins."""

    token: str = field(repr=False)
    origins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GatewaySettings:
    """Where the gateway listens, whom it lets in, and how much it takes at once."""

    tokens: Mapping[str, str] = field(repr=False)
    """The bearer token of each source."""
    policy: Policy
    host: str = EVERYWHERE
    port: int = PORT
    limit: int = LIMIT
    """Bytes of a request's body."""
    keys: tuple[Key, ...] = ()
    codec: CodecSettings | None = None
    """Without it there is no codec server."""
    rate: float = RATE
    """Requests a second that one source may send for long."""
    signing_secret: str | None = field(default=None, repr=False)
    """Slack's; without it there is no route for Slack."""

    def signatures(self) -> Signatures | None:
        """Return what verifies Slack's requests, where there is a secret for it."""
        return Signatures(self.signing_secret) if self.signing_secret else None


def from_environment(
    environment: Mapping[str, str] = os.environ, *, host: str = EVERYWHERE
) -> GatewaySettings:
    """Return the settings. Raises SettingsError, PolicyError or KeysError."""
    path = environment.get("MUSTER_POLICY")
    return GatewaySettings(
        tokens=_tokens(environment),
        policy=load(Path(path)) if path else Policy(),
        host=host,
        port=port(environment, PORT),
        limit=_limit(environment.get("MUSTER_GATEWAY_LIMIT", str(LIMIT))),
        rate=_rate(environment.get("MUSTER_GATEWAY_RATE", str(RATE))),
        signing_secret=environment.get("SLACK_SIGNING_SECRET", "").strip() or None,
        keys=keys.read(environment.get(keys.VARIABLE)),
        codec=_codec(environment),
    )


def _codec(environment: Mapping[str, str]) -> CodecSettings | None:
    token = environment.get("MUSTER_CODEC_TOKEN", "").strip()
    origins = frozenset(environment.get("MUSTER_CODEC_ORIGINS", "").replace(",", " ").split())
    if not token and origins:
        message = "MUSTER_CODEC_ORIGINS is set, but MUSTER_CODEC_TOKEN is not"
        raise SettingsError(message)
    if token and not environment.get(keys.VARIABLE):
        message = (
            f"MUSTER_CODEC_TOKEN is set, but {keys.VARIABLE} is not: there is nothing to decode"
        )
        raise SettingsError(message)
    if not all(_ORIGIN.fullmatch(one) for one in origins):
        message = "MUSTER_CODEC_ORIGINS: each must be http(s)://HOST or http(s)://HOST:PORT"
        raise SettingsError(message)
    return CodecSettings(token, origins) if token else None


def _tokens(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the tokens by source; no message says one."""
    found: dict[str, str] = {}
    if single := environment.get("MUSTER_GATEWAY_TOKEN", "").strip():
        found[SOURCE] = single
    pairs = environment.get("MUSTER_GATEWAY_TOKENS", "").split(",")
    for place, pair in enumerate((one.strip() for one in pairs if one.strip()), 1):
        name, _, token = pair.partition("=")
        if not (_NAME.fullmatch(name) and _TOKEN.fullmatch(token)):
            message = (
                f"MUSTER_GATEWAY_TOKENS: entry {place} must be name=token, the name of letters, digits "
                "and -, the token of 8 to 512 printable characters without a comma"
            )
            raise SettingsError(message)
        if name in found or token in found.values():
            message = f"MUSTER_GATEWAY_TOKENS: entry {place} has a name or token that another has"
            raise SettingsError(message)
        found[name] = token
    if not found:
        message = (
            "MUSTER_GATEWAY_TOKEN or MUSTER_GATEWAY_TOKENS must be set: "
            "without one the gateway would let anyone in"
        )
        raise SettingsError(message)
    return found


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if 0 < rate <= FASTEST:
        return rate
    message = f"MUSTER_GATEWAY_RATE is {text!r}: must be requests a second, up to {FASTEST}"
    raise SettingsError(message)


def _limit(text: str) -> int:
    found = _SIZE.fullmatch(text)
    size = int(found[1]) * _UNITS[found[2]] if found else 0
    if 0 < size <= LARGEST:
        return size
    message = (
        f"MUSTER_GATEWAY_LIMIT is {text!r}: must be bytes or such as 512KiB or 10MiB, up to 1024MiB"
    )
    raise SettingsError(message)


def port(
    environment: Mapping[str, str],
    default: int,
    *,
    name: str = "MUSTER_GATEWAY_PORT",
    lowest: int = 0,
) -> int:
    """Return the port that a variable names; 0 is any free one. Raises SettingsError."""
    text = environment.get(name, str(default))
    if text.isascii() and text.isdigit() and lowest <= int(text) <= LAST_PORT:
        return int(text)
    message = f"{name} is {text!r}: must be a port from {lowest} to {LAST_PORT}"
    raise SettingsError(message, name)
