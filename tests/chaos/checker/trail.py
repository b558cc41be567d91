"""Promise 10: every change has actor, source, command id and time, and replaying the record gives the state."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.checker.course import final
from tests.chaos.checker.evidence import Evidence, Finding, Incident, instant

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


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each change that does not say who, from where, by what and when."""
    for incident in evidence.starts:
        yield from _said(incident)
        yield from _forward(incident)
        yield from _replayed(incident)
    yield from _by_whom(evidence)


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
    seen = incident.snapshot
    if not seen or incident.second_start:
        return
    course = final(incident)
    imoc = (seen["roles"]["imoc"] or {}).get("person")
    shown = (seen["phase"], seen["severity"], imoc)
    replayed = (course.phase, course.severity, course.imoc)
    if shown != replayed:
        yield Finding(10, "trail", f"{incident} is {shown}, by its record {replayed}")
