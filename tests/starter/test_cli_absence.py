"""The CLI where no worker answers, and where Temporal is not there."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.starter.cli_steps import declared, label, shown, until, until_found
from tests.starter.conftest import Cli, Workers, free_port

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def alone(muster: Cli, cli_workers: Workers) -> Iterator[tuple[Cli, str]]:
    """Yield the CLI and an incident whose worker has gone; it is back afterwards."""
    number = label(declared(muster))
    muster("assign", number, "imoc", "me")
    until_found(muster, number)
    cli_workers.stop()
    try:
        yield muster, number
    finally:
        cli_workers.start()


def test_without_a_worker_commands_are_recorded_and_applied_later(
    alone: tuple[Cli, str], cli_workers: Workers
) -> None:
    muster, number = alone
    done = muster("note", number, "while nobody was there")
    assert done.code == 6
    assert "recorded, not yet applied" in done.out
    assert "Do not repeat it" in done.out
    document = muster("assign", number, "ocit", "me", "--json").document
    assert (document["outcome"], document["number"]) == ("recorded", int(number))
    cli_workers.start()
    incident = until(lambda: shown(muster, number), "refusals")
    assert "is on this incident as IMOC" in incident["refusals"][0]
    notes = [one["text"] for one in muster("timeline", number, "--json").document]
    assert notes.count("while nobody was there") == 1


def test_without_a_worker_a_declaration_has_no_number_yet(
    alone: tuple[Cli, str], cli_workers: Workers
) -> None:
    muster, _number = alone
    done = muster("declare", "nobody is there", "--severity", "S3", "--json")
    assert done.code == 6
    document = done.document
    assert (document["number"], document["severity"], document["phase"]) == (None, "S3", "active")
    cli_workers.start()
    later = until(lambda: shown(muster, document["workflow_id"]), "number")
    assert later["title"] == "nobody is there"


def test_without_a_worker_what_waited_is_delivered_and_has_no_number_yet(
    alone: tuple[Cli, str], cli_workers: Workers, tmp_path: Path
) -> None:
    muster, _number = alone
    spool = {"MUSTER_SPOOL": str(tmp_path)}
    away = {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    muster("declare", "nobody was there", "--severity", "S3", **spool, **away)
    done = muster("sync", "--json", **spool)
    (outcome,) = done.document["declarations"]
    assert (done.code, outcome["outcome"], list(tmp_path.iterdir())) == (6, "recorded", [])
    cli_workers.start()
    assert until(lambda: shown(muster, outcome["workflow_id"]), "number")


def test_without_a_worker_search_answers(alone: tuple[Cli, str]) -> None:
    muster, number = alone
    done = muster("show", number, "--json")
    incident = done.document
    assert done.code == 6
    assert incident["stale"] is True
    assert (incident["number"], incident["severity"]) == (int(number), "S1")
    assert incident["phase"] == "active"
    assert incident["roles"]["imoc"]["person"] == "ann"
    wanted = {"title", "service", "predecessor", "closes_at", "window_ends_at", "effects"}
    assert incident.keys() > wanted
    assert "No worker answers" in muster("show", number).out
    listed = muster("list", "--json")
    assert listed.code == 6
    assert int(number) in [one["number"] for one in listed.document]
    assert muster("timeline", number, "--json").document["error"]["code"] == "not_answered"
    assert muster("timeline", number).code == 6
    assert muster("show", "99999").code == 3


@pytest.mark.parametrize(
    "words",
    [["show", "1"], ["declare", "x"], ["note", "1", "x"], ["list"], ["watch", "1"], ["note", "x"]],
)
def test_nobody_listens(words: list[str]) -> None:
    muster = Cli({"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"})
    done = muster(*words, "--json")
    assert (done.code, done.document["error"]["code"]) == (5, "unreachable")


def test_somebody_listens_who_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        muster = Cli({"TEMPORAL_ADDRESS": f"127.0.0.1:{silent.getsockname()[1]}"})
        done = muster("show", "1")
    assert done.code == 5
    assert done.err.startswith("muster: Temporal does not answer at 127.0.0.1:")


@pytest.mark.parametrize(
    ("settings", "code", "error"),
    [
        ({"TEMPORAL_ADDRESS": "nonsense"}, 2, "bad_setting"),
        ({"TEMPORAL_ADDRESS": "http://localhost:7233"}, 2, "bad_setting"),
        ({"TEMPORAL_ADDRESS": "localhost:99999"}, 2, "bad_setting"),
        ({"MUSTER_CODEC_KEYS": "/nowhere"}, 2, "bad_setting"),
        ({"TEMPORAL_PROFILE": "nobody"}, 2, "bad_setting"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "/nowhere.pem"}, 2, "bad_setting"),
        ({"TEMPORAL_NAMESPACE": "nobody"}, 5, "unreachable"),
    ],
)
def test_settings(muster: Cli, settings: dict[str, str], code: int, error: str) -> None:
    done = muster("show", "1", "--json", **settings)
    found = done.document["error"]
    assert (done.code, found["code"]) == (code, error)
    assert error != "bad_setting" or [found["field"]] == list(settings)
