"""Promise 14: silence is noticed within two minutes, so the auditor must look at least that often."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.checker.evidence import Evidence, Finding, instant
from tests.chaos.checker.timers import lateness

LONGEST = 120.0
"""Undisturbed seconds between two looks."""


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each time in which the auditor did not look for too long."""
    times = [one["at"] for one in evidence.log]
    looks = [min(times), *sorted(_looks(evidence)), max(times)]
    for last, following in pairwise(looks):
        if following - last > LONGEST and lateness(evidence, last, following) > LONGEST:
            yield Finding(14, "silence", f"no look for {following - last:.0f} s after {last:.0f}")


def _looks(evidence: Evidence) -> Iterator[float]:
    """Yield when each look had come to its end; an auditor ends by itself also where its look never did."""
    for execution in evidence.executions:
        looked = any(one["type"] == "ACTIVITY_TASK_COMPLETED" for one in execution["events"])
        if execution["type"] == "Auditor" and execution["status"] == "COMPLETED" and looked:
            yield instant(execution["events"][-1]["at"])
