"""What has no credentials is switched off, and said to be so."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from muster.domain.effects import Document
from muster.domain.policy import PersonRecord, Policy
from muster.sandbox import Sandbox
from muster.settings import Settings, load
from workers.providers import build

CREDENTIALS = {
    "chat": {"SLACK_BOT_TOKEN": "s"},
    "conference": {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "c", "ZOOM_CLIENT_SECRET": "z"},
    "tracker": {"GITLAB_TOKEN": "g", "GITLAB_PROJECT": "ops/production"},
    "status": {"X_ACCESS_TOKEN": "x"},
}
KEYS = tuple(key for keys in CREDENTIALS.values() for key in keys)


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as serving:
        yield serving


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


async def test_chat_and_tracker_know_policys_people(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    people = {"ann": PersonRecord(slack="UANA", gitlab="ana"), "eve": PersonRecord(name="Eve")}
    monkeypatch.setenv("SLACK_API_URL", sandbox.urls["slack"])
    monkeypatch.setenv("GITLAB_URL", sandbox.urls["gitlab"])
    given = CREDENTIALS["chat"] | CREDENTIALS["tracker"]
    found = build(settings(monkeypatch, **given), Policy(people=people))
    assert found.chat is not None
    assert found.tracker is not None
    await found.tracker.open("incident-1/issue", Document(title="x", assignee="ann"), fresh=True)
    assert sandbox.gitlab.issues["1"]["assignees"][0]["username"] == "ana"
    channel = await found.chat.open_channel("incident-1/channel", "inc-1", fresh=True)
    assert "eve" in (await found.chat.invite(channel, ("ann", "eve"))).note
