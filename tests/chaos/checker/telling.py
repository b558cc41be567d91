"""Which text was to reach which place, by what incidents have recorded."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.checker.evidence import Evidence, Incident
from tests.chaos.checker.vendors import TOKEN

CHANNELS: dict[str, str] = {
    "end-users": "status",
    "estaff": "estaff",
    "support": "support",
    "employees": "employees",
}
TEAM = ("incident/thread", "note")
"""The incident's thread and its issue have everything."""


@dataclass(frozen=True)
class Intent:
    """One text for one place."""

    incident: Incident
    token: str
    place: str


def intents(evidence: Evidence) -> Iterator[Intent]:
    """Yield every text of every incident, in the order in which they were made."""
    for incident in evidence.incidents:
        for fact in incident.of("update_posted", "noted"):
            words = fact.get("message") or fact.get("text") or ""
            audiences = [CHANNELS[one] for one in fact.get("to", ())]
            for token in TOKEN.findall(words):
                for place in (*TEAM, *audiences):
                    yield Intent(incident, token, place)
