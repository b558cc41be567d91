"""The outbox of one incident: which effects there are, which may start now, and what became of each."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from muster.domain.effects import PROJECTIONS, Body, Effect, EffectState, Op, Receipt
from muster.domain.model import Record, Time
from muster.names import DRILL

LINGER = timedelta(seconds=2)
"""How long what nobody waits for may lie, so that several changes are written as one."""
MERGEABLE = frozenset({Op.CHAT_SAY, Op.TRACKER_NOTE, Op.CHAT_INVITE})
"""Messages of which several that lie or were held up by an outage go as one."""

TOGETHER = 30_000
"""Characters that go as one; Slack takes 40,000, and the rest goes as the next one."""
OVERHEAD = 400
"""About how many bytes an effect has as JSON beside its words."""

SETTLED = frozenset({EffectState.DONE, EffectState.OFF, EffectState.ABANDONED})
MESSAGES_KEPT = 200
"""Delivered messages that a run takes over from the one before."""
OPEN = frozenset({EffectState.PENDING, EffectState.DEGRADED, EffectState.NEEDS_HUMAN})


class Entry(Record):
    """One effect and where it stands."""

    effect: Effect
    queued_at: Time
    state: EffectState = EffectState.PENDING
    begun: bool = False
    """It was handed to a worker: a write may have happened."""
    not_before: Time | None = None
    """Until when it waits for others that it may go together with."""
    held: bool = False
    """It was queued behind an outage."""
    receipt: Receipt | None = None
    reason: str = ""
    since: Time | None = None
    """Since when it is degraded or needs a human."""


class Outbox:
    """Effects by key, in the order in which they were queued; one of each destination runs at a time."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = {entry.effect.key: entry for entry in entries}
        self._open = {key: None for key, entry in self._entries.items() if entry.state in OPEN}
        self._running: dict[str, str] = {}
        self._weight = sum(_weight(self._entries[key]) for key in self._open)

    @property
    def weight(self) -> int:
        """Return about how many bytes wait to be done."""
        return self._weight

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries in order; the carrier of continue-as-new."""
        return tuple(self._entries.values())

    def get(self, key: str) -> Entry | None:
        """Return the entry of this key."""
        return self._entries.get(key)

    def receipt(self, key: str) -> Receipt | None:
        """Return what the provider gave back, once the effect is done."""
        entry = self._entries.get(key)
        return entry.receipt if entry and entry.state is EffectState.DONE else None

    def queue(self, effects: Iterable[Effect], now: datetime) -> None:
        """Add effects; a key that is known already is not added again."""
        for effect in effects:
            if effect.key not in self._entries:
                held = self._held(effect.destination)
                lies = self._together_at(now) if effect.patient else None
                self._put(Entry(effect=effect, queued_at=now, held=held, not_before=lies))
                if not effect.patient:
                    self._hurry(effect.destination)

    def project(self, effect: Effect, now: datetime) -> None:
        """Add a projection, or set one that has been written to be written again; a waiting one just waits on."""
        known = self._entries.get(effect.key)
        if known is None or known.state in {EffectState.DONE, EffectState.ABANDONED}:
            begun = known.begun if known else False
            at = self._together_at(now)
            self._put(Entry(effect=effect, queued_at=now, begun=begun, not_before=at))

    def _together_at(self, now: datetime) -> datetime:
        """Return when that which lies now starts, all of it at once: one timer and one task serve many."""
        return self.next_start(now) or now + LINGER

    def _hurry(self, destination: str) -> None:
        """Let nothing that lies hold back what is urgent behind it."""
        for key in self._open:
            entry = self._entries[key]
            if entry.effect.destination == destination and entry.not_before is not None:
                self._entries[key] = entry.model_copy(update={"not_before": None})

    def next_start(self, now: datetime) -> datetime | None:
        """Return when the next of those that still lie may start."""
        lying = (self._entries[key].not_before for key in self._open)
        return min((at for at in lying if at is not None and at > now), default=None)

    def ready(self, now: datetime) -> Iterator[Entry]:
        """Yield what may start now: all that it comes after is done, and nothing of its destination goes before it."""
        taken = dict(self._running)
        busy = self.is_busy()
        for key in list(self._open):
            entry = self._entries[key]
            destination = entry.effect.destination
            if entry.state is EffectState.NEEDS_HUMAN or destination in taken:
                continue
            if entry.effect.last and busy:
                continue
            fate = self._fate(entry)
            if fate in _INHERITED:
                self._inherit(entry, fate)
                continue
            lies = entry.not_before is not None and entry.not_before > now
            if lies and entry.effect.op in PROJECTIONS:
                continue
            taken[destination] = key
            if fate is EffectState.DONE and not lies:
                yield self._entries[key]

    def is_busy(self) -> bool:
        """Tell whether anything but the last effects is still under way."""
        under_way = (self._entries[key] for key in self._open)
        return any(
            not one.effect.last and one.state is not EffectState.NEEDS_HUMAN for one in under_way
        )

    def _fate(self, entry: Entry) -> EffectState:
        """Return what becomes of it by what it comes after: done, it may start; off or abandoned, it never will."""
        before = (self._entries.get(key) for key in entry.effect.after)
        states = {one.state if one else EffectState.PENDING for one in before}
        never = next((one for one in _INHERITED if one in states), None)
        return never or (EffectState.PENDING if states - {EffectState.DONE} else EffectState.DONE)

    def _inherit(self, entry: Entry, fate: EffectState) -> None:
        """Settle what comes after something that will never be."""
        base = ", ".join(name for name in map(_name, entry.effect.after))
        self._put(entry.model_copy(update={"reason": f"comes after {base}"}))
        self.settle(entry.effect.key, fate, Receipt(off=True) if fate is EffectState.OFF else None)

    def forgo(self) -> None:
        """Switch off what comes after something that was never asked for, and will not be any more."""
        for key in list(self._open):
            entry = self._entries[key]
            if any(one not in self._entries for one in entry.effect.after):
                self._inherit(entry, EffectState.OFF)

    def fill(self, effect: Effect) -> None:
        """Give an effect that is about to begin the content of this moment."""
        self._put(self._entries[effect.key].model_copy(update={"effect": effect}))

    def begin(self, key: str) -> tuple[Entry, bool]:
        """Mark an effect as begun, with all that an outage held up behind it. Returns it and whether it had begun before."""
        entry = self._gathered(self._entries[key])
        self._running[entry.effect.destination] = key
        self._put(entry.model_copy(update={"begun": True}))
        return entry, entry.begun

    def _gathered(self, head: Entry) -> Entry:
        """Return the entry with the texts of those that wait behind it since an outage."""
        together = head.held or head.effect.patient
        if head.begun or head.effect.alone or not together or head.effect.op not in MERGEABLE:
            return head
        others = list(self._mergeable_with(head))
        if not others:
            return head
        for other in others:
            self._drop(other, covered_by=head.effect.key)
        return head.model_copy(update={"effect": _combined(head, others)})

    def _mergeable_with(self, head: Entry) -> Iterator[Entry]:
        room = TOGETHER - len(head.effect.body.text)
        for key in self._open:
            other = self._entries[key]
            if other is not head and other.effect.destination == head.effect.destination:
                room -= len(other.effect.body.text)
                fits = other.effect.op is head.effect.op and room >= 0
                if not fits or other.begun or other.effect.alone:
                    return
                yield other

    def _drop(self, entry: Entry, covered_by: str) -> None:
        note = f"went together with {covered_by}"
        self._put(
            entry.model_copy(update={"state": EffectState.DONE, "receipt": Receipt(note=note)})
        )

    def degrade(self, key: str, reason: str, now: datetime) -> None:
        """Record that the provider has not accepted it so far; whatever is queued behind it is held up."""
        entry = self._entries[key]
        self._put(
            entry.model_copy(
                update={
                    "state": EffectState.DEGRADED,
                    "reason": reason,
                    "since": entry.since or now,
                }
            )
        )
        for other in list(self._open):
            waiting = self._entries[other]
            if waiting.effect.destination == entry.effect.destination and other != key:
                self._put(waiting.model_copy(update={"held": True}))

    def settle(self, key: str, state: EffectState, receipt: Receipt | None = None) -> None:
        """Record how an effect ended."""
        entry = self._entries[key]
        self._release(entry)
        self._put(entry.model_copy(update={"state": state, "receipt": receipt or entry.receipt}))

    def need_human(self, key: str, reason: str, now: datetime) -> None:
        """Record that trying again will not help; others of its destination go on."""
        entry = self._entries[key]
        self._release(entry)
        change = {"state": EffectState.NEEDS_HUMAN, "reason": reason, "since": entry.since or now}
        self._put(entry.model_copy(update=change))

    def rearm(self, key: str) -> bool:
        """Let an effect that needs a human or was abandoned be tried again, and what comes after it; tell if there is one."""
        entry = self._entries.get(key)
        if entry is None or entry.state not in {EffectState.NEEDS_HUMAN, EffectState.ABANDONED}:
            return False
        self._put(entry.model_copy(update={"state": EffectState.PENDING}))
        for other in list(self._entries.values()):
            if key in other.effect.after and other.state is EffectState.ABANDONED:
                self.rearm(other.effect.key)
        return True

    def abandon(self, before: datetime) -> list[Entry]:
        """Give up what has needed a human since it was queued before this time. Returns what was given up."""
        late = [
            entry
            for entry in (self._entries[key] for key in self._open)
            if entry.state is EffectState.NEEDS_HUMAN and entry.queued_at <= before
        ]
        for entry in late:
            self.settle(entry.effect.key, EffectState.ABANDONED)
        return late

    def oldest_needing_human(self) -> datetime | None:
        """Return when the oldest effect that needs a human was queued."""
        found = (self._entries[key] for key in self._open)
        return min(
            (one.queued_at for one in found if one.state is EffectState.NEEDS_HUMAN), default=None
        )

    def discard(self) -> None:
        """Switch off what has not begun: the incident is another one's second start."""
        for key in list(self._open):
            if not self._entries[key].begun:
                self.settle(key, EffectState.OFF, Receipt(off=True))

    def compacted(self) -> tuple[Entry, ...]:
        """Return the entries for the next run: all that is open, and of the settled the newest, without their texts."""
        entries = list(self._entries.values())
        old = {id(one) for one in [one for one in entries if _is_message(one)][:-MESSAGES_KEPT]}
        return tuple(_slim(entry) for entry in entries if id(entry) not in old)

    def unsettled(self) -> bool:
        """Tell whether anything is still to be done."""
        return bool(self._open)

    def degraded(self) -> bool:
        """Tell whether anything is not as it should be."""
        bad = {EffectState.DEGRADED, EffectState.NEEDS_HUMAN, EffectState.ABANDONED}
        return any(entry.state in bad for entry in self._entries.values())

    def _held(self, destination: str) -> bool:
        running = self._running.get(destination)
        return running is not None and self._entries[running].state is EffectState.DEGRADED

    def _release(self, entry: Entry) -> None:
        if self._running.get(entry.effect.destination) == entry.effect.key:
            del self._running[entry.effect.destination]

    def _put(self, entry: Entry) -> None:
        key = entry.effect.key
        if key in self._open:
            self._weight -= _weight(self._entries[key])
        self._entries[key] = entry
        if entry.state in OPEN:
            self._open[key] = None
            self._weight += _weight(entry)
        else:
            self._open.pop(key, None)


