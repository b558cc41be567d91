"""What is done in the production tracker."""

from collections.abc import Collection
from datetime import UTC, datetime

from temporalio import activity

from activities.border import classified, cross, ref
from muster import names
from muster.domain.effects import Document, EffectCall, Op, Receipt
from muster.domain.naming import name_of
from muster.domain.privacy import is_open_to
from muster.domain.record import Page, Question, is_part, page, read, rebuilt
from muster.domain.state import IncidentState
from muster.ports import Tracker

OFF = Receipt(off=True)


class TrackerActivities:
    """Activities over the Tracker port; without one every effect is off."""

    def __init__(self, tracker: Tracker | None, releasers: Collection[str] = ()) -> None:
        """Take the port, and who reads of private incidents besides their people."""
        self._tracker = tracker
        self._releasers = releasers

    @activity.defn(name=Op.TRACKER_OPEN)
    async def open(self, call: EffectCall) -> Receipt:
        """Open the incident's issue."""
        if (tracker := self._tracker) is None:
            return OFF
        return await cross(call, lambda fresh: tracker.open(call.key, _document(call), fresh=fresh))

    @activity.defn(name=Op.TRACKER_EDIT)
    async def edit(self, call: EffectCall) -> Receipt:
        """Bring the issue up to date; its marker stays the one that it was opened with."""
        if (tracker := self._tracker) is None:
            return OFF
        key = f"{call.incident}/issue"
        return await cross(
            call, lambda _: tracker.edit(ref(call, "issue"), _document(call), key=key)
        )

    @activity.defn(name=Op.TRACKER_NOTE)
    async def note(self, call: EffectCall) -> Receipt:
        """Add a note of what happened and when; behind a part of the record, no sweep may come any more: it has its own."""
        if (tracker := self._tracker) is None:
            return OFF
        return await cross(call, lambda fresh: _noted(tracker, call, fresh=fresh))

    @activity.defn(name=Op.TRACKER_SWEEP)
    async def sweep(self, call: EffectCall) -> Receipt:
        """Retire issues and notes that the vendor has made twice."""
        if (tracker := self._tracker) is None:
            return OFF
        prefix = f"{call.incident}/"
        return await cross(call, lambda _: tracker.sweep(prefix, ref(call, "issue")))

    @activity.defn(name=names.RECORD_READ)
    async def record(self, asked: Question) -> Page:
        """Return what the issue has of the record; of a private incident only to its people."""
        if (tracker := self._tracker) is None:
            return Page(missing="the tracker is switched off")
        issue, prefix = f"{asked.workflow_id}/issue", f"{asked.workflow_id}/record:"
        texts = await classified(tracker.notes(issue, prefix))
        facts, complete = read(texts.values())
        if not facts:
            return Page(missing="the issue has no record yet")
        if not self._may_read(rebuilt(facts), asked.reader):
            return Page(private=True)
        return page(facts, asked.start, complete=complete)

    def _may_read(self, state: IncidentState | None, reader: str) -> bool:
        """Tell whether it is not private, or the reader's; what has lost its beginning may be private."""
        if state is None:
            return reader in self._releasers
        return is_open_to(state, reader, self._releasers)

    @activity.defn(name=Op.TRACKER_LINK)
    async def link(self, call: EffectCall) -> Receipt:
        """Relate the issue to another incident's."""
        if (tracker := self._tracker) is None:
            return OFF
        other, relation = call.body.other or 0, call.body.relation
        return await cross(call, lambda _: tracker.link(ref(call, "issue"), other, relation))


async def _noted(tracker: Tracker, call: EffectCall, *, fresh: bool) -> Receipt:
    issue, at = ref(call, "issue"), call.body.at or datetime.now(UTC)
    written = await tracker.note(call.key, issue, call.body.text, at, fresh=fresh)
    if is_part(name_of(call.key)):
        await tracker.sweep(f"{call.incident}/", issue)
    return written


def _document(call: EffectCall) -> Document:
    return call.body.document or Document(title=call.incident)
