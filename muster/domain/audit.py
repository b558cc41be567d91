"""What an auditor looks for in open incidents, and which of it is news: pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from muster.domain.model import Record, Time
from muster.names import DRILL

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a look that nobody has had."""
OVERDUE = timedelta(seconds=30)
"""So long after its time a step counts as missed, not as just happening; with a look a minute, it is said in two."""
STUCK_ATTEMPTS = 3
"""A workflow task that was tried so often does not end by itself."""
STUCK = timedelta(seconds=30)
"""So long a workflow task may wait for a worker."""
SAID_AGAIN = timedelta(minutes=30)
"""How often what goes on is said again."""
SAID_AT_ONCE = 20
"""One message names so many findings; where more is wrong, a list is no help."""


class Trouble(StrEnum):
    """What can be wrong with an open incident, or with the ledger."""

    GONE = "no live workflow"
    STUCK = "stuck workflow task"
    SILENT = "does not answer"
    OVERDUE = "overdue step"
    LATE = "late"
    """Late by people: an audience without its update, a severity that nobody confirms, an attempt without an end."""


class Sighting(Record):
    """One open incident, as the ledger and the server know it; or the ledger itself, which has no number."""

    workflow_id: str
    number: int = 0
    drill: bool = False
    running: bool = True
    task_attempts: int = 0
    """How often its pending workflow task was tried."""
    task_since: Time | None = None
    """Since when its workflow task waits."""
    answers: bool = True
    """It answered a query, where it was asked."""
    due: tuple[tuple[Time, str], ...] = ()
    late: tuple[str, ...] = ()

    def is_stuck(self, now: datetime) -> bool:
        """Tell whether its workflow task fails or finds no worker; to ask it anything would only cost time."""
        waits = self.task_since is not None and now - self.task_since > STUCK
        return self.task_attempts >= STUCK_ATTEMPTS or waits


class Finding(Record):
    """Something that is wrong."""

    trouble: Trouble
    number: int
    workflow_id: str
    text: str

    @property
    def key(self) -> str:
        """Return what makes it the same finding the next time."""
        return f"{self.trouble}/{self.workflow_id}/{self.text}"


class Told(Record):
    """What was said of it last, and when."""

    key: str
    at: Time


class Audit(Record):
    """What one look has found; the next one begins with it."""

    at: Time
    findings: tuple[Finding, ...] = ()
    told: tuple[Told, ...] = ()


def findings(sightings: Iterable[Sighting], now: datetime) -> tuple[Finding, ...]:
    """Return everything that is wrong, one after the other."""
    return tuple(found for one in sightings for found in _of(one, now))


def _of(seen: Sighting, now: datetime) -> Iterator[Finding]:
    def found(trouble: Trouble, text: str) -> Finding:
        told = DRILL + text if seen.drill else text
        return Finding(trouble=trouble, number=seen.number, workflow_id=seen.workflow_id, text=told)

    if not seen.running:
        yield found(Trouble.GONE, "it is open, and its workflow does not run")
        return
    if seen.is_stuck(now):
        yield found(Trouble.STUCK, "its workflow task fails or finds no worker")
    elif not seen.answers:
        yield found(Trouble.SILENT, "it does not answer a query in time")
    for at, text in seen.due:
        if now - at > OVERDUE:
            yield found(Trouble.OVERDUE, f"{text}, due at {at:%H:%M:%S} UTC")
    for text in seen.late:
        yield found(Trouble.LATE, text)


def news(found: tuple[Finding, ...], before: Audit | None, now: datetime) -> tuple[Finding, ...]:
    """Return what is to be said now: what is new, and what goes on since it was said long ago."""
    told = {one.key: one.at for one in before.told} if before else {}
    return tuple(one for one in found if one.key not in told or now - told[one.key] >= SAID_AGAIN)


def said(
    found: tuple[Finding, ...],
    new: tuple[Finding, ...],
    before: Audit | None,
    now: datetime,
) -> Audit:
    """Return the audit for the next one to begin with; what is not found any more is forgotten."""
    told = {one.key: one.at for one in before.told} if before else {}
    told |= {one.key: now for one in new}
    kept = tuple(Told(key=one.key, at=told[one.key]) for one in found if one.key in told)
    return Audit(at=now, findings=found, told=kept)


def words(new: Sequence[Finding]) -> str:
    """Return what is said in the chat."""
    lines = [f"{_named(one)} {one.trouble}: {one.text}" for one in new[:SAID_AT_ONCE]]
    if len(new) > SAID_AT_ONCE:
        lines.append(f"and {len(new) - SAID_AT_ONCE} more")
    return "\n".join(["The auditor has found:", *lines])


def _named(found: Finding) -> str:
    return f"#{found.number}" if found.number else f"the {found.workflow_id}"
