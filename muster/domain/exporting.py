"""How the record is handed to the tracker: in notes, one JSON object a line, whole as far as they have room."""

import json
from collections.abc import Iterator, Sequence

from muster.domain.effects import Body, Effect, Op
from muster.domain.facts import Fact
from muster.domain.naming import effect_of
from muster.domain.state import IncidentState
from muster.domain.timeline import sentence

NOTE_FACTS = 100
NOTE_ROOM = 60_000
"""Bytes of one note, which is one payload of an activity."""
LINE_ROOM = 8_000
"""Bytes of one fact; a longer one, of many alerts, is handed over as its sentence."""


def export(state: IncidentState, room: int | None = None) -> Iterator[Effect]:
    """Yield the record since the last export.

    ``room`` is how many bytes may wait for the tracker. What does not fit is one note that says so: what is missing
    stands in Temporal's history of this run.
    """
    owed = state.unexported()
    first = state.sequence - len(owed)
    for count, text in _notes(owed):
        room = None if room is None else room - len(text.encode())
        if room is not None and room < 0:
            yield _note(state, first, _left_out(first, state.sequence), owed[-1])
            return
        yield _note(state, first, f"Record from {first}\n{text}", owed[count - 1])
        first, owed = first + count, owed[count:]


def _notes(facts: Sequence[Fact]) -> Iterator[tuple[int, str]]:
    """Yield how many facts go into each note, and their lines."""
    lines: list[str] = []
    for fact in facts:
        line = _line(fact)
        if len(lines) == NOTE_FACTS or sum(map(len, lines)) + len(line) > NOTE_ROOM:
            yield len(lines), "\n".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield len(lines), "\n".join(lines)


def _line(fact: Fact) -> str:
    whole = fact.model_dump_json(exclude_defaults=False)
    if len(whole.encode()) <= LINE_ROOM:
        return whole
    kept = fact.model_dump(mode="json", include={"kind", "at", "actor", "source", "command_id"})
    return json.dumps(kept | {"shortened": sentence(fact)[: LINE_ROOM // 2]}, ensure_ascii=False)


def _left_out(first: int, last: int) -> str:
    return (
        f"Record from {first} to {last - 1} is not here: it was more than could wait for the tracker, "
        "and stands in Temporal's history"
    )


def _note(state: IncidentState, first: int, text: str, last: Fact) -> Effect:
    body = Body(text=text, at=last.at)
    effect = effect_of(
        state, f"record:{first}", Op.TRACKER_NOTE, "tracker:record", body=body, after=("issue",)
    )
    return effect.model_copy(update={"alone": True})
