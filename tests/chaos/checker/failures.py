"""Promise 7: no input wedges or fails an incident; and numbers have no gaps and are never reused."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, Json, instant

BENIGN = frozenset({"WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND"})
"""The server's way to say that something arrived in the last moment: the end is tried again."""
UNCLEAR = frozenset(
    {
        "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR",
        "WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE",
    }
)
"""A history does not replay, or the SDK's core has cut a page of it badly; an update is one that the server does not
know, or one that a task given up by then has answered meanwhile: of each the second is well at the next try."""
STOPPED = "[TMPRL1101]"
"""What the SDK says of a workflow that took two seconds, as all do while their worker is stopped."""
RESUMED = 10.0
"""Seconds after a stop in which a worker may come upon it."""
ENDED_WELL = frozenset({"RUNNING", "COMPLETED", "CONTINUED_AS_NEW"})


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each failed task, failed workflow, and wrong number."""
    for execution in evidence.executions:
        yield from _tasks(evidence, execution)
        if execution["status"] not in ENDED_WELL:
            yield from _failed(evidence, execution)
    yield from _numbers(evidence)
    for name, alive in evidence.alive.items():
        if not alive:
            yield Finding(7, "failure", f"the worker {name} ended by itself")


def _tasks(evidence: Evidence, execution: Json) -> Iterator[Finding]:
    for place, event in enumerate(execution["events"]):
        if event["type"] == "WORKFLOW_TASK_FAILED":
            why = event["workflowTaskFailedEventAttributes"]
            excused = why.get("cause") in BENIGN or _stopped(evidence, event)
            if not excused and not healed(execution, place):
                what = f"a task of {execution['workflow_id']}: {str(why)[:300]}"
                yield Finding(7, "failure", what)


def _stopped(evidence: Evidence, event: Json) -> bool:
    """Tell whether a task failed since its worker stood still."""
    message = event["workflowTaskFailedEventAttributes"].get("failure", {}).get("message", "")
    at = instant(event["at"])
    return message.startswith(STOPPED) and any(
        began <= at <= over + RESUMED for began, over in evidence.blows("worker_stop")
    )


def healed(execution: Json, place: int) -> bool:
    """Tell whether a task that seemed not to do was well when it was tried again."""
    events = execution["events"]
    if events[place]["workflowTaskFailedEventAttributes"].get("cause") not in UNCLEAR:
        return False
    return any(later["type"] == "WORKFLOW_TASK_COMPLETED" for later in events[place + 1 :])


def _failed(evidence: Evidence, execution: Json) -> Iterator[Finding]:
    attributes = execution["events"][-1].get("workflowExecutionFailedEventAttributes", {})
    failure = attributes.get("failure", {})
    kind = failure.get("applicationFailureInfo", {}).get("type")
    if execution["workflow_id"] not in evidence.malformed or kind != "BadInput":
        what = f"{execution['type']} {execution['workflow_id']} {execution['status']}: {failure}"
        yield Finding(7, "failure", what[:400])


def _numbers(evidence: Evidence) -> Iterator[Finding]:
    given = Counter(one.number for one in evidence.incidents if one.number is not None)
    for number, count in given.items():
        if count > 1:
            yield Finding(7, "duplicate", f"#{number} was given {count}x")
    highest = max(given, default=0)
    for number in range(1, highest + 1):
        if number not in given:
            yield Finding(7, "gap", f"#{number} is nobody's")
    for incident in evidence.incidents:
        if incident.number is None:
            yield Finding(7, "loss", f"{incident.workflow_id} never got a number")
