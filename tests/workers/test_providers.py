"""What has no credentials is switched off, and said to be so."""

import pytest

from muster.domain.policy import Policy
from muster.settings import Settings, load
from workers.providers import build

CREDENTIALS = {
    "chat": {"SLACK_BOT_TOKEN": "s"},
    "conference": {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "c", "ZOOM_CLIENT_SECRET": "z"},
    "tracker": {"GITLAB_TOKEN": "g", "GITLAB_PROJECT": "ops/production"},
    "status": {"X_ACCESS_TOKEN": "x"},
}
KEYS = tuple(key for keys in CREDENTIALS.values() for key in keys)


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    return load()


def test_without_credentials_everything_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build(settings(monkeypatch), Policy()).off() == list(CREDENTIALS)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_each_is_on_with_its_own_credentials_alone(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    found = build(settings(monkeypatch, **CREDENTIALS[name]), Policy())
    assert found.off() == [other for other in CREDENTIALS if other != name]


@pytest.mark.parametrize(
    ("name", "missing"), [(name, key) for name, keys in CREDENTIALS.items() for key in keys]
)
def test_half_of_the_credentials_are_none(
    monkeypatch: pytest.MonkeyPatch, name: str, missing: str
) -> None:
    given = {key: value for key, value in CREDENTIALS[name].items() if key != missing}
    assert name in build(settings(monkeypatch, **given), Policy()).off()
