"""``muster oncall override`` against a real server: who is on call changes, and goes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.starter.conftest import Cli, Ended, Workers

POLICY = """
[people]
ana = {}
bo = {}
cy = {}
[oncall.imoc]
turns = [{ members = ["ana"] }, { layer = 2, members = ["bo"] }]
[oncall.services.api]
turns = [{ members = ["bo"] }]
"""


class OnCall:
    """``muster oncall`` with this policy."""

    def __init__(self, cli: Cli, policy: Path) -> None:
        self._cli, self._policy = cli, str(policy)

    def __call__(self, *words: str) -> Ended:
        return self._cli("oncall", *words, MUSTER_POLICY=self._policy)

    def layers(self, *words: str) -> dict[str, Any]:
        """Return who is on call, layer by layer."""
        shown = self(*words, "--json").document
        return {one["rotation"]: one["layers"] for one in shown}


@pytest.fixture
def oncall(muster: Cli, tmp_path: Path) -> OnCall:
    path = tmp_path / "muster.toml"
    path.write_text(POLICY)
    return OnCall(muster, path)


@pytest.fixture
def stood_in(oncall: OnCall) -> Iterator[dict[str, Any]]:
    """Let cy stand in for ana; withdraw it afterwards."""
    done = oncall("override", "imoc", "@cy", "--until", "2h", "--reason", "ana is ill", "--json")
    assert done.code == 0
    yield done.document
    oncall("override", "--withdraw", done.document["id"])


def test_who_stands_in_is_on_call_until_withdrawn(oncall: OnCall, stood_in: dict[str, Any]) -> None:
    assert (stood_in["person"], stood_in["by"], stood_in["reason"]) == ("cy", "ann", "ana is ill")
    assert oncall.layers() == {"imoc": [["cy"], ["bo"]], "service:api": [["bo"]]}
    assert oncall.layers("--at", "3h")["imoc"] == [["ana"], ["bo"]]
    listed = oncall("override", "--json").document
    assert stood_in["id"] in [one["id"] for one in listed]
    assert f"To undo   muster oncall override --withdraw {stood_in['id']}" in oncall("override").out
    done = oncall("override", "--withdraw", stood_in["id"])
    assert (done.code, done.out.splitlines()[1]) == (0, "withdrawn")
    assert oncall.layers()["imoc"] == [["ana"], ["bo"]]
    assert oncall("override").out == "Nobody stands in\n"


def test_people_are_told_how_to_undo_it(oncall: OnCall) -> None:
    done = oncall("override", "service:api", "ana", "--from", "1h", "--until", "2h")
    who, undo = done.out.splitlines()
    assert who.startswith("ana on layer 1 of service:api from ")
    words = undo.removeprefix("To undo").split()[2:]
    assert oncall.layers("--at", "90m")["service:api"] == [["ana"]]
    assert oncall(*words).code == 0
    assert oncall.layers("--at", "90m")["service:api"] == [["bo"]]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("imoc", "cy"), "until"),
        (("imoc",), "override"),
        (("ops", "cy", "--until", "1h"), "rotation"),
        (("imoc", "eve", "--until", "1h"), "person"),
        (("imoc", "cy", "--until", "1h", "--layer", "3"), "layer"),
        (("imoc", "cy", "--from", "2h", "--until", "1h"), "until"),
        (("imoc", "cy", "--until", "2020-01-01T00:00"), "until"),
        (("--withdraw", "x"), "stand_in"),
        (("imoc", "--withdraw", "x"), "withdraw"),
        (("--withdraw", "x", "--until", "1h"), "withdraw"),
        (("--withdraw", "x", "--layer", "2"), "withdraw"),
        (("--until", "1h"), "override"),
        (("--layer", "2"), "override"),
    ],
)
def test_bad_input_names_its_field(oncall: OnCall, words: tuple[str, ...], field: str) -> None:
    done = oncall("override", *words, "--json")
    assert (done.code, done.document["error"]["field"]) == (2, field)


def test_without_a_worker_it_is_recorded_and_who_is_on_call_is_still_answered(
    oncall: OnCall, cli_workers: Workers
) -> None:
    cli_workers.stop()
    done = oncall("override", "imoc", "cy", "--until", "1h")
    assert (done.code, "Do not repeat it" in done.out) == (6, True)
    (imoc, _) = oncall("--json").document
    assert imoc["layers"] == [["ana"], ["bo"]]
    assert imoc["problems"] == ["overrides may be missing: no worker answers"]
    cli_workers.start()
    assert oncall.layers()["imoc"] == [["cy"], ["bo"]]
    for one in oncall("override", "--json").document:
        assert oncall("override", "--withdraw", one["id"]).code == 0
