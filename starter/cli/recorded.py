"""An incident from its record alone: as a screen, a timeline and an audit show it."""

from collections.abc import Iterator, Sequence
from typing import Any

from muster import views
from muster.domain.facts import Fact
from muster.domain.outbox import Outbox
from muster.domain.record import rebuilt, understood
from muster.domain.timeline import is_claimed, sentence
from starter.recalling import Recalled

Document = dict[str, Any]


def snapshot(found: Recalled, known: Document) -> Document:
    """Return what the record adds up to, with the ledger's word on what only it knows; that alone without a record."""
    state = rebuilt(understood(found.facts))
    if state is None:
        return known | {"missing": found.missing}
    shown: Document = views.snapshot(state, Outbox(), None).model_dump(mode="json")
    over = {"window_ends_at": None, "effects": known["effects"]}
    return shown | over | {"source": "tracker", "complete": found.complete}


def timeline(found: Recalled) -> list[Document]:
    """Return the lines that people care about, the oldest first."""
    facts = understood(found.facts)
    return [
        _common(fact) | {"text": text, "claimed": is_claimed(fact)}
        for fact in facts
        if (text := sentence(fact))
    ]


def _common(fact: Fact) -> Document:
    return fact.model_dump(mode="json", include={"at", "actor", "kind"})


def changes(found: Recalled) -> list[Document]:
    """Return every change: when, by whom, whether that is vouched for, through which door, under which command id."""
    if found.source == "history":
        return [one | {"claimed": not one["authenticated"]} for one in found.commands]
    return list(_changes(found.facts))


def _changes(facts: Sequence[Document]) -> Iterator[Document]:
    for raw in facts:
        fields = ("at", "actor", "source", "authenticated", "command_id", "kind")
        change = {field: raw[field] for field in fields}
        told = understood([raw])
        text = sentence(told[0]) if told else ""
        claimed = is_claimed(told[0]) if told else not raw["authenticated"]
        yield change | {"text": text or raw["kind"].replace("_", " "), "claimed": claimed}
