"""The record of an incident in the tracker: written in parts, read back, and built into its state again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from muster.domain import facts as f
from muster.domain.effects import Body, Effect, EffectState, Op
from muster.domain.evolve import born, evolve
from muster.domain.model import Record
from muster.domain.naming import effect_of, key, name_of
from muster.domain.outbox import OPEN, Outbox
from muster.domain.state import IncidentState

PART = 100
"""So many facts are one note at most."""
PART_BYTES = 200_000
"""And so many bytes, unless a single fact is larger: a tracker takes a million characters in a note."""
PAGE_BYTES = 1_000_000
"""So much is read at one time: a payload of Temporal ends at two million."""

_FACT: TypeAdapter[f.Fact] = TypeAdapter(f.Fact)
_NAME = "record:"
"""How the names of the effects begin that hand over parts of it; the first fact's index follows."""
_HEAD = re.compile(r"Record from (\d+)")
_ENDS = frozenset({"cancelled", "merged", "known_already", "window_ended"})


class Question(Record):
    """Asks the tracker for the record of an incident, from this fact on, on behalf of a reader."""

    workflow_id: str
    reader: str = ""
    start: int = 0


class Page(Record):
    """What the tracker has of a record."""

    facts: tuple[f.Fact, ...] = ()
    following: int | None = None
    """Where the next page starts."""
    complete: bool = False
    """Nothing is missing before or between the facts that were handed over."""
    private: bool = False
    """The reader is none of its people: nothing of it is here."""
    missing: str = ""
    """Why there is nothing."""


def is_part(name: str) -> bool:
    """Tell whether an effect of this name hands over a part of the record, which may be the last thing of all."""
    return name.startswith(_NAME)


def export(state: IncidentState, room: int | None = None) -> Iterator[Effect]:
    """Yield the record since the last export as notes of the tracker, one JSON object a line.

    ``room`` is how many bytes may wait for the tracker; of what has none, one note says that it is missing.
    """
    facts = state.unexported()
    for first, text, last in parts(facts, state.sequence - len(facts)):
        room = None if room is None else room - _size(text)
        if room is not None and room < 0:
            yield _note(state, first, _left_out(first, state.sequence), facts[-1])
            return
        yield _note(state, first, text, last)


def _note(state: IncidentState, first: int, text: str, last: f.Fact) -> Effect:
    body = Body(text=text, at=last.at)
    name = f"{_NAME}{first}"
    effect = effect_of(state, name, Op.TRACKER_NOTE, "tracker:record", body=body, after=("issue",))
    return effect.model_copy(update={"alone": True})


def _left_out(first: int, end: int) -> str:
    return (
        f"Record from {first} to {end - 1} is not here: it was more than could wait for the tracker, "
        "and stands in Temporal's history"
    )


def parts(facts: Sequence[f.Fact], first: int) -> Iterator[tuple[int, str, f.Fact]]:
    """Yield each part with the index of its first fact, its text and its last fact; ``first`` is the index of all."""
    lines: list[str] = []
    for place, fact in enumerate(facts):
        line = fact.model_dump_json()
        if lines and (len(lines) == PART or _size(*lines, line) > PART_BYTES):
            yield first + place - len(lines), _text(first + place, lines), facts[place - 1]
            lines = []
        lines.append(line)
    if lines:
        end = first + len(facts)
        yield end - len(lines), _text(end, lines), facts[-1]


def _size(*lines: str) -> int:
    return sum(len(line.encode()) for line in lines)


def _text(end: int, lines: Sequence[str]) -> str:
    return "\n".join((f"Record from {end - len(lines)}", *lines))


def read(texts: Iterable[str]) -> tuple[tuple[f.Fact, ...], bool]:
    """Return the facts of these parts in their order, and whether none is missing before or between them."""
    found: dict[int, f.Fact | None] = {}
    for text in texts:
        head, *lines = text.split("\n")
        if (begins := _HEAD.fullmatch(head.strip())) is not None:
            for place, line in enumerate(lines, int(begins[1])):
                found.setdefault(place, _fact(line))
    ordered = tuple(found[place] for place in sorted(found))
    known = tuple(fact for fact in ordered if fact is not None)
    whole = sorted(found) == list(range(len(found))) and len(known) == len(found)
    return known, bool(found) and whole


def _fact(line: str) -> f.Fact | None:
    try:
        return _FACT.validate_json(line)
    except ValidationError:
        return None


def understood(facts: Iterable[Mapping[str, Any]]) -> tuple[f.Fact, ...]:
    """Return the facts of a message, without those that only a newer version knows."""
    return tuple(fact for one in facts if (fact := _given(one)) is not None)


def _given(fact: Mapping[str, Any]) -> f.Fact | None:
    try:
        return _FACT.validate_python(fact)
    except ValidationError:
        return None


def rebuilt(facts: Sequence[f.Fact]) -> IncidentState | None:
    """Return the state that a complete record adds up to; None for one that does not begin with its declaration."""
    if not facts or not isinstance(facts[0], f.Declared):
        return None
    state = born(facts[0])
    for fact in facts[1:]:
        state = evolve(state, fact)
    return state


def page(facts: Sequence[f.Fact], start: int, *, complete: bool) -> Page:
    """Return the facts from ``start`` on that fit into one page."""
    kept: list[f.Fact] = []
    budget = PAGE_BYTES
    for fact in facts[start:]:
        budget -= _size(fact.model_dump_json())
        if kept and budget < 0:
            break
        kept.append(fact)
    end = start + len(kept)
    return Page(facts=tuple(kept), following=end if end < len(facts) else None, complete=complete)


def is_due(state: IncidentState, outbox: Outbox) -> bool:
    """Tell whether the tracker is now to be given the rest of an ended incident's record.

    At the end once, and once more when something has happened since and nothing but the last effects, which are to see it,
    is under way; never where the tracker has no issue of it or has not taken the record until it was given up.
    """
    if not state.ended or outbox.receipt(key(state, "issue")) is None:
        return False
    handed = {one.state for one in outbox.entries() if name_of(one.effect.key).startswith(_NAME)}
    if handed & OPEN or EffectState.ABANDONED in handed:
        return False
    rest = {fact.kind for fact in state.unexported()} - {"exported"}
    return bool(rest & _ENDS) or (bool(rest) and not outbox.is_busy())
