"""Promise 4: no timer fires early or vanishes, and none is later than the plan lets it be once all is well."""

from collections.abc import Iterator
from itertools import chain

from tests.chaos.checker.course import steps
from tests.chaos.checker.evidence import Evidence, Finding, Incident, Json, instant

LONG_ENOUGH = 10.0
"""Seconds of undisturbed running after which what has not happened is lost."""
TIMER_STARTED, TIMER_FIRED, TIMER_CANCELED = "TIMER_STARTED", "TIMER_FIRED", "TIMER_CANCELED"
DISTURBING = frozenset({"worker_kill", "worker_stop", "server_kill"})


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each timer that fired early, late or never."""
    for incident in evidence.incidents:
        yield from _closings(evidence, incident)
        yield from _windows(evidence, incident)
    for execution in evidence.executions:
        yield from _timers(evidence, execution)
    if not evidence.settled:
        left = [str(one) for one in evidence.incidents if one.status == "RUNNING"]
        yield Finding(4, "loss", f"not everything came to its end: {', '.join(left) or 'the list'}")


def lateness(evidence: Evidence, due: float, done: float, workflow_id: str = "") -> float:
    """Return the longest undisturbed stretch between two times, in seconds.

    To a workflow it is a disturbance, too, that a worker takes a task of its own or of the ledger into death: Temporal
    notices that after ten seconds.
    """
    longest, since = 0.0, due
    taken = (evidence.taken_along.get(one, []) for one in {workflow_id, "ledger"})
    for began, over in sorted(chain(evidence.blows(*DISTURBING), *taken)):
        if over > since and began < done:
            longest = max(longest, began - since)
            since = max(since, over)
    return max(longest, done - since)


def latest(evidence: Evidence) -> float:
    """Return how late the latest closing was, in undisturbed seconds."""
    found = (
        lateness(evidence, due, done, one.workflow_id) for due, done, one in _all_closings(evidence)
    )
    return max(found, default=0.0)


def latest_number(evidence: Evidence) -> float:
    """Return after how many undisturbed seconds the last incident had its number."""
    waited = (
        lateness(
            evidence, instant(one.of("declared")[0]["at"]), instant(given["at"]), one.workflow_id
        )
        for one in evidence.incidents
        for given in one.of("number_given")[:1]
    )
    return max(waited, default=0.0)


def _all_closings(evidence: Evidence) -> Iterator[tuple[float, float, Incident]]:
    """Yield when each closing was due: an S3 without a wait not before the ledger has said that it is no S2."""
    for incident in evidence.incidents:
        numbered = 0.0
        for before, fact, _ in steps(incident):
            if fact["kind"] == "number_given":
                numbered = instant(fact["at"])
            if fact["kind"] == "closed" and before.clock is not None:
                wait = float(evidence.plan["stability"]) if before.owes else 0.0
                yield max(before.clock + wait, numbered), instant(fact["at"]), incident


def _closings(evidence: Evidence, incident: Incident) -> Iterator[Finding]:
    for due, done, one in _all_closings(evidence):
        if one is incident:
            what = f"the closing of {incident}"
            yield from _at(evidence, what, due, done, incident.workflow_id)


def _windows(evidence: Evidence, incident: Incident) -> Iterator[Finding]:
    """Yield windows that ended before their time or late: the ledger's time of the closing counts, once it is known."""
    closed: float | None = None
    known = 0.0
    for fact in incident.of("closing_confirmed", "reopened", "window_ended"):
        if fact["kind"] == "closing_confirmed":
            closed, known = instant(fact["closed_at"]), instant(fact["at"])
        elif fact["kind"] == "reopened":
            closed = None
        elif closed is None:
            yield Finding(4, "early", f"the window of {incident} ended before it began")
        else:
            due = max(closed + float(evidence.plan["upgrade"]), known)
            what = f"the window of {incident}"
            yield from _at(evidence, what, due, instant(fact["at"]), incident.workflow_id)


def _timers(evidence: Evidence, execution: Json) -> Iterator[Finding]:
    """Yield what the history itself says of each durable timer."""
    running: dict[str, float] = {}
    for event in execution["events"]:
        if event["type"] == TIMER_STARTED:
            started = event["timerStartedEventAttributes"]
            span = float(started["startToFireTimeout"].removesuffix("s"))
            running[started["timerId"]] = instant(event["at"]) + span
        elif event["type"] == TIMER_CANCELED:
            running.pop(event["timerCanceledEventAttributes"]["timerId"], None)
        elif event["type"] == TIMER_FIRED:
            name = event["timerFiredEventAttributes"]["timerId"]
            what = f"timer {name} of {execution['workflow_id']}"
            yield from _at(evidence, what, running.pop(name), instant(event["at"]))
    if execution["status"] == "RUNNING" and running:
        yield from _vanished(evidence, execution, running)


def _vanished(evidence: Evidence, execution: Json, running: dict[str, float]) -> Iterator[Finding]:
    now = max(one["at"] for one in evidence.log)
    for name, due in running.items():
        if lateness(evidence, due, now) > LONG_ENOUGH and due < now:
            yield Finding(4, "loss", f"timer {name} of {execution['workflow_id']} never fired")


def _at(
    evidence: Evidence, what: str, due: float, done: float, workflow_id: str = ""
) -> Iterator[Finding]:
    if done < due:
        yield Finding(4, "early", f"{what} was {due - done:.3f} s early")
    if done > due and (late := lateness(evidence, due, done, workflow_id)) > evidence.latest:
        yield Finding(4, "late", f"{what} was {late:.1f} undisturbed seconds late")
