"""What a command answers: the incident in one line, what was said, and the next step."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from muster.names import DRILL
from starter.cli import times
from starter.cli.page import Row, inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starter.cli.session import Session
    from starter.client import Address

Document = dict[str, Any]

DONE, RECORDED = 0, 6
SHARED = ("title", "severity", "phase", "service")
"""What an answer has of its incident, besides number and workflow id."""
SEVERITY_STYLES = {"S1": "bold red", "S2": "bold magenta", "S3": "bold yellow", "S4": "bold cyan"}


def headline(incident: Document) -> str:
    """Return ``#42 S1 active "api errors"``."""
    number = incident.get("number")
    title = inert(incident.get("title") or "")
    named = [
        f"#{number}" if number else "#?",
        incident.get("severity") or "S?",
        incident.get("phase") or "",
        f'"{title}"' if title else "",
    ]
    return " ".join(part for part in named if part)


def titled(declaration: Document) -> str:
    """Return the title of what is declared as the incident has it."""
    return f"{DRILL if declaration.get('drill') else ''}{declaration.get('title') or ''}"


def head(incident: Document) -> Row:
    """Return the row with which every answer begins."""
    style = SEVERITY_STYLES.get(str(incident.get("severity")), "bold")
    return Row(headline(incident), style=style, whole=True)


def give(session: "Session", address: "Address", answer: Document | None, done: str) -> int:
    """Show the answer, or what was done where it says nothing; return the exit code."""
    document = recorded(address) if answer is None else answer
    applied = document["outcome"] == "applied"
    told = document if document.get("message") or not applied else document | {"message": done}
    session.show(document, rows(told, datetime.now(UTC)))
    return DONE if applied else RECORDED


def recorded(address: "Address") -> Document:
    """Return the answer of a command that nobody has answered yet."""
    label = address.number or address.workflow_id
    return {
        "outcome": "recorded",
        "message": "recorded, not yet applied: no worker answers. Do not repeat it",
        **{name: (address.entry or {}).get(name) for name in SHARED},
        "number": address.number,
        "workflow_id": address.workflow_id,
        "next_command": f"muster show {label}",
    }


def rows(answer: Document, now: datetime) -> "Iterator[Row]":
    """Yield an answer for people."""
    yield head(answer)
    if message := inert(answer.get("message") or ""):
        outcome = answer.get("outcome")
        yield Row(message, style="" if outcome == "applied" else "yellow", whole=True)
    if answer.get("closes_at"):
        yield Row(f"closes {times.shown(answer['closes_at'], now)}, if it stays stable")
    if answer.get("phase") == "closed" and answer.get("window_ends_at"):
        yield Row(times.reopenable(answer["window_ends_at"], now))
    if answer.get("predecessor") and answer.get("severity") == "S2":
        yield Row(f"S2 by the 3-hour rule, after #{answer['predecessor']}")
    if following := answer.get("next_command"):
        yield next_step(following)


def refused(answer: "Mapping[str, Any]") -> "Iterator[Row]":
    """Yield a refusal for people; an answer that knows its incident begins with it."""
    if answer.get("severity"):
        yield head(dict(answer))
    why = inert(answer.get("message") or answer.get("code"))
    yield Row(f"refused: {why}", style="yellow", whole=True)


def next_step(command: str) -> Row:
    """Return the row with the command to copy."""
    return Row(inert(command), label="Next", style="green", whole=True)


def others(answer: Document, now: datetime) -> "Iterator[Row]":
    """Yield what a declaration should know: open on the service, closed in the last window."""
    for other in answer.get("others", ()):
        closed = other.get("closed_at")
        when = f", closed {times.shown(closed, now)}" if closed else ""
        service = f" on {inert(other['service'])}" if other.get("service") else ""
        yield Row(f"{headline(other)}{service}{when}", label="See also")
