"""A short chaos run, judged by a checker that shares no code with the product."""

from pathlib import Path

import pytest

from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.promises import judge
from tests.chaos.checker.report import figures, report
from tests.chaos.plan import Plan
from tests.chaos.run import run

pytestmark = pytest.mark.e2e

# Among other tests on two cores the server itself may be late; make chaos holds it to its ten seconds.
SHORT = Plan(
    incidents=10,
    seed=7,
    worker_kills=3,
    worker_stops=1,
    deploys=2,
    server_kills=1,
    outages=1,
    faulted=0.3,
    every=1.2,
    patience=60.0,
    latest=60.0,
)


@pytest.mark.timeout(180)
def test_every_promise_holds_through_a_short_chaos_run(tmp_path: Path) -> None:
    evidence = Evidence(run(SHORT, tmp_path))
    judged = judge(evidence)
    words = report(evidence, judged)
    print(words)
    found = figures(evidence, judged)
    assert not any(judged.values()), words
    assert found["incidents"] >= 8, words
    assert found["faults"] > 30, words
    blows = ("worker_kill", "server_kill", "deploy")
    assert [found[f"blow {name}"] for name in blows] == [3, 1, 2], words
