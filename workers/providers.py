"""From settings and policy to providers: what has no credentials is off."""

from dataclasses import dataclass

from pydantic import SecretStr

from muster.domain.policy import Policy
from muster.ports import Chat, Conference, StatusChannel, Tracker
from muster.settings import Settings


@dataclass(frozen=True)
class Providers:
    """The outside, as far as it is switched on."""

    chat: Chat | None
    conference: Conference | None
    tracker: Tracker | None
    status: StatusChannel | None

    def off(self) -> list[str]:
        """Return the names of those that are switched off."""
        return [name for name, provider in vars(self).items() if provider is None]


def build(settings: Settings, policy: Policy) -> Providers:
    """Return the providers that have their credentials."""
    return Providers(
        chat=_chat(settings, policy),
        conference=_conference(settings, policy),
        tracker=_tracker(settings, policy),
        status=_status(settings, policy),
    )


def _all(*secrets: SecretStr | None) -> list[str] | None:
    values = [secret.get_secret_value() for secret in secrets if secret is not None]
    return values if len(values) == len(secrets) and all(values) else None


def _chat(settings: Settings, policy: Policy) -> Chat | None:
    from muster.providers.slack import SlackChat  # noqa: PLC0415 - only what is switched on

    if (found := _all(settings.slack_bot_token)) is None:
        return None
    people = {name: one.slack for name, one in policy.people.items() if one.slack}
    timeout = int(policy.effects.http_timeout.total_seconds()) or 1
    return SlackChat(found[0], settings.slack_api_url, people=people, timeout=timeout)


def _conference(settings: Settings, policy: Policy) -> Conference | None:
    from muster.providers.zoom import ZoomConference  # noqa: PLC0415 - as above

    found = _all(settings.zoom_account_id, settings.zoom_client_id, settings.zoom_client_secret)
    if found is None:
        return None
    return ZoomConference(
        found[0],
        found[1],
        found[2],
        api_url=settings.zoom_api_url,
        oauth_url=settings.zoom_oauth_url,
        timeout=policy.effects.http_timeout.total_seconds(),
    )


def _tracker(settings: Settings, policy: Policy) -> Tracker | None:
    from muster.providers.gitlab import GitLabTracker  # noqa: PLC0415 - as above

    found = _all(settings.gitlab_token)
    if found is None or not settings.gitlab_project:
        return None
    people = {name: one.gitlab for name, one in policy.people.items() if one.gitlab}
    return GitLabTracker(
        settings.gitlab_url,
        found[0],
        settings.gitlab_project,
        people=people,
        timeout=policy.effects.http_timeout.total_seconds(),
    )


def _status(settings: Settings, policy: Policy) -> StatusChannel | None:
    from muster.providers.x import XStatus  # noqa: PLC0415 - as above

    if (found := _all(settings.x_access_token)) is None:
        return None
    timeout = policy.effects.http_timeout.total_seconds()
    return XStatus(settings.x_api_url, found[0], timeout=timeout)
