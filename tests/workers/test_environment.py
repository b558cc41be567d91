"""What the environment says wrongly is refused in one line that names the variable, before anything starts."""

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from muster import environment, settings
from muster.settings import SettingsError
from workers.__main__ import BAD_INPUT, _runtime, _see_namespace, main


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with an environment that says nothing to us."""
    for name in os.environ:
        if name.startswith(("TEMPORAL_", "MUSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", os.devnull)


URL = "must be http(s)://HOST/PATH; credentials have variables of their own"
BIND = "must be IP:PORT, such as 0.0.0.0:9464"
WRONG = [
    ("MUSTER_LOG", "loud", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ("MUSTER_BUILD_ID", "a b", "must be letters, digits and . _ + -, at most 128 long"),
    ("MUSTER_METRICS_ADDRESS", "foo", BIND),
    ("MUSTER_METRICS_ADDRESS", "foo:9464", BIND),
    ("MUSTER_METRICS_ADDRESS", "0.0.0.0:99999999", BIND),
    ("GITLAB_URL", "not a url", URL),
    ("GITLAB_URL", "ftp://gitlab.example.com", URL),
    ("SLACK_API_URL", "nope", URL),
    ("ZOOM_API_URL", "https://", URL),
    ("ZOOM_OAUTH_URL", "https://zoom.example.com:https/", URL),
    ("X_API_URL", "https://me:secret@x.example.com", URL),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
async def test_a_worker_refuses_it(
    name: str,
    value: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert await main() == BAD_INPUT
    assert capsys.readouterr().err == f"muster worker: {name}: {says}\n"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8421/gitlab", "https://gitlab.example.com", "https://[::1]:443/x/"]
)
def test_what_is_an_address_is_taken_as_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_URL", url)
    assert settings.load().gitlab_url == url


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_URL", "")
    monkeypatch.setenv("MUSTER_LOG", "debug")
    found = settings.load()
    assert (found.gitlab_url, found.muster_log) == ("https://gitlab.com", "DEBUG")


def test_temporal_is_here_where_nothing_is_said() -> None:
    assert environment.temporal()["target_host"] == "localhost:7233"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEMPORAL_ADDRESS", "foo bar"),
        ("TEMPORAL_ADDRESS", "http://localhost:7233"),
        ("TEMPORAL_ADDRESS", "localhost:65536"),
        ("TEMPORAL_PROFILE", "nope"),
        ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere.pem"),
        ("TEMPORAL_CONFIG_FILE", "/"),
    ],
)
def test_temporals_own_variables_are_named_too(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        environment.temporal()
    assert caught.value.variable == name


def test_a_file_of_profiles_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "temporal.toml"
    path.write_text('[profile.default]\napi_key = "canary" "\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(path))
    with pytest.raises(SettingsError, match=r"TEMPORAL_CONFIG_FILE: .*line 2") as caught:
        environment.temporal()
    assert "canary" not in str(caught.value)


def test_metrics_where_somebody_listens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("MUSTER_METRICS_ADDRESS", address)
        with pytest.raises(SettingsError, match=r"MUSTER_METRICS_ADDRESS: .*in use"):
            _runtime(settings.load())


def server(status: RPCStatusCode) -> Client:
    async def describe_namespace(request: Any) -> None:
        assert request.namespace == "ops"
        raise RPCError("no", status, b"")

    service = SimpleNamespace(describe_namespace=describe_namespace)
    return cast("Client", SimpleNamespace(namespace="ops", workflow_service=service))


async def test_a_namespace_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="TEMPORAL_NAMESPACE"):
        await _see_namespace(server(RPCStatusCode.NOT_FOUND))


async def test_a_namespace_that_may_not_be_described_is_taken_to_be_there() -> None:
    await _see_namespace(server(RPCStatusCode.PERMISSION_DENIED))
