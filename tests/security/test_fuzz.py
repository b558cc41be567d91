"""Ten thousand malformed things at every door that needs no server: each is taken or refused, and nothing else happens."""

import json
import math
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster import messages as m
from muster import settings
from muster.domain.ledger import LedgerEntry, LedgerState
from muster.domain.ledger_pages import Page
from muster.domain.policy import Policy
from muster.domain.severity import Severity
from muster.keys import KeysError
from muster.messages import BadInput, IncidentInput
from muster.policy import PolicyError, load
from muster.settings import Settings, SettingsError
from starter.cli import run
from starter.cli.app import COMMANDS
from starter.cli.session import Session
from starter.failures import Unreachable
from starter.gateway.alertmanager import TooMany, batches, read
from starter.gateway.settings import from_environment
from starter.gateway.slack import Signatures, challenge
from tests.security.doors import SECRET, Stopped, signed
from tests.security.junk import COMMANDS as GOOD
from tests.security.junk import COUNTS, DECLARATION, TEXTS, VALUES, bent, refused, tried
from tests.starter.test_alertmanager import captured
from workflows.carrier import Carrier, unpack
from workflows.heirs import carried

T = TypeVar("T")


def test_there_are_ten_thousand() -> None:
    assert sum(COUNTS.values()) >= 10_000


def tried_out(call: Callable[[], T], *refusals: type[Exception]) -> T | Exception:
    """Return what a call returns, or the refusal that it raises; anything else that it raises is a bug."""
    try:
        return call()
    except refusals as refusal:
        return refusal


def is_short(error: Exception) -> bool:
    """Tell whether an error is one line that anything may show."""
    return len(str(error)) <= 700 and str(error).isprintable()


# Messages and start payloads.


@tried("messages")
@given(data=st.data(), name=st.sampled_from(sorted(GOOD)))
def test_a_message_is_a_command_or_names_its_field(data: st.DataObject, name: str) -> None:
    payload = data.draw(bent([GOOD[name]]) | VALUES)
    found = tried_out(lambda: m.parse(name, payload), BadInput)
    if isinstance(found, Exception):
        assert is_short(found)
    else:
        assert m.parse(name, found.model_dump(mode="json")) == found
        assert len(found.model_dump_json().encode()) < 500_000
    refused("messages", isinstance(found, Exception))


def _dumped(state: Any) -> Any:
    return json.loads(state.model_dump_json())


LEDGER = _dumped(
    LedgerState(
        next_number=2,
        open={
            1: LedgerEntry(
                number=1,
                workflow_id="incident-1",
                severity=Severity.S2,
                declared_at="2026-01-01T00:00:00Z",
            )
        },
    )
) | {"next_number": 2}


@tried("start payloads")
@given(
    payload=bent([DECLARATION, {"carrier": {"state": {}, "adopted": None}}, LEDGER])
    | VALUES
    | st.binary(max_size=40),
    arity=st.sampled_from([1, 1, 1, 0, 2]),
)
def test_a_start_payload_is_read_or_names_its_field(payload: object, arity: int) -> None:
    payloads = [payload] * arity
    readings = (
        lambda: unpack(payloads, "incident-1"),
        lambda: carried(payloads, LedgerState, "next_number"),
        lambda: carried(payloads, Page, "entries"),
    )
    found = [tried_out(reading, BadInput) for reading in readings]
    for one in found:
        if isinstance(one, Exception):
            assert is_short(one)
        else:
            assert isinstance(one, IncidentInput | Carrier | LedgerState | Page)
    refused("start payloads", all(isinstance(one, Exception) for one in found))


# Deliveries and signatures.


@tried("deliveries")
@given(
    body=bent([captured("firing-two-instances"), captured("partial-resolve")]).map(
        lambda document: json.dumps(document).encode(errors="replace")
    )
    | st.binary(max_size=200)
)
def test_a_delivery_is_split_or_names_its_field(body: bytes) -> None:
    found = tried_out(lambda: list(batches(read(body), "service", Severity.S3)), BadInput, TooMany)
    if isinstance(found, Exception):
        assert is_short(found)
    else:
        for batch in found:
            assert m.validated(m.AlertBatch, batch.model_dump(mode="json")) == batch
    refused("deliveries", isinstance(found, Exception))


@tried("signatures")
@given(
    body=st.binary(max_size=60),
    time=st.text(st.characters(exclude_categories=()), max_size=12) | st.integers().map(str),
    signature=st.text(st.characters(exclude_categories=()), max_size=80),
)
def test_no_signature_but_slacks_holds(body: bytes, time: str, signature: str) -> None:
    given_headers = {"X-Slack-Request-Timestamp": time, "X-Slack-Signature": signature}
    signatures = Signatures(SECRET, Stopped())
    assert not signatures.hold(body, given_headers)
    assert not signatures.hold(body + b"!", signed(body))
    challenge(body)
    refused("signatures", 1)


# Policies and environments.


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return '""' if value is None else json.dumps(value)


POLICY = _dumped(Policy())


