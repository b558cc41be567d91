"""The audit trail: the same changes from the workflow, from its history, and from the tracker."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.starter.cli_steps import (
    VOUCHED,
    declared,
    declared_in_private,
    label,
    spoken,
    until_found,
    until_gone,
)
from tests.starter.conftest import Cli, Workers

pytestmark = pytest.mark.timeout(120)


def audited(muster: Cli, incident: dict[str, Any], *words: str) -> dict[str, Any]:
    document: dict[str, Any] = muster("audit", label(incident), "--json", *words).document
    return document


def commanded(audit: dict[str, Any]) -> list[tuple[str, str]]:
    """Return actor and command id of all that was asked for, not of what followed by rule."""
    changes = audit["changes"]
    asked = [one for one in changes if one["actor"] != "automation:muster" and one["command_id"]]
    return [(one["actor"], one["command_id"]) for one in asked]


def test_every_change_says_who_asked_and_who_vouches_for_it(muster: Cli) -> None:
    incident = declared(muster)
    muster("assign", label(incident), "imoc", "me")
    spoken(muster, incident, VOUCHED | {"text": "from the chat"})
    muster("note", label(incident), "as the machine", "--as", "automation:muster")
    audit = audited(muster, incident)
    assert (audit["source"], audit["complete"], audit["missing"]) == ("workflow", True, "")
    changes = audit["changes"]
    wanted = {"at", "actor", "source", "authenticated", "claimed", "command_id", "kind", "text"}
    assert all(change.keys() == wanted for change in changes)
    assert changes[0]["text"] == "declared S1 api errors"
    found = {change["text"]: change for change in changes}
    assert found["ann is IMOC"]["claimed"] is True
    assert found["ann is IMOC"]["command_id"].startswith("cli-")
    chat = found["from the chat"]
    assert (chat["actor"], chat["source"], chat["command_id"]) == ("eve", "chat", "chat-1")
    assert (chat["authenticated"], chat["claimed"]) == (True, False)
    assert found["as the machine"]["claimed"] is True
    assert found[f"is #{label(incident)}"]["claimed"] is False
    assert [one["command_id"] for one in changes].count("chat-1") == 1
    out = muster("audit", label(incident)).out
    assert "eve (chat): from the chat  [chat-1]" in out
    assert "ann (claimed, cli): ann is IMOC  [cli-" in out


@pytest.fixture
def alone(
    muster: Cli, cli_workers: Workers
) -> Iterator[tuple[Cli, dict[str, Any], dict[str, Any]]]:
    """Yield the CLI, an incident and its audit, whose worker has gone since; it is back afterwards."""
    incident = declared(muster)
    muster("assign", label(incident), "imoc", "me")
    spoken(muster, incident, VOUCHED | {"text": "from the chat"})
    before = audited(muster, incident)
    until_found(muster, label(incident))
    cli_workers.stop()
    try:
        yield muster, incident, before
    finally:
        cli_workers.start()


def test_without_a_worker_the_history_says_who_asked_for_what(
    alone: tuple[Cli, dict[str, Any], dict[str, Any]],
) -> None:
    muster, incident, before = alone
    done = muster("audit", label(incident), "--json")
    assert done.code == 6
    audit = done.document
    assert (audit["source"], audit["complete"]) == ("history", False)
    assert commanded(audit) == commanded(before)
    declaration = audit["changes"][0]
    assert (declaration["kind"], declaration["actor"]) == ("declared", "ann")
    assert "api errors" in declaration["text"]
    chat = next(one for one in audit["changes"] if one["command_id"] == "chat-1")
    assert (chat["actor"], chat["source"], chat["claimed"]) == ("eve", "chat", False)
    assert "From the history: no worker answers" in muster("audit", label(incident)).out


def test_a_private_incident_is_audited_by_its_people_alone(
    muster: Cli, cli_workers: Workers
) -> None:
    incident = declared_in_private(muster)

    def refused() -> None:
        done = muster("audit", label(incident), "--json", "--as", "eve")
        assert (done.code, done.document["error"]["code"]) == (4, "private")
        assert "a leak" not in done.out + done.err

    assert audited(muster, incident)["changes"][0]["text"] == "declared S3 a leak on vault"
    refused()
    assert muster("cancel", label(incident), "--reason", "x").code == 0
    until_gone(muster, incident)
    cli_workers.stop()
    try:
        assert audited(muster, incident)["source"] == "history"
        refused()
    finally:
        cli_workers.start()


def test_an_unknown_number(muster: Cli) -> None:
    done = muster("audit", "99999", "--json")
    assert (done.code, done.document["error"]["code"]) == (3, "no_such_incident")
