"""Incidents that have lost their workflow are noticed, said once, and settled by a person."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from muster import names
from starter.stack.embedded import Stack
from starter.stack.places import free_ports
from tests.chaos.versions import Versions

pytestmark = pytest.mark.e2e
POLICY = '[audit]\nevery = "1s"\n'

REQUIRED = ("number", "workflow_id", "severity", "declared_at")
"""What an entry of the ledger must have."""


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Versions]:
    """Return a stack whose auditor looks every second."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with Stack(tmp_path / "home", free_ports(), token="token", policy=policy) as stack:
        yield Versions(stack)


def found(scene: Versions) -> list[str]:
    texts = [str(one["text"]) for one in scene.messages("incident")]
    return [text for text in texts if text.startswith("The auditor has found")]


def entry(scene: Versions, number: int) -> Any:
    """Return the ledger's entry of an incident, as an operator reads it."""
    words = ["--workflow-id", names.LEDGER_ID, "--type", names.LEDGER_OPEN, "--output", "json"]
    answer = json.loads(scene.operate("workflow", "query", *words))
    return next(one for one in answer["queryResult"][0] if one["number"] == number)


@pytest.mark.timeout(120)
def test_open_incidents_without_a_live_workflow_are_said_once_and_settled_by_a_person(
    audited: Versions,
) -> None:
    healthy = audited.muster("declare", "all is well", "--severity", "S3")
    revived = audited.muster("declare", "api errors", "--severity", "S2")
    given_up = audited.muster("declare", "slow search", "--severity", "S3")
    audited.until(lambda: all(audited.settled(number) for number in (1, 2, 3)))

    for lost in (revived, given_up):
        words = ["--workflow-id", lost["workflow_id"], "--reason", "by mistake"]
        audited.operate("workflow", "terminate", *words)

    audited.until(lambda: audited.metrics("muster_audit_findings")["gone"] == 2)
    audited.muster("note", str(healthy["number"]), "time passes")
    audited.until(lambda: audited.settled(healthy["number"]))
    said = "\n".join(found(audited))
    assert [said.count(f"#{number} no live workflow") for number in (1, 2, 3)] == [0, 1, 1]

    # One goes on where it stood; of the other the ledger is told that it is over.
    words = ["--type", "LastWorkflowTask", "--reason", "terminated by mistake"]
    audited.operate("workflow", "reset", "--workflow-id", revived["workflow_id"], *words)
    known = {name: entry(audited, 3)[name] for name in REQUIRED}
    over = json.dumps({**known, "phase": "cancelled"})
    words = ["--workflow-id", names.LEDGER_ID, "--name", names.LEDGER_END, "--input", over]
    audited.operate("workflow", "update", "execute", *words)

    audited.until(lambda: audited.metrics("muster_audit_findings")["gone"] == 0)
    audited.muster("note", "2", "it goes on")
    assert [one["number"] for one in audited.muster("list", "--open")] == [2, 1]
