"""Promise 6: the 3-hour rule is exact, and the 30-minute rule has no way around it."""

from collections.abc import Iterator

from tests.chaos.checker.course import Course, steps
from tests.chaos.checker.evidence import Evidence, Finding, Incident, Json, instant

OPENS = frozenset({"S2", "S3"})
ENDS = frozenset({"closed", "cancelled", "merged"})


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each wrong answer of either rule."""
    closings = list(_closings(evidence.ledger))
    for incident in evidence.incidents:
        yield from _predecessor(evidence, incident, closings)
        yield from _upgrades(incident)
        yield from _waits(evidence, incident)


def _closings(ledger: list[Json]) -> Iterator[tuple[int, float, float | None]]:
    """Yield number, time and early end of each window that a closing has opened."""
    for entry in ledger:
        for past in entry.get("past", ()):
            if past["severity"] in OPENS:
                yield entry["number"], instant(past["closed_at"]), instant(past["reopened_at"])
        if entry["phase"] == "closed" and entry["severity"] in OPENS:
            yield entry["number"], instant(entry["closed_at"]), None


def _predecessor(
    evidence: Evidence, incident: Incident, closings: list[tuple[int, float, float | None]]
) -> Iterator[Finding]:
    """Compare the ledger's answer with one made anew from all closings."""
    given = incident.of("number_given")
    if not given:
        return
    at = instant(incident.of("declared")[0]["at"])
    span = float(evidence.plan["upgrade"])
    opened = [
        (closed, number)
        for number, closed, ended in closings
        if closed <= at <= closed + span and (ended is None or at < ended)
    ]
    latest = max((closed for closed, _ in opened), default=None)
    right: list[int | None] = [number for closed, number in opened if closed == latest] or [None]
    answer = (given[0]["predecessor"] or {}).get("number")
    if answer not in right:
        named = " or ".join(f"#{number}" for number in right)
        yield Finding(6, "rule", f"{incident} follows #{answer}, by the closings {named}")


def _upgrades(incident: Incident) -> Iterator[Finding]:
    """Yield each upgrade that is not the very next fact after its cause, is not due, or names the wrong one."""
    due: int | None = None
    window: int | None = None
    done = False
    for before, fact, after in steps(incident):
        if fact["kind"] == "upgraded":
            if (fact["predecessor"] or incident.number) != due:  # itself, before it had a number
                yield Finding(6, "rule", f"{incident} was upgraded after #{fact['predecessor']}")
            done = done or fact["predecessor"] != incident.number
            due = None
            continue
        if due is not None:
            yield Finding(6, "rule", f"{incident} was not upgraded after #{due}")
        if fact["kind"] == "number_given":
            window = (fact["predecessor"] or {}).get("number")
        due = _upgrade_due(incident, before, fact, after, None if done else window)
    if due is not None:
        yield Finding(6, "rule", f"{incident} was not upgraded after #{due}")


def _upgrade_due(
    incident: Incident, before: Course, fact: Json, after: Course, window: int | None
) -> int | None:
    """Return after which incident the next fact must upgrade this one, if any."""
    kind = fact["kind"]
    if kind == "reopened":
        again = fact["was_closed"] and not fact["by_mistake"] and before.severity == "S3"
        return incident.number if again else None
    raised = kind == "rated" and fact["severity"] <= fact["previous"]
    numbered = kind == "number_given" and before.phase in {"active", "resolved"}
    if window is None or after.lowered or after.severity not in OPENS:
        return None
    return window if numbered or raised or kind == "absorbed" else None


def _waits(evidence: Evidence, incident: Incident) -> Iterator[Finding]:
    """Yield each end that came before the stability wait was over."""
    wait = float(evidence.plan["stability"])
    for before, fact, _ in steps(incident):
        kind = fact["kind"]
        if kind == "closed" and before.phase != "resolved":
            yield Finding(6, "rule", f"{incident} was closed while {before.phase}")
        if kind not in ENDS or before.phase != "resolved" or not before.owes:
            continue
        waited = instant(fact["at"]) - before.clock if before.clock is not None else 0.0
        if kind != "closed" or waited < wait:
            yield Finding(6, "early", f"{incident} was {kind} after {waited:.3f} s of {wait:g} s")
