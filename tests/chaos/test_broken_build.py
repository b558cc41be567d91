"""Promises 8 and 14: a build that breaks running incidents is noticed, and rolled back without a loss."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from starter.stack.embedded import Stack
from starter.stack.places import free_ports
from tests.chaos.versions import A, B, Versions

pytestmark = pytest.mark.e2e
BROKEN = ("-m", "tests.chaos.variant", "ShowsLast")


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
        sent = until_unanswered(versions)
        versions.until(lambda: "#1 stuck workflow task" in said(versions))
        versions.until(lambda: versions.metrics("muster_audit_findings")["stuck"] == 1)

        versions.make_current(A)
        versions.until(lambda: versions.runs_on(incident) == A)
        versions.until(lambda: versions.metrics("muster_audit_findings")["stuck"] == 0)

    notes = [one["text"] for one in versions.muster("timeline", "1") if one["kind"] == "noted"]
    assert notes == sent


def until_unanswered(versions: Versions) -> list[str]:
    """Send notes until one is only recorded, and return them: the sound build still has tasks for a moment."""
    sent: list[str] = []

    def unanswered() -> bool:
        sent.append(f"note {len(sent)}")
        answer = versions.muster("note", "1", sent[-1], code=None)
        return bool(answer["outcome"] == "recorded")

    versions.until(unanswered)
    return sent


def said(versions: Versions) -> str:
    return "\n".join(one["text"] for one in versions.messages("incident"))