@tried("policies")
@given(
    text=bent([POLICY]).map(
        lambda document: (
            "\n".join(f"{json.dumps(key)} = {_toml(value)}" for key, value in document.items())
            if isinstance(document, dict)
            else str(document)
        )
    )
    | st.text(st.characters(exclude_categories=()), max_size=60)
)
def test_a_policy_is_read_or_names_its_key(text: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(text.encode(errors="surrogatepass"))
        file.flush()
        found = tried_out(lambda: load(file.name), PolicyError)
        assert isinstance(found, Policy) or str(found).startswith(file.name)
    refused("policies", isinstance(found, Exception))


VARIABLES = [
    *(name.upper() for name in Settings.model_fields if name != "muster_policy"),
    *(
        "MUSTER_GATEWAY_TOKEN",
        "MUSTER_GATEWAY_TOKENS",
        "MUSTER_GATEWAY_PORT",
        "MUSTER_GATEWAY_LIMIT",
        "MUSTER_GATEWAY_RATE",
    ),
]
WORDS = TEXTS.map(lambda text: text.encode(errors="replace").decode().replace("\x00", ""))


@tried("environments")
@given(
    environment=st.dictionaries(
        st.sampled_from(VARIABLES),
        WORDS
        | st.lists(WORDS, max_size=3).map(lambda words: ",".join(f"a={one}" for one in words)),
        max_size=4,
    )
)
def test_an_environment_is_read_or_names_its_variable(environment: dict[str, str]) -> None:
    given_variables = {"MUSTER_GATEWAY_TOKEN": "long enough"} | environment
    with pytest.MonkeyPatch.context() as patched:
        for name in VARIABLES:
            patched.delenv(name, raising=False)
        for name, value in given_variables.items():
            patched.setenv(name, value)
        readings = (settings.load, lambda: from_environment(given_variables))
        found = [tried_out(reading, SettingsError, KeysError) for reading in readings]
    errors = [one for one in found if isinstance(one, Exception)]
    assert all(any(name in str(error) for name in VARIABLES) for error in errors)
    refused("environments", bool(errors))


# Command lines.

STAYING = {"up", "demo", "worker", "gateway"}
OPTIONS = [
    *(
        "--json",
        "--as",
        "--severity",
        "--service",
        "--key",
        "--since",
        "--full",
        "--open",
        "--limit",
    ),
    *(
        "--tried",
        "--trying",
        "--found",
        "--decided",
        "--by",
        "--for",
        "--to",
        "--audience",
        "--status",
    ),
    *(
        "--next",
        "--yes",
        "-y",
        "--reason",
        "--message",
        "--despite",
        "--closed-by-mistake",
        "--into",
    ),
    *("--", "-", "--help", "--frob", "-x", "--json=1", "--severity=", "--to=support"),
]
GIVEN = [
    *("42", "#42", "0", "-1", "99999999999999999999", "incident-0123456789abcdef0123456789", "4.2"),
    *("S1", "sev2", "imoc", "cmoc", "me", "ana", "a b", "support,estaff", "all", "20m", "14:30"),
    *("25:00", "1e9d", "0s", "check", "show", "/nowhere", "bash", "tcsh", "api errors"),
]
BEGUN = [
    *([name] for section in COMMANDS.values() for name in section),
    *(["policy", "check"], ["note", "42"], ["update", "42", "x", "--to"], ["assign", "42", "imoc"]),
    *(["severity", "42", "S1", "--reason"], ["declare", "x", "--since"], ["declare", "x", "--key"]),
    *(
        ["resolve", "42", "--despite"],
        ["merge", "42", "--into"],
        ["list", "--limit"],
        ["retry", "42"],
    ),
    *(["note", "42", "x", "--trying", "--for"], ["update", "42", "x", "--to", "support", "--next"]),
]
WORD = st.sampled_from(OPTIONS) | st.sampled_from(GIVEN) | TEXTS


class Nobody:
    """Stands where the connection would be made, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, _ask: object) -> None:
        """Be unreachable."""
        self.asked += 1
        message = "nobody is there"
        raise Unreachable(message)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Nobody:
    """Let no command reach anything, nor write anywhere but into a folder of the test."""
    found = Nobody()
    monkeypatch.setattr(Session, "run", found.run)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MUSTER_AS", "ann")
    monkeypatch.delenv("MUSTER_POLICY", raising=False)
    monkeypatch.chdir(tmp_path)
    return found


UNAIDED = {"oncall"}
"""What asks, and answers as well where nobody is there."""


@tried("command lines")
@given(
    begun=st.sampled_from(BEGUN) | TEXTS.map(lambda text: [text]),
    words=st.lists(WORD, max_size=6),
    stdin=st.binary(max_size=20),
)
@example(begun=["policy", "check", "a\x00b"], words=[], stdin=b"")
@example(begun=["policy", "check", "\ud800"], words=["--json"], stdin=b"")
def test_a_command_line_is_refused_before_anything_is_sent(
    nobody: Nobody,
    capsys: pytest.CaptureFixture[str],
    begun: list[str],
    words: list[str],
    stdin: bytes,
) -> None:
    # What starts processes and stays is only ever given an option that it does not have.
    arguments = [*begun, *(["--frob"] if begun[0] in STAYING else []), *words]
    before = nobody.asked
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin), errors="surrogateescape"))
        code = run(arguments)
    out, err = capsys.readouterr()
    assert code in {0, 2, 5}, (arguments, out, err)
    assert code != 2 or nobody.asked == before, arguments
    assert code != 0 or nobody.asked == before or begun[0] in UNAIDED, arguments
    assert "\x1b" not in out + err
    if code != 0 and "--json" in arguments:
        assert json.loads(out)["error"]["message"]
        assert err == ""
    refused("command lines", code == 2)
