"""What Temporal has forgotten still answers, from the ledger and the tracker."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tests.starter.cli_steps import (
    VOUCHED,
    declared,
    declared_in_private,
    forget,
    label,
    spoken,
    until_gone,
)
from tests.starter.conftest import Cli, Workers

pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Forgotten:
    """Incidents that ended and whose workflows are deleted, and what was known of the first before."""

    muster: Cli
    plain: dict[str, Any]
    private: dict[str, Any]
    untracked: dict[str, Any]
    timeline: Any
    changes: Any


@pytest.fixture(scope="module")
def forgotten(cli_server: str, _cli_workers: Workers) -> Forgotten:
    """Live through three incidents and let Temporal forget them."""
    _cli_workers.start()
    muster = Cli({"TEMPORAL_ADDRESS": cli_server})
    plain = declared(muster, "soon forgotten", "--severity", "S3")
    muster("note", label(plain), "looked at the pool", "--tried")
    spoken(muster, plain, VOUCHED | {"text": "from the chat"})
    private = declared_in_private(muster)
    untracked = declared(muster, "lost notes", "--severity", "S3", "--key", "untracked")
    every = (plain, private, untracked)
    for one in every:
        assert muster("cancel", label(one), "--reason", "x").code == 0
    for one in every:
        until_gone(muster, one)
    timeline = muster("timeline", label(plain), "--json").document
    changes = muster("audit", label(plain), "--json").document["changes"]
    asyncio.run(forget(cli_server, *(one["workflow_id"] for one in every)))
    return Forgotten(muster, plain, private, untracked, timeline, changes)


def test_it_is_shown_as_its_record_has_it(forgotten: Forgotten) -> None:
    done = forgotten.muster("show", label(forgotten.plain), "--json")
    assert done.code == 0
    incident = done.document
    assert (incident["source"], incident["complete"]) == ("tracker", True)
    assert (incident["phase"], incident["title"]) == ("cancelled", "soon forgotten")
    assert (incident["number"], incident["declared_by"]) == (forgotten.plain["number"], "ann")
    assert [one["link"] for one in incident["effects"]] == ["https://vendor.test/issue"]
    out = forgotten.muster("show", label(forgotten.plain)).out
    assert 'S3 cancelled "soon forgotten"' in out
    assert "issue https://vendor.test/issue" in out


def test_its_timeline_is_the_one_that_it_had(forgotten: Forgotten) -> None:
    muster, number = forgotten.muster, label(forgotten.plain)
    assert muster("timeline", number, "--json").document == forgotten.timeline
    assert "ann: tried: looked at the pool" in muster("timeline", number).out


def test_its_audit_is_the_one_that_it_had(forgotten: Forgotten) -> None:
    after = forgotten.muster("audit", label(forgotten.plain), "--json").document
    assert (after["source"], after["complete"], after["missing"]) == ("tracker", True, "")
    before = [one for one in forgotten.changes if one["kind"] != "exported"]
    assert [one for one in after["changes"] if one["kind"] != "exported"] == before
    assert "chat-1" in [one["command_id"] for one in before]


def test_it_takes_no_commands(forgotten: Forgotten) -> None:
    error = forgotten.muster("note", label(forgotten.plain), "x", "--json")
    assert (error.code, error.document["error"]["code"]) == (4, "ended")


def test_a_private_one_is_still_its_peoples_alone(forgotten: Forgotten) -> None:
    muster, number = forgotten.muster, label(forgotten.private)
    assert muster("audit", number, "--json").document["source"] == "tracker"
    assert muster("show", number, "--json").document["title"] == "a leak"
    for command in ("audit", "timeline"):
        done = muster(command, number, "--json", "--as", "eve")
        assert (done.code, done.document["error"]["code"]) == (4, "private")
    others = muster("show", number, "--json", "--as", "eve").document
    assert (others["source"], others["title"]) == ("ledger", "")


def test_where_the_tracker_says_nothing_the_ledger_still_answers(forgotten: Forgotten) -> None:
    muster, number = forgotten.muster, label(forgotten.untracked)
    incident = muster("show", number, "--json").document
    assert (incident["source"], incident["title"]) == ("ledger", "lost notes")
    assert "no issue" in incident["missing"]
    for command in ("timeline", "audit"):
        done = muster(command, number)
        assert done.code == 3
        assert "https://vendor.test/issue" in done.err