_INHERITED = (EffectState.OFF, EffectState.ABANDONED)
"""What an effect becomes as well when something that it comes after has become that."""


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _weight(entry: Entry) -> int:
    body = entry.effect.body
    return OVERHEAD + sum(len(text.encode()) for text in (body.text, body.payload))


def _is_message(entry: Entry) -> bool:
    return entry.state is EffectState.DONE and entry.effect.op in MERGEABLE | {Op.STATUS_POST}


def _slim(entry: Entry) -> Entry:
    if entry.state not in SETTLED or entry.state is EffectState.ABANDONED:
        return entry
    body = Body(channel=entry.effect.body.channel)
    return entry.model_copy(update={"effect": entry.effect.model_copy(update={"body": body})})


def _combined(head: Entry, others: list[Entry]) -> Effect:
    """Return one effect with all the texts, each with its time, and for all the people."""
    entries = (head, *others)
    said = [(one, one.effect.body.text) for one in entries if one.effect.body.text]
    drill = DRILL if said and all(text.startswith(DRILL) for _, text in said) else ""
    lines = [f"{_at(one):%H:%M} UTC  {text.removeprefix(drill)}" for one, text in said]
    people = dict.fromkeys(person for one in entries for person in one.effect.body.people)
    together = {"text": drill + "\n".join(lines), "people": tuple(people)}
    body: Body = head.effect.body.model_copy(update=together)
    return head.effect.model_copy(update={"body": body})


def _at(entry: Entry) -> datetime:
    return entry.effect.body.at or entry.queued_at
