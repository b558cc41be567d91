"""Unfolds turns and calendars in a process of its own, so that a hostile recurrence costs that process and nothing else."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from muster.domain.model import Time, Value
from muster.domain.rotation import Turns
from muster.domain.timetable import Shift

PATIENCE = 60.0
"""Seconds that one source may take, and its limit of CPU time."""
MEMORY = 2 << 30
"""Bytes of address space that the process may have."""
EXHAUSTED = 3
"""With this the process leaves that has no memory left."""
MODULE = "muster.oncall"


class Source(Value):
    """One layer's source: written turns, or the text of a calendar and the handles of the names in it."""

    timezone: str
    since: Time
    until: Time
    turns: Turns | None = None
    text: str = ""
    names: dict[str, str] = {}


class Unfolded(Value):
    """What became of a source; ``error`` says why it has no shifts."""

    shifts: tuple[tuple[int, int, str], ...] = ()
    """Start and end in seconds since 1970, and the handle."""
    unknown: tuple[str, ...] = ()
    """Summaries of events that name nobody we know, the first few."""
    error: str | None = None

    def timed(self) -> list[Shift]:
        """Return the shifts with their times."""
        return [
            Shift(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), person)
            for start, end, person in self.shifts
        ]


def unfold(sources: Sequence[Source], patience: float | None = None) -> list[Unfolded]:
    """Return what becomes of each source; one that takes too long takes those of the same call with it."""
    if not sources:
        return []
    patience = patience or PATIENCE
    given = json.dumps([one.model_dump(mode="json") for one in sources]).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            (sys.executable, "-m", MODULE),
            input=given,
            capture_output=True,
            timeout=patience,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return _failed(sources, f"takes longer than {patience:g} s to unfold")
    except subprocess.CalledProcessError as error:
        return _failed(sources, _why(error))
    return [Unfolded.model_validate(one) for one in json.loads(done.stdout)]


def _why(error: subprocess.CalledProcessError) -> str:
    """Return why the process has ended: at one of its limits, or by an error that nobody foresaw."""
    if error.returncode < 0 or error.returncode == EXHAUSTED:
        return "takes more time or memory to unfold than it may have"
    last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return f"cannot be unfolded: {last[:200]}"


def _failed(sources: Sequence[Source], why: str) -> list[Unfolded]:
    return [Unfolded(error=why) for _ in sources]
