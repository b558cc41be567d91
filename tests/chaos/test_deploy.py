"""Promise 8: versions of the workers are deployed and rolled back while an incident waits to be closed."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from starter.stack.embedded import Stack
from starter.stack.places import free_ports
from tests.chaos.versions import A, B, Versions

pytestmark = pytest.mark.e2e

POLICY = """
[windows]
stability = "15s"
[effects]
http_timeout = "1s"
settle = "2s"
first_leg = "2s"
slowest_retry = "1s"
"""
CHANGED = ("-m", "tests.chaos.variant", "ShowsLastPatched")
"""The next version does things in another order, for incidents that begin on it."""


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    monkeypatch.setenv("MUSTER_BUILD_ID", A)
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with Stack(tmp_path / "home", free_ports(), token="token", policy=policy) as stack:
        yield Versions(stack)


@pytest.mark.timeout(180)
def test_a_deploy_and_a_rollback_in_a_stability_wait_lose_and_double_nothing(
    versions: Versions,
) -> None:
    incident = versions.muster("declare", "api errors", "--severity", "S2")["workflow_id"]
    versions.until(lambda: versions.settled(1))
    closes_at = versions.muster("resolve", "1", "--yes")["closes_at"]
    assert versions.runs_on(incident) == A

    # B starts and is current at once; A, drained, leaves to it what Slack has not taken yet.
    with versions.outage("slack"):
        versions.muster("note", "1", "said to A")
        versions.until(lambda: bool(versions.see(1).get("degraded")))
        with versions.worker(B, CHANGED) as worker_b:
            versions.stack.worker.stop()
            versions.muster("note", "1", "said to B", code=None)
            versions.until(lambda: versions.runs_on(incident) == B)
            assert versions.see(1)["closes_at"] == closes_at

            # Back to A: it starts, is made current by hand, and then B is drained.
            versions.stack.start_worker()
            assert "gets no tasks while release-b is current" in versions.stack.worker.text()
            versions.make_current(A)
            worker_b.stop()
            versions.muster("note", "1", "back on A", code=None)
            versions.until(lambda: versions.runs_on(incident) == A)

    versions.until(lambda: versions.see(1).get("phase") == "closed")
    versions.until(lambda: versions.settled(1))
    assert _time(versions.see(1)["closed_at"]) >= _time(closes_at)
    assert "workflow_task_failed" not in versions.events(incident)

    notes = [one["text"] for one in versions.muster("timeline", "1") if one["kind"] == "noted"]
    assert notes == ["said to A", "said to B", "back on A"]
    seen = versions.sandbox()
    assert (len(seen["gitlab"]["issues"]), len(seen["zoom"]["meetings"])) == (1, 1)
    told = "\n".join(one["text"] for one in versions.messages("incident"))
    assert [told.count(f" {note} (ana)") for note in notes] == [1, 1, 1], told


@pytest.mark.timeout(120)
def test_where_the_new_version_dies_the_one_before_it_takes_its_incidents_back(
    versions: Versions,
) -> None:
    incident = versions.muster("declare", "api errors", "--severity", "S3")["workflow_id"]
    with versions.worker(B) as worker_b:
        versions.muster("note", "1", "said to B", code=None)
        versions.until(lambda: versions.runs_on(incident) == B)
        worker_b.kill()
        versions.muster("note", "1", "said to nobody", code=None)
        versions.until(lambda: versions.runs_on(incident) == A)
    notes = [one["text"] for one in versions.muster("timeline", "1") if one["kind"] == "noted"]
    assert notes == ["said to B", "said to nobody"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
