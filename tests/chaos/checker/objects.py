"""Promise 2: one live channel, bridge, issue and post per intent, and every surplus retired."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from tests.chaos.checker import vendors
from tests.chaos.checker.evidence import Evidence, Finding, Incident
from tests.chaos.checker.telling import CHANNELS, intents

OVER = frozenset({"cancelled", "merged"})


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each object that is there twice, and each that is not there."""
    yield from _twice(evidence)
    yield from _channels(evidence)
    yield from _bridges(evidence)
    yield from _standing(evidence)
    yield from _texts(evidence)
    yield from _unsettled(evidence)


def _twice(evidence: Evidence) -> Iterator[Finding]:
    """Yield the keys of which more than one object lives."""
    everything = chain(
        vendors.messages(evidence),
        vendors.issues(evidence),
        vendors.notes(evidence),
        vendors.meetings(evidence),
    )
    counted = Counter((one.place, one.key) for one in everything if one.key)
    for (place, key), count in counted.items():
        if count > 1:
            yield Finding(2, "duplicate", f"{count} live in {place} of {key}")


def _channels(evidence: Evidence) -> Iterator[Finding]:
    live = Counter(
        number for number, one in vendors.own_channels(evidence) if not one["is_archived"]
    )
    ever = Counter(number for number, _ in vendors.own_channels(evidence))
    for incident in _numbered(evidence.incidents):
        number = incident.number or 0
        allowed = 0 if _ended(incident) else 1
        if live[number] > allowed:
            what = f"{live[number]} channels of {incident} live, {ever[number]} were made"
            yield Finding(2, "duplicate", what)
        if not ever[number] and not _over(incident):
            yield Finding(2, "loss", f"{incident} has no channel")


def _bridges(evidence: Evidence) -> Iterator[Finding]:
    live = Counter(one.key for one in vendors.meetings(evidence))
    ever = vendors.opened_meetings(evidence)
    for incident in evidence.incidents:
        key = f"{incident.workflow_id}/bridge"
        if live[key] and _ended(incident):
            yield Finding(2, "duplicate", f"a bridge of {incident} lives on after its end")
        if key not in ever:
            yield Finding(2, "loss", f"{incident} never had a bridge")


def _standing(evidence: Evidence) -> Iterator[Finding]:
    """Yield the incidents without an issue or an announcement."""
    issues = {one.key for one in vendors.issues(evidence)}
    said = {one.key for one in vendors.messages(evidence)}
    for incident in _numbered(evidence.incidents):
        for name, found in (("issue", issues), ("announce", said)):
            if f"{incident.workflow_id}/{name}" not in found:
                yield Finding(2, "loss", f"{incident} has no live {name}")


def _texts(evidence: Evidence) -> Iterator[Finding]:
    """Yield the updates and notes that were not delivered exactly once to each place."""
    there = {
        place: Counter(marks)
        for things in (vendors.messages(evidence), vendors.posts(evidence))
        for place, marks in vendors.tokens(things).items()
    }
    record = (one for one in vendors.notes(evidence) if "/note:" in one.key)
    there["note"] = Counter(vendors.tokens(record).get("note", []))
    for intent in intents(evidence):
        count = there.get(intent.place, Counter())[intent.token]
        if count != 1:
            kind = "duplicate" if count else "loss"
            what = f"{intent.token} of {intent.incident} is {count}x in {intent.place}"
            yield Finding(2, kind, what)
    yield from _strays(evidence, there)


def _strays(evidence: Evidence, there: dict[str, Counter[str]]) -> Iterator[Finding]:
    """Yield what an audience was told that was for others."""
    meant = {(intent.place, intent.token) for intent in intents(evidence)}
    for place in CHANNELS.values():
        for token in there.get(place, ()):
            if (place, token) not in meant:
                yield Finding(2, "stray", f"{token} is in {place}, and was not for it")


def _unsettled(evidence: Evidence) -> Iterator[Finding]:
    """Yield the effects that nobody has brought to an end."""
    for incident in evidence.incidents:
        for effect in incident.snapshot.get("effects", ()):
            if effect["state"] not in {"done", "off"}:
                what = f"{effect['key']} is {effect['state']}: {effect.get('reason')}"
                yield Finding(2, "loss", what)


def _numbered(incidents: Iterable[Incident]) -> Iterator[Incident]:
    return (one for one in incidents if one.number is not None)


def _ended(incident: Incident) -> bool:
    return incident.status == "COMPLETED"


def _over(incident: Incident) -> bool:
    """Tell whether it was over so early that it may never have needed a channel."""
    return bool(incident.of(*OVER))
