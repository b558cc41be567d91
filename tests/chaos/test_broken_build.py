"""Promises 8 and 14: a build that breaks running incidents is noticed, and rolled back without a loss."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from starter.stack.embedded import Stack
from starter.stack.places import free_ports
from tests.chaos.versions import A, B, Versions

pytestmark = pytest.mark.e2e
BROKEN = ("-m", "tests.chaos.broken")


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    monkeypatch.setenv("MUSTER_BUILD_ID", A)
    policy = tmp_path / "policy.toml"
    policy.write_text('[audit]\nevery = "1s"\n')
    with Stack(tmp_path / "home", free_ports(), token="token", policy=policy) as stack:
        yield Versions(stack)


@pytest.mark.timeout(180)
def test_a_broken_build_is_said_and_rolled_back(versions: Versions) -> None:
    incident = versions.muster("declare", "api errors", "--severity", "S2")["workflow_id"]
    versions.until(lambda: versions.settled(1))

    with versions.worker(B, BROKEN):
        versions.muster("note", "1", "said to the broken build", code=6)
        versions.until(lambda: "#1 stuck workflow task" in said(versions))
        versions.until(lambda: versions.metrics("muster_audit_findings")["stuck"] == 1)

        versions.make_current(A)
        versions.until(lambda: versions.runs_on(incident) == A)
        versions.until(lambda: versions.metrics("muster_audit_findings")["stuck"] == 0)

    notes = [one["text"] for one in versions.muster("timeline", "1") if one["kind"] == "noted"]
    assert notes == ["said to the broken build"]


def said(versions: Versions) -> str:
    return "\n".join(one["text"] for one in versions.messages("incident"))
