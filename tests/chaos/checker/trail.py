"""Promise 10: every change has actor, source, command id and time, and replaying the record gives the state."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.checker.course import final
from tests.chaos.checker.evidence import Evidence, Finding, Incident, Json, instant

BY_PEOPLE = frozenset(
    {
        "role_assigned",
        "update_posted",
        "noted",
        "rated",
        "rating_confirmed",
        "resolved",
        "reopened",
        "merge_asked",
        "cancelled",
        "requested",
        "absorbed",
        "alert_set_aside",
    }
)
"""Facts that only a command makes."""
ANSWER = frozenset({"RUNNING", "COMPLETED"})


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each change that does not say who, from where, by what and when."""
    for incident in evidence.starts:
        yield from _said(incident)
        yield from _forward(incident)
        yield from _replayed(incident)
    yield from _by_whom(evidence)
    yield from _unread(evidence)


def _said(incident: Incident) -> Iterator[Finding]:
    for fact in incident.facts:
        missing = [name for name in ("at", "actor", "source") if not fact.get(name)]
        if fact["kind"] in BY_PEOPLE and not fact.get("command_id"):
            missing.append("command_id")
        if missing:
            what = f"{fact['kind']} of {incident} has no {', '.join(missing)}"
            yield Finding(10, "trail", what)


def _forward(incident: Incident) -> Iterator[Finding]:
    for one, other in pairwise(incident.facts):
        if instant(other["at"]) < instant(one["at"]):
            what = f"{other['kind']} of {incident} is older than what stands before it"
            yield Finding(10, "trail", what)


def _by_whom(evidence: Evidence) -> Iterator[Finding]:
    sent = {one["command_id"]: one["payload"] for one in evidence.events("sent")}
    for incident in evidence.starts:
        for fact in incident.of(*BY_PEOPLE):
            payload = sent.get(fact["command_id"])
            if payload is not None:
                said = {name: fact[name] for name in ("actor", "source")}
                meant = {name: payload[name] for name in ("actor", "source")}
                if said != meant:
                    what = f"{fact['kind']} of {incident} says {said}, sent was {meant}"
                    yield Finding(10, "trail", what)


def _replayed(incident: Incident) -> Iterator[Finding]:
    if incident.second_start or not incident.snapshot:
        return
    shown, replayed = _shown(incident.snapshot), final(incident)
    for name, value in shown.items():
        if (recorded := getattr(replayed, name)) != value:
            what = f"{name} of {incident} is {value}, by its record {recorded}"
            yield Finding(10, "trail", what)


def _shown(seen: Json) -> Json:
    """Return what a snapshot says of that which the course follows too."""
    imoc, cmoc, ocit = (seen["roles"][role] for role in ("imoc", "cmoc", "ocit"))
    return {
        "number": seen["number"],
        "phase": seen["phase"],
        "severity": seen["severity"],
        "imoc": (imoc or {}).get("person"),
        "cmoc": (cmoc or {}).get("person"),
        "ocit": frozenset(one["person"] for one in ocit),
    }


def _unread(evidence: Evidence) -> Iterator[Finding]:
    """Yield the incidents that did not answer when all was quiet: of them nothing is judged."""
    for one in evidence.executions:
        answers = one["type"] == "Incident" and one["status"] in ANSWER
        missing = [name for name in ("record", "snapshot") if answers and not one.get(name)]
        if missing:
            what = f"{one['workflow_id']} did not answer: {', '.join(missing)}"
            yield Finding(10, "unread", what)
