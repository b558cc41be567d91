"""The environment, read once and failing loudly: names of variables, never their values."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A variable that does not parse; the message names it."""


_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


def _without_credentials(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError("must be http(s)://HOST/PATH; credentials have variables of their own")
    return url


def _for_a_header(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("has a sign that no header can carry")
    return SecretStr(text)


Secret = Annotated[SecretStr, AfterValidator(_for_a_header)]
"""A credential; the line's end of the file that it comes from does no harm."""

Url = Annotated[str, AfterValidator(_without_credentials)]
"""An address that may be shown: it has neither credentials nor a query."""


class Settings(BaseSettings):
    """What a process of ours is told by its environment; a provider with no credentials is switched off."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    muster_policy: str | None = None
    """The path of the policy; without it the defaults hold."""
    muster_metrics_address: Annotated[str, Field(pattern=r"^[^:]+:\d+$")] | None = None
    """Where a worker serves the SDK's metrics, as host:port."""
    muster_build_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]{0,128}$")] | None = None
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
        message = f"{name}: {first['msg']}"
        raise SettingsError(message) from None
