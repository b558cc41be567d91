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

PORT: Final = 8080
LAST_PORT: Final = 65_535
LIMIT: Final = 10 * 1024 * 1024
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a gateway is there to be reached; the token guards it


_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")


@dataclass(frozen=True)
class CodecSettings:
    """Whom the codec server serves: whoever has the token, and in a browser pages of these origins."""

    token: str = field(repr=False)
    origins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GatewaySettings:
    """Where the gateway listens, whom it lets in, and how much it takes at once."""

    token: str = field(repr=False)
    policy: Policy
    host: str = EVERYWHERE
    port: int = PORT
    limit: int = LIMIT
    """Bytes of a request's body."""
    keys: tuple[Key, ...] = ()
    codec: CodecSettings | None = None
    """Without it there is no codec server."""


def from_environment(
    environment: Mapping[str, str] = os.environ, *, host: str = EVERYWHERE
) -> GatewaySettings:
    """Return the settings. Raises SettingsError, PolicyError or KeysError."""
    token = environment.get("MUSTER_GATEWAY_TOKEN", "").strip()
    if not token:
        message = "MUSTER_GATEWAY_TOKEN is not set: without it the gateway would let anyone in"
        raise SettingsError(message)
    path = environment.get("MUSTER_POLICY")
    return GatewaySettings(
        token=token,
        policy=load(Path(path)) if path else Policy(),
        host=host,
        port=port(environment, PORT),
        keys=keys.read(environment.get(keys.VARIABLE)),
        codec=_codec(environment),
    )


def _codec(environment: Mapping[str, str]) -> CodecSettings | None:
    token = environment.get("MUSTER_CODEC_TOKEN", "").strip()
    origins = frozenset(environment.get("MUSTER_CODEC_ORIGINS", "").replace(",", " ").split())
    if not token and origins:
        message = "MUSTER_CODEC_ORIGINS is set, but MUSTER_CODEC_TOKEN is not"
        raise SettingsError(message)
    if token and keys.VARIABLE not in environment:
        message = (
            f"MUSTER_CODEC_TOKEN is set, but {keys.VARIABLE} is not: there is nothing to decode"
        )
        raise SettingsError(message)
    if not all(_ORIGIN.fullmatch(one) for one in origins):
        message = "MUSTER_CODEC_ORIGINS: each must be http(s)://HOST or http(s)://HOST:PORT"
        raise SettingsError(message)
    return CodecSettings(token, origins) if token else None


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
