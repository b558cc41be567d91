"""Promise 3: updates reach each audience in the order in which they were made."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.checker import vendors
from tests.chaos.checker.evidence import Evidence, Finding
from tests.chaos.checker.telling import intents


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each text that stands before one which was made before it."""
    read = vendors.tokens(vendors.messages(evidence)) | vendors.tokens(vendors.posts(evidence))
    record = (one for one in vendors.notes(evidence) if "/note:" in one.key)
    read |= vendors.tokens(record)
    places = {
        place: {token: index for index, token in reversed(list(enumerate(marks)))}
        for place, marks in read.items()
    }
    for (place, incident), made in _made(evidence).items():
        known = places.get(place, {})
        there = [(known[token], token) for token in made if token in known]
        for (one, first), (other, second) in pairwise(there):
            if one > other:
                yield Finding(3, "order", f"{second} before {first} in {place} of {incident}")


def _made(evidence: Evidence) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for intent in intents(evidence):
        found.setdefault((intent.place, str(intent.incident)), []).append(intent.token)
    return found
