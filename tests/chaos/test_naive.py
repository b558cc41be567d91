"""The control: workers that write without find-or-create, under faults; the checker must see what they double."""

from pathlib import Path

import pytest

from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.promises import judge
from tests.chaos.checker.report import report
from tests.chaos.plan import Plan
from tests.chaos.run import run

pytestmark = pytest.mark.e2e

NAIVE = Plan(
    incidents=4,
    seed=11,
    faulted=0.3,
    kinds=("reset_after", "late_commit"),
    naive=True,
    patience=40.0,
)


@pytest.mark.timeout(150)
def test_the_checker_counts_the_duplicates_of_naive_workers(tmp_path: Path) -> None:
    evidence = Evidence(run(NAIVE, tmp_path))
    judged = judge(evidence)
    doubled = [one for one in judged[2] if one.kind == "duplicate"]
    assert len(doubled) > 0, report(evidence, judged)
