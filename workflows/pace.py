"""How much of a flood an incident takes in at one time, and how much of it in one run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from muster.domain import commands as c
    from muster.domain.deciding import Refusal

BURST = 150
"""So many signals are read at one instant: a task must not take long."""
BURST_ROOM = 500_000
"""Bytes that they have together; the next ones wait for the next instant, and an update does not wait for them."""
BREATH = timedelta(milliseconds=1)
ENTRY = 500
"""About how many bytes a command leaves behind beside its words."""
RUN_ROOM = 400_000
"""After so many bytes the incident continues as new: what it carries must fit into a payload, which ends at 2 MB."""
TEXTS_ROOM = 900_000
"""With so many bytes waiting to be sent, no more texts are taken."""
CROWDED = 1_000_000
"""With so many bytes taken in by one run or waiting to be sent, nothing is taken but what our own workflows report."""
ANSWERED = 200_000
"""So many bytes more has an update: somebody waits for its answer while a flood of signals is read."""

_TEXTS = (c.AddNote, c.PostUpdate)
_OURS = (c.ReportAlerts, c.Absorb)


class Pace:
    """Counts what arrives."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._count = self._bytes = self._read = 0
        self.taken = 0
        """Bytes of what others than our own workflows have sent."""

    def allows(self, args: Sequence[RawValue], now: datetime) -> bool:
        """Tell whether one more is read at this instant, and count it; the first always is."""
        if now != self._at:
            self._at, self._count, self._bytes = now, 0, 0
        self._count += 1
        self._bytes += _size(args)
        return self._count == 1 or (self._count <= BURST and self._bytes <= BURST_ROOM)

    def take(self, command: c.Command, args: Sequence[RawValue]) -> None:
        """Count what is taken in by this run; a storm of alerts takes no room from people."""
        size = ENTRY + _size(args)
        self._read += size
        self.taken += 0 if isinstance(command, _OURS) else size

    def pass_over(self) -> None:
        """Count what could not be read, of which nothing but an entry stays."""
        self._read += ENTRY
        self.taken += ENTRY

    @property
    def is_spent(self) -> bool:
        """Tell whether this run has taken in enough."""
        return self._read >= RUN_ROOM


def crowded(command: c.Command, taken: int, waiting: int) -> Refusal | None:
    """Return why there is no room for a command, by the bytes that the run has taken in and those that wait."""
    full = max(taken, waiting) >= CROWDED and not isinstance(command, _OURS)
    if not full and not (waiting >= TEXTS_ROOM and isinstance(command, _TEXTS)):
        return None
    kept = f"{max(taken, waiting) // 1_000} kB came at once or wait to be sent"
    return Refusal("crowded", f"there is no room: {kept}; send it again in a minute")


def _size(args: Sequence[RawValue]) -> int:
    return sum(len(arg.payload.data) for arg in args)
