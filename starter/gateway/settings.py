"""What the gateway takes from the environment; it fails loudly where that does not do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muster.domain.policy import Policy
from muster.policy import load
from muster.settings import SettingsError

PORT: Final = 8080
LAST_PORT: Final = 65_535
LIMIT: Final = 10 * 1024 * 1024
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a gateway is there to be reached; the token guards it


@dataclass(frozen=True)
class GatewaySettings:
    """Where the gateway listens, whom it lets in, and how much it takes at once."""

    token: str
    policy: Policy
    host: str = EVERYWHERE
    port: int = PORT
    limit: int = LIMIT
    """Bytes of a request's body."""


def from_environment(
    environment: Mapping[str, str] = os.environ, *, host: str = EVERYWHERE
) -> GatewaySettings:
    """Return the settings. Raises SettingsError, or PolicyError for the policy's file."""
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
    )


def port(environment: Mapping[str, str], default: int, *, lowest: int = 0) -> int:
    """Return the gateway's port; 0 is any free one. Raises SettingsError."""
    text = environment.get("MUSTER_GATEWAY_PORT", str(default))
    if text.isascii() and text.isdigit() and lowest <= int(text) <= LAST_PORT:
        return int(text)
    message = f"MUSTER_GATEWAY_PORT is {text!r}: must be a port from {lowest} to {LAST_PORT}"
    raise SettingsError(message)
