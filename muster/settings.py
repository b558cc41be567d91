"""The environment, read once and failing loudly: names of variables, never their values."""

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from muster.environment import SettingsError, is_address

__all__ = ["Settings", "SettingsError", "load"]

_BUILD_ID = re.compile(r"[A-Za-z0-9._+-]{1,128}")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _url(text: str) -> str:
    """Return the text where it is an address that may be shown: with neither credentials nor a query."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or set(text) & set("@?#") or text.split() != [text]:
        message = "must be http(s)://HOST/PATH; credentials have variables of their own"
        raise ValueError(message)
    return text


def _bind_address(text: str) -> str:
    host = text.rpartition(":")[0].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        host = ""
    if not host or not is_address(text):
        message = "must be IP:PORT, such as 0.0.0.0:9464"
        raise ValueError(message)
    return text


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        message = f"must be one of {', '.join(_LEVELS)}"
        raise ValueError(message)
    return text.upper()


def _build_id(text: str) -> str:
    if not _BUILD_ID.fullmatch(text):
        message = "must be letters, digits and . _ + -, at most 128 long"
        raise ValueError(message)
    return text


def _for_a_header(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("has a sign that no header can carry")
    return SecretStr(text)


Secret = Annotated[SecretStr, AfterValidator(_for_a_header)]
"""A credential; the line's end of the file that it comes from does no harm."""

Url = Annotated[str, AfterValidator(_url)]
"""An address that may be shown: it has neither credentials nor a query."""

Level = Annotated[str, AfterValidator(_level)]


class Settings(BaseSettings):
    """What a process of ours is told by its environment; a provider with no credentials is switched off."""

    model_config = SettingsConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", env_ignore_empty=True
    )

    muster_policy: str | None = None
    """The path of the policy; without it the defaults hold."""
    muster_metrics_address: Annotated[str, AfterValidator(_bind_address)] | None = None
    """Where a worker serves the SDK's metrics, as IP:PORT."""
    muster_log: Level = "INFO"
    """How much a worker logs, as a level of logging."""
    muster_build_id: Annotated[str, AfterValidator(_build_id)] | None = None
    """Which build a worker is; without it, the git revision of the checkout and what its code says."""
    muster_codec_keys: str | None = None
    """The path of the file with the keys that encrypt payloads; without it they are not encrypted."""

    slack_bot_token: Secret | None = None
    slack_signing_secret: Secret | None = None
    slack_api_url: Url = "https://slack.com/api/"

    zoom_account_id: Secret | None = None
    zoom_client_id: Secret | None = None
    zoom_client_secret: Secret | None = None
    zoom_api_url: Url = "https://api.zoom.us/v2"
    zoom_oauth_url: Url = "https://zoom.us/oauth/token"

    gitlab_url: Url = "https://gitlab.com"
    gitlab_token: Secret | None = None
    gitlab_project: str | None = None

    x_api_url: Url = "https://api.x.com"
    x_access_token: Secret | None = None


def load() -> Settings:
    """Read the environment. Raises SettingsError naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        message = f"{name}: {str(first['msg']).removeprefix('Value error, ')}"
        raise SettingsError(message, name) from None
