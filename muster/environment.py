"""Where Temporal is, as the environment of every process says, and the error that names a variable."""

import os
import re
from typing import Any

from temporalio.envconfig import ClientConfig, ClientConfigProfile

DEFAULT_ADDRESS = "localhost:7233"
LAST_PORT = 65_535
_ADDRESS = re.compile(r"(?:[^\s:/@\[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")
_FILE, _PROFILE = "TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE"


class SettingsError(Exception):
    """A variable that does not do; the message names it and what is allowed, never its value."""

    def __init__(self, message: str, variable: str | None = None) -> None:
        super().__init__(message)
        self.variable = variable


def temporal() -> dict[str, Any]:
    """Return the arguments of ``Client.connect``. Raises SettingsError."""
    profile = _profile()
    try:
        found: dict[str, Any] = dict(profile.to_client_connect_config())
    except OSError as error:
        variable = _holding(str(error.filename))
        message = f"{variable}: {error.filename} cannot be read: {error.strerror}"
        raise SettingsError(message, variable) from None
    address = found.setdefault("target_host", DEFAULT_ADDRESS)
    if not is_address(address):
        message = f"TEMPORAL_ADDRESS must be HOST:PORT, such as {DEFAULT_ADDRESS}"
        raise SettingsError(message, "TEMPORAL_ADDRESS")
    return found


def _profile() -> ClientConfigProfile:
    try:
        known = ClientConfig.load().profiles
    except RuntimeError as error:
        # Only the first line: the others may quote the file, which may hold a key.
        message = f"{_FILE}: {str(error).splitlines()[0]}"
        raise SettingsError(message, _FILE) from None
    wanted = os.environ.get(_PROFILE)
    if wanted and wanted not in known:
        message = f"{_PROFILE}: there is no such profile; there are: {', '.join(known) or 'none'}"
        raise SettingsError(message, _PROFILE)
    try:
        return ClientConfigProfile.load()
    except RuntimeError as error:
        message = f"the TEMPORAL_ variables do not do: {error}"
        raise SettingsError(message) from None


def _holding(value: str) -> str:
    """Return the variable that has this value; what none has stands in the file of profiles."""
    ours = (name for name in sorted(os.environ) if name.startswith("TEMPORAL_"))
    return next((name for name in ours if os.environ[name] == value), _FILE)


def is_address(text: str) -> bool:
    """Tell whether it is HOST:PORT."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and int(found[1]) <= LAST_PORT
