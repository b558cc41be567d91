"""The record of an incident, from where it still is: its workflow, its history in Temporal, or the tracker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowFailureError

from muster import names
from starter import history
from starter.client import Address, Muster
from starter.connection import within
from starter.failures import Gone, NoSuchIncident, Refused, Silent

Document = dict[str, Any]

READING_PATIENCE = 15.0
"""Seconds that a worker has to look into the tracker, for each page."""
_LONGEST = timedelta(seconds=30)


@dataclass(frozen=True)
class Recalled:
    """What is known of an incident's changes: facts, or where no worker can say them the commands in its history."""

    source: str
    """``workflow``, ``history`` or ``tracker``."""
    facts: Sequence[Document] = ()
    commands: Sequence[Document] = ()
    complete: bool = False
    missing: str = ""
    """Why what is not there is not there."""


@dataclass
class _Tracked:
    """What the tracker has, page by page."""

    facts: list[Document] = field(default_factory=list)
    complete: bool = False
    private: bool = False
    missing: str = ""


async def recalled(muster: Muster, address: Address, reader: str) -> Recalled:
    """Return the whole record as far as it is anywhere. Raises NoSuchIncident, Refused, Silent, Unreachable."""
    try:
        return await _from_workflow(muster, address, reader)
    except Silent:
        return await _from_history(muster, address, reader)
    except Gone:
        return await from_tracker(muster, address, reader)


async def _from_workflow(muster: Muster, address: Address, reader: str) -> Recalled:
    facts: list[Document] = await muster.ask(address, names.RECORD, reader)
    if not facts:
        raise _private()
    if facts[0]["kind"] == "declared":
        return Recalled("workflow", facts, complete=True)
    tracked = await _tracked(muster, address, reader)
    joined = _joined(tracked.facts, facts) if tracked.complete else None
    if joined is not None:
        return Recalled("workflow", joined, complete=True)
    missing = tracked.missing or "the tracker has not got all of it yet"
    return Recalled("workflow", facts, missing=f"its beginning is in the tracker: {missing}")


def _joined(older: Sequence[Document], newer: Sequence[Document]) -> list[Document] | None:
    """Return both without what both have: each hand-over says how many facts there were before it."""
    place, upto = next(
        (place, fact["upto"]) for place, fact in enumerate(newer) if fact["kind"] == "exported"
    )
    begins = upto - place
    return [*older[:begins], *newer] if len(older) >= begins else None


async def _from_history(muster: Muster, address: Address, reader: str) -> Recalled:
    found = await history.read(muster.client, address.workflow_id)
    if found.private and reader != found.declared_by:
        raise _private("; no worker is there to say who may read it, but who declared it")
    missing = "no worker answers: what followed by rule is not here, nor what became of each signal"
    return Recalled("history", commands=found.commands, missing=missing)


async def from_tracker(muster: Muster, address: Address, reader: str) -> Recalled:
    """Return what the tracker has. Raises NoSuchIncident, Refused, Silent, Unreachable."""
    if address.entry is None:
        message = f"there is no incident {address.workflow_id}"
        raise NoSuchIncident(message, "N")
    found = await _tracked(muster, address, reader)
    if found.private:
        raise _private()
    missing = found.missing or ("" if found.complete else "parts of it are not in the tracker")
    return Recalled("tracker", found.facts, complete=found.complete, missing=missing)


async def _tracked(muster: Muster, address: Address, reader: str) -> _Tracked:
    found = _Tracked()
    start: int | None = 0
    while start is not None:
        page = await _page(
            muster, {"workflow_id": address.workflow_id, "reader": reader} | {"start": start}
        )
        found.facts += page["facts"]
        found.complete, found.private = page["complete"], page["private"]
        found.missing, start = page["missing"], page["following"]
    return found


async def _page(muster: Muster, question: Document) -> Mapping[str, Any]:
    reading = muster.client.execute_workflow
    try:
        page: Document = await within(
            READING_PATIENCE,
            lambda: reading(
                names.READING,
                question,
                id=names.reading_id(),
                task_queue=names.TASK_QUEUE,
                execution_timeout=_LONGEST,
                static_summary="a look into the tracker",
            ),
            silent=Silent("no worker answers who could look into the tracker"),
        )
    except WorkflowFailureError as error:
        message = f"the tracker could not be read: {error.cause}"
        raise Silent(message) from None
    return page


def _private(more: str = "") -> Refused:
    message = f"it is private: only its people read its record{more}"
    return Refused({"code": "private", "message": message})
