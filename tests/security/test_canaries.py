"""No secret is anywhere but in its setting: planted in each, and looked for in everything that a whole run writes."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.tracker import TrackerActivities
from muster.converter import data_converter
from muster.domain.effects import Body, Document, EffectCall, Op, Timing
from muster.domain.policy import Policy
from muster.keys import read
from muster.providers.gitlab import GitLabTracker
from muster.settings import Settings, SettingsError, load
from starter.gateway import settings as gateway
from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports, listening
from starter.stack.up import Wanted
from tests.e2e.conftest import Scene
from tests.project.test_contract import PAGE, table
from tests.security import canaries, evidence
from tests.security.canaries import CANARIES, IN_A_URL, KEYS, NO_SECRET, TLS_KEY
from workers import providers

POLICY = """
[windows]
stability = "1s"
[chat]
own_channel = true
[audit]
every = "2s"
[effects]
http_timeout = "1s"
settle = "2s"
first_leg = "2s"
slowest_retry = "2s"
[oncall.imoc]
turns = [{ feed = "name" }]
"""
NOWHERE = "http://127.0.0.1:1"
URLS = ("SLACK_API_URL", "ZOOM_API_URL", "ZOOM_OAUTH_URL", "GITLAB_URL", "X_API_URL")
VENDORS = ("slack", "zoom", "gitlab", "x")
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 401},
    {"kind": "malformed"},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
)


COMMANDS = (
    "show 1 --full",
    "timeline 2",
    "show 3",
    "list",
    "show 99",
    "merge 1 --into 99 --yes",
    "retry 1 none",
    "oncall check",
)


class Theatre(Scene):
    """A stack whose secrets are canaries, and everything that it says to whoever asks."""

    def __init__(self, stack: Stack, keys: Path, metrics: int) -> None:
        super().__init__(stack)
        self.keys, self.said, self._metrics = keys, [b""], metrics

    def muster(self, *words: str, code: int | None = 0) -> Any:
        """Run a command and keep what it says; what is left of it is its JSON, if any."""
        done = self.run([sys.executable, "-c", "from starter.cli import main; main()", *words])
        assert code in {None, done.returncode}, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in words and done.stdout else {}

    def see(self, number: int) -> Any:
        return self.muster("show", str(number), "--json", code=None)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            env={**self.stack.environment, "MUSTER_AS": "ana"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.said.append((done.stdout + done.stderr).encode())
        return done

    def give(self, **settings: str) -> None:
        """Give worker, gateway and command line these settings, and start them with these."""
        self.stack.environment.update(settings)
        for child in (self.stack.worker, self.stack.gateway):
            child.stop()
            child._env.update(settings)
        self.stack.gateway.start()
        self.stack.start_worker()

    def fault(self, **fault: Any) -> None:
        evidence.get(self.sandbox_at("faults"), body=json.dumps(fault).encode())

    def mend(self) -> None:
        """Have done again what a human has to look at."""
        for number in self.numbers():
            seen = self.see(number)
            for effect in seen.get("effects", ()):
                if effect["state"] == "needs_human":
                    self.muster("retry", str(number), effect["key"], code=None)

    def numbers(self) -> list[int]:
        return [one["number"] for one in self.muster("list", "--json")]

    def whole(self) -> bool:
        self.mend()
        return all(self.settled(number) for number in self.numbers())

    def knock(self) -> None:
        """Ask the gateway what it answers, with its tokens, without and with others."""
        base = f"http://{HOST}:{self.stack.ports.gateway}"
        tokens = ("MUSTER_GATEWAY_TOKEN", "MUSTER_GATEWAY_TOKENS", "MUSTER_CODEC_TOKEN")
        for name in ("", *(CANARIES[token] for token in tokens)):
            for path in ("/webhooks/alertmanager", "/codec/decode", "/codec/encode", "/nowhere"):
                for body in (b"{", b"{}", b'{"payloads": 1}'):
                    self.said.append(evidence.get(base + path, name, body))

    def everything(self) -> dict[str, bytes]:
        """Return everything that was written or is shown."""
        shown = {
            "the gateway's metrics": f"http://{HOST}:{self.stack.ports.gateway}/metrics",
            "the gateway's readiness": f"http://{HOST}:{self.stack.ports.gateway}/readyz",
            "the worker's metrics": f"http://{HOST}:{self._metrics}/metrics",
            "the sandbox's page": self.sandbox_at("").replace("_control/", ""),
            **{
                f"the sandbox's {one}": self.sandbox_at(one) for one in ("state", "calls", "faults")
            },
        }
        return {
            **asyncio.run(evidence.histories(self.stack, self.keys)),
            **evidence.files(self.stack.home),
            **evidence.pages(shown),
            "the command line": b"\n".join(self.said),
        }

    def sandbox_at(self, what: str) -> str:
        return f"http://{HOST}:{self.stack.ports.sandbox}/_control/{what}"


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    token = CANARIES["MUSTER_GATEWAY_TOKEN"]
    metrics = free_ports().ui
    stack = Stack(tmp_path / "home", free_ports(), token=token, policy=policy)
    planted = canaries.environment()
    del planted["MUSTER_CODEC_TOKEN"]
    planted |= {"TEMPORAL_TLS": "false", "MUSTER_LOG": "DEBUG"}
    planted |= {"MUSTER_METRICS_ADDRESS": f"{HOST}:{metrics}"}
    stack.environment.update(planted)
    for child in (stack.worker, stack.gateway):
        child._env.update(planted)
    with stack:
        yield Theatre(stack, canaries.keys(tmp_path), metrics)


def test_every_variable_of_the_contract_has_its_canary_or_is_known_to_be_no_secret() -> None:
    section = PAGE.partition("\n## Environment\n")[2].partition("\n## ")[0]
    told = {name.strip("`") for name, _ in table("| variable | of |")}
    told |= set(re.findall(r"`(TEMPORAL_[A-Z_]+)`", section))
    assert len(told) > 30
    assert told == CANARIES.keys() | NO_SECRET
    assert not CANARIES.keys() & NO_SECRET


def test_every_secret_of_the_settings_has_its_canary() -> None:
    secrets = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if SecretStr.__name__ in str(field.annotation)
    }
    assert secrets
    assert secrets <= CANARIES.keys()


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_no_canary_is_found_after_incidents_in_which_everything_fails(theatre: Theatre) -> None:
    # An incident while every vendor answers with every kind of error.
    for vendor in VENDORS:
        for fault in FAULTS:
            theatre.fault(vendor=vendor, **fault)
    theatre.muster("declare", "api errors", "--severity", "S3", "--service", "web")
    theatre.muster("update", "1", "We look.", "--to", "end-users,support", "--yes")
    theatre.muster("note", "1", "found it", "--found")
    theatre.until(theatre.whole)
    assert evidence.get(theatre.sandbox_at("faults")).startswith(b"[]")

    # Another whose vendors are nowhere.
    urls = {name: theatre.stack.environment[name] for name in URLS}
    theatre.give(**dict.fromkeys(URLS, NOWHERE))
    theatre.muster("declare", "nobody answers", "--severity", "S3")
    theatre.muster("update", "2", "We look again.", "--to", "end-users,support", "--yes")
    theatre.until(lambda: len(failing(theatre.see(2))) > 3)

    # A last one with encrypted payloads, to its end; and whatever doors and commands answer.
    encrypted = {"MUSTER_CODEC_KEYS": str(theatre.keys)}
    encrypted["MUSTER_CODEC_TOKEN"] = CANARIES["MUSTER_CODEC_TOKEN"]
    theatre.give(**urls, **encrypted)
    theatre.muster("declare", "all is well", "--severity", "S2")
    theatre.muster("resolve", "3", "--yes", code=None)
    theatre.until(theatre.whole)
    for words in COMMANDS:
        theatre.muster(*words.split(), code=None)
    theatre.knock()
    die(theatre)

    places = theatre.everything()
    assert evidence.incidents(places) == 3
    assert {"temporal.db", "temporal.db-wal", "log/worker.log", "sandbox.json"} <= places.keys()
    assert canaries.found(places) == set()


def failing(seen: Any) -> list[Any]:
    return [one for one in seen.get("effects", ()) if one["state"] in {"degraded", "needs_human"}]


def die(theatre: Theatre) -> None:
    """Let one worker be aborted, with a dump of all its threads, and another die of an unhandled error."""
    worker = theatre.stack.worker
    worker._env["PYTHONFAULTHANDLER"] = "1"
    worker.stop()
    theatre.stack.start_worker()
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    os.kill(worker.pid, signal.SIGABRT)
    theatre.until(lambda: "Fatal Python error: Aborted" in worker.text() and not worker.running())
    assert re.search("hread 0x[0-9a-f]+", worker.text())
    done = theatre.run([sys.executable, "-m", "tests.security.dying"])
    assert "LookupError: out of order" in done.stderr
    assert "Traceback" in done.stderr
    theatre.stack.start_worker()


@pytest.mark.e2e
@pytest.mark.timeout(120)
def test_a_leak_is_seen_wherever_it_goes(theatre: Theatre) -> None:
    leaked = CANARIES["SLACK_BOT_TOKEN"]
    theatre.fault(kind="slack_error", vendor="slack", route="chat.postMessage", error=leaked)
    theatre.muster("declare", "api errors", "--severity", "S3")
    theatre.until(lambda: leaked in json.dumps(theatre.see(1)))
    places = {place for _, place in canaries.found(theatre.everything())}
    assert places >= {"the command line", "log/worker.log"}
    assert any(place.startswith("history of incident-") for place in places)
    assert places & {"temporal.db", "temporal.db-wal"}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Stack]:
    """Return a stack of which no server and no sandbox runs, so that nobody answers its worker and its gateway."""
    stack = Stack(tmp_path / "home", free_ports(), token=CANARIES["MUSTER_GATEWAY_TOKEN"])
    yield stack
    stack.stop()


def sound(home: Path) -> dict[str, str]:
    planted = canaries.tls(home)
    key = Path(planted[TLS_KEY]).read_bytes()
    assert canaries.found({"the file": key}) == {(TLS_KEY, "the file")}
    return planted


def broken(_home: Path) -> dict[str, str]:
    name = "TEMPORAL_TLS_CLIENT_KEY_DATA"
    return {name: CANARIES[name], "TEMPORAL_TLS_CLIENT_CERT_DATA": "none"}


@pytest.mark.e2e
@pytest.mark.parametrize("key", [sound, broken])
def test_a_key_of_tls_is_in_nothing_that_is_said_where_nobody_can_be_reached_with_it(
    alone: Stack, tmp_path: Path, key: Callable[[Path], dict[str, str]]
) -> None:
    planted = key(tmp_path) | {"TEMPORAL_TLS": "true", "MUSTER_LOG": "DEBUG"}
    alone.environment.update(planted)
    for child in (alone.worker, alone.gateway):
        child._env.update(planted | {"PYTHONFAULTHANDLER": "1"})
        child.start()
    theatre = Theatre(alone, tmp_path / "none", metrics=0)
    theatre.muster("show", "1", code=5)
    theatre.until(lambda: listening(alone.ports.gateway))
    for page in ("readyz", "metrics"):
        theatre.said.append(evidence.get(f"http://{HOST}:{alone.ports.gateway}/{page}"))
    theatre.until(lambda: "no Temporal server" in alone.worker.text())
    os.kill(alone.worker.pid, signal.SIGABRT)
    theatre.until(lambda: "Fatal Python error: Aborted" in alone.worker.text())
    places = evidence.files(alone.home) | {"answers": b"\n".join(theatre.said)}
    assert {"log/worker.log", "log/gateway.log"} <= places.keys()
    assert b'"ready": false' in places["answers"]
    assert canaries.found(places) == set()


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_is_found_in_any_dress(name: str) -> None:
    canary = CANARIES[name]
    plain = canary.encode()
    dressed = [plain, plain.hex().encode(), plain[::-1], repr({"key": plain}).encode()]
    for shift in range(4):
        run = subprocess.run(
            ["base64", "-w0"], input=b"x" * shift + plain + b":y", capture_output=True, check=True
        )
        dressed.append(run.stdout)
    for content in dressed:
        assert canaries.found({"here": b"before" + content + b"after"}) == {(name, "here")}


def test_settings_show_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = canaries.environment()
    planted[KEYS] = str(canaries.keys(tmp_path))
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITLAB_PROJECT", "ops/production")
    given, ring = load(), read(planted[KEYS])
    built = providers.build(given, Policy())
    assert not built.off()
    token = planted["MUSTER_GATEWAY_TOKEN"]
    objects = (
        given,
        ring,
        built,
        *vars(built).values(),
        gateway.from_environment(planted),
        data_converter(ring),
        Wanted(free_ports(), None, token),
        Stack(tmp_path, free_ports(), token=token),
    )
    shown = [show(one) for one in objects for show in (repr, str)]
    shown += [given.model_dump_json(), str(given.model_dump())]
    assert canaries.found({str(place): text.encode() for place, text in enumerate(shown)}) == set()


@pytest.mark.parametrize("sign", ["\n", "\x00", "\N{EURO SIGN}", "\x7f"])
def test_a_secret_that_no_header_can_carry_is_refused_and_not_shown(
    sign: str,
) -> None:
    given = {"gitlab_token": f"{CANARIES['GITLAB_TOKEN']}{sign}x"}
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(given)
    assert "gitlab_token" in str(caught.value)
    assert canaries.found({"here": str(caught.value).encode()}) == set()


def test_the_end_of_a_secrets_line_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_TOKEN", "token\n")
    assert load().gitlab_token == SecretStr("token")


async def test_the_words_of_an_unforeseen_error_go_no_further() -> None:
    """http.client says of a header that it cannot send what stands in it."""
    token = f"{CANARIES['GITLAB_TOKEN']}\nx"
    tracker = TrackerActivities(GitLabTracker(NOWHERE, token, "ops/production"))
    call = EffectCall.model_validate(
        {
            "key": "incident-1/issue",
            "op": Op.TRACKER_OPEN,
            "body": Body(document=Document(title="api errors")),
            "incident": "incident-1",
            "timing": Timing(),
        }
    )
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(tracker.open, call)
    assert re.fullmatch(r"ValueError at client\.py:\d+", caught.value.message)
    trace = "".join(traceback.format_exception(caught.value))
    assert canaries.found({"here": trace.encode()}) == set()


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "address", ["http://muster:{}@localhost/", "http://localhost/?private_token={}", "{}"]
)
def test_an_address_holds_no_secret_and_what_refuses_it_shows_none(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, address.format(CANARIES[IN_A_URL]))
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        load()
    assert canaries.found({"here": str(caught.value).encode()}) == set()
