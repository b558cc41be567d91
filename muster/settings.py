"""The environment, read once and failing loudly: names of variables, never their values."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A variable that does not parse; the message names it."""


class Settings(BaseSettings):
    """What a process of ours is told by its environment; a provider with no credentials is switched off."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    muster_policy: str | None = None
    """The path of the policy; without it the defaults hold."""
    muster_metrics_address: Annotated[str, Field(pattern=r"^[^:]+:\d+$")] | None = None
    """Where a worker serves the SDK's metrics, as host:port."""
    muster_build_id: str | None = None

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    zoom_account_id: SecretStr | None = None
    zoom_client_id: SecretStr | None = None
    zoom_client_secret: SecretStr | None = None
    zoom_api_url: str = "https://api.zoom.us/v2"
    zoom_oauth_url: str = "https://zoom.us/oauth/token"

    gitlab_url: str = "https://gitlab.com"
    gitlab_token: SecretStr | None = None
    gitlab_project: str | None = None

    x_api_url: str = "https://api.x.com"
    x_access_token: SecretStr | None = None


def load() -> Settings:
    """Read the environment. Raises SettingsError naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        message = f"{name}: {first['msg']}"
        raise SettingsError(message) from None
