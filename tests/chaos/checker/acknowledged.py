"""Promise 1: nothing acknowledged is lost, doubled or reordered."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, Incident, Json, instant
from tests.chaos.checker.timers import LONG_ENOUGH, lateness

MAIN: dict[str, frozenset[str]] = {
    "assign_role": frozenset({"role_assigned"}),
    "post_update": frozenset({"update_posted"}),
    "add_note": frozenset({"noted"}),
    "change_severity": frozenset({"rated", "rating_confirmed"}),
    "resolve": frozenset({"resolved"}),
    "reopen": frozenset({"reopened"}),
    "merge": frozenset({"merge_asked"}),
    "cancel": frozenset({"cancelled"}),
}
"""The fact that is the command's own; what follows from it carries its id as well."""
ANSWERS = frozenset({"requested", "refused"})
NOTHING_KEPT = frozenset({"refused", "gone", "bad_input"})
"""Outcomes of an answered command that leave nothing behind."""


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each acknowledged command, declaration or alert that was lost, doubled or moved."""
    yield from _commands(evidence)
    yield from _declarations(evidence)
    yield from _alerts(evidence)
    yield from _sequence(evidence)


def _commands(evidence: Evidence) -> Iterator[Finding]:
    known = _own_facts(evidence)
    accepted = _accepted(evidence)
    denied = {one.workflow_id for one in evidence.starts if one.of("merge_denied")}
    for ack in evidence.acknowledged.values():
        facts = known.get((ack["workflow_id"], ack["command_id"]), [])
        named = f"{ack['name']} {ack['command_id']} ({ack['outcome']})"
        if ack["outcome"].startswith("failed"):
            yield Finding(1, "failure", named)
        if not facts and ack["outcome"] not in NOTHING_KEPT:
            yield Finding(1, "loss", f"{named} left no trace in {ack['workflow_id']}")
        if ack["command_id"] not in accepted and ack["outcome"] not in NOTHING_KEPT:
            yield Finding(1, "loss", f"{named} is in no history")
        for fact in facts:
            by_the_other = fact["kind"] == "merge_asked" and ack["workflow_id"] in denied
            if not by_the_other and not _fits(fact["kind"], ack["outcome"]):
                yield Finding(1, "contradiction", f"{named} is {fact['kind']} on record")
    for (workflow_id, command_id), facts in known.items():
        if len(facts) > 1:
            yield Finding(1, "duplicate", f"{command_id} counted {len(facts)}x in {workflow_id}")


def _accepted(evidence: Evidence) -> set[str]:
    """Return the ids of all commands that the server has in a history."""
    events = (event for one in evidence.executions for event in one["events"])
    return {one["command_id"] for one in events if one.get("command_id")}


def _fits(kind: str, outcome: str) -> bool:
    """Tell whether what is on record is what was answered."""
    if outcome == "applied":
        return kind not in ANSWERS
    return outcome not in ANSWERS or kind == outcome


def _own_facts(evidence: Evidence) -> dict[tuple[str, str], list[Json]]:
    """Return the facts that are a command's own, or the answer in their place, by workflow and command."""
    names = {one["command_id"]: one["name"] for one in evidence.events("sent")}
    found: dict[tuple[str, str], list[Json]] = {}
    for incident in evidence.starts:
        for fact in incident.facts:
            own = MAIN.get(names.get(fact["command_id"], ""), frozenset()) | ANSWERS
            if fact["command_id"] in names and fact["kind"] in own:
                key = (incident.workflow_id, fact["command_id"])
                found.setdefault(key, []).append(fact)
    return found


def _declarations(evidence: Evidence) -> Iterator[Finding]:
    seen = {one["workflow_id"] for one in evidence.executions}
    for one in evidence.events("declared"):
        if one["workflow_id"] not in seen:
            yield Finding(1, "loss", f"the declaration {one['workflow_id']} never ran")
    for workflow_id, starts in evidence.by_workflow.items():
        numbers = {one.number for one in starts if not one.second_start}
        if len(numbers) > 1:
            yield Finding(
                1, "duplicate", f"{workflow_id} has the numbers {sorted(map(str, numbers))}"
            )
    yield from _answered_numbers(evidence)


def _answered_numbers(evidence: Evidence) -> Iterator[Finding]:
    given = {one.workflow_id: one.number for one in evidence.incidents}
    for one in evidence.events("numbered"):
        if given.get(one["workflow_id"]) != one["number"]:
            yield Finding(1, "loss", f"{one['workflow_id']} was said to be #{one['number']}")


def _alerts(evidence: Evidence) -> Iterator[Finding]:
    heard = Counter(
        (alert["fingerprint"], instant(alert["starts_at"]))
        for incident in evidence.incidents
        for fact in incident.of("declared", "alerts_reported", "alerts_unheard")
        for alert in fact["alerts"]
    )
    taken = {one["delivery"] for one in evidence.events("alerts_taken")}
    for delivery in evidence.events("alerts"):
        for alert in delivery["alerts"] if delivery["delivery"] in taken else ():
            if alert["firing"] and not heard[alert["fingerprint"], instant(alert["starts_at"])]:
                what = (
                    f"the alert {alert['fingerprint']} of {alert['starts_at']} reached no incident"
                )
                yield Finding(1, "loss", what)
    yield from _stops(evidence)


def _stops(evidence: Evidence) -> Iterator[Finding]:
    """Yield each incident that heard of an alert and, open long enough, never of its end."""
    taken = {one["delivery"]: one["at"] for one in evidence.events("alerts_taken")}
    ended = {
        (alert["fingerprint"], instant(alert["starts_at"])): taken[delivery["delivery"]]
        for delivery in evidence.events("alerts")
        if delivery["delivery"] in taken
        for alert in delivery["alerts"]
        if not alert["firing"]
    }
    for incident in evidence.incidents:
        known = _heard(incident)
        for alert, at in ended.items():
            open_for = lateness(evidence, at, _over(incident))
            if known.get(alert) == {True} and open_for > LONG_ENOUGH:
                yield Finding(1, "loss", f"{incident} never heard that {alert[0]} has stopped")


def _heard(incident: Incident) -> dict[tuple[str, float], set[bool]]:
    """Return of each alert whether the incident has heard that it fires, and that it does not."""
    found: dict[tuple[str, float], set[bool]] = {}
    for fact in incident.of("declared", "alerts_reported"):
        for alert in fact["alerts"]:
            key = (alert["fingerprint"], instant(alert["starts_at"]))
            found.setdefault(key, set()).add(alert["firing"])
    return found


def _over(incident: Incident) -> float:
    """Return when the incident first came to an end; at once, where it never did."""
    ends = incident.of("closed", "cancelled", "merged")
    return instant(ends[0]["at"]) if ends else 0.0


def _sequence(evidence: Evidence) -> Iterator[Finding]:
    """Yield what was acknowledged before another was sent, and yet applied after it."""
    sent = {one["command_id"]: one for one in evidence.events("sent")}
    for incident in evidence.starts:
        places: dict[str, int] = {}
        for place, fact in enumerate(incident.facts):
            if fact["command_id"] in sent:
                places.setdefault(fact["command_id"], place)
        applied = [one for one in places if one in evidence.acknowledged]
        for one in applied:
            for other in applied:
                before = evidence.acknowledged[one]["at"] < sent[other]["at"]
                if before and places[one] > places[other]:
                    yield Finding(1, "order", f"{other} overtook {one} in {incident}")
