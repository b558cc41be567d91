"""What is in the four vendors, by business key: the checker's own reading of their objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chaos.checker.evidence import Evidence, Json

MARK = re.compile(r"<!-- muster:(\S+) -->\s*\Z")
AGENDA = re.compile(r"\A\[muster (\S+)\]")
PURPOSE = re.compile(r"muster key (\S+)")
OWN_CHANNEL = re.compile(r"\Ainc-(\d+)(?:-\d+)?\Z")
TOKEN = re.compile(r"\(t\d+\.\d+\)")


@dataclass(frozen=True)
class Thing:
    """One live object at a vendor."""

    place: str
    key: str
    text: str = ""


def messages(evidence: Evidence) -> Iterator[Thing]:
    """Yield the live messages of ours in Slack, the oldest of each channel first."""
    for channel in evidence.vendors["slack"]["channels"].values():
        for one in sorted(channel["messages"], key=lambda found: float(found["ts"])):
            key = ((one.get("metadata") or {}).get("event_payload") or {}).get("key", "")
            place = f"{channel['name']}{'/thread' if one['thread_ts'] else ''}"
            yield Thing(place, key, _whole(one))


def _whole(message: Json) -> str:
    return str(message["text"])


def issues(evidence: Evidence) -> Iterator[Thing]:
    """Yield the live issues; one that was retired as a double has no key any more."""
    for issue in evidence.vendors["gitlab"]["issues"].values():
        yield Thing("issue", _marked(issue["description"]), issue["title"])


def notes(evidence: Evidence) -> Iterator[Thing]:
    """Yield the notes of all issues, in the order in which they happened."""
    for issue in evidence.vendors["gitlab"]["issues"].values():
        for note in sorted(issue["notes"], key=lambda found: int(found["id"])):
            yield Thing("note", _marked(note["body"]), note["body"])


def _marked(text: str) -> str:
    found = MARK.search(text)
    return found.group(1) if found else ""


def meetings(evidence: Evidence) -> Iterator[Thing]:
    """Yield the meetings that were not retired."""
    for one in evidence.vendors["zoom"]["meetings"].values():
        found = AGENDA.search(one["agenda"])
        yield Thing("meeting", found.group(1) if found else "", one["topic"])


def opened_meetings(evidence: Evidence) -> set[str]:
    """Return the keys of all meetings that were ever made."""
    found = (AGENDA.search(one["mark"]) for one in evidence.calls if one["committed"])
    return {one.group(1) for one in found if one}


def own_channels(evidence: Evidence) -> Iterator[tuple[int, Any]]:
    """Yield the channels of incidents, archived ones too, with the number in their name."""
    for channel in evidence.vendors["slack"]["channels"].values():
        found = OWN_CHANNEL.search(channel["name"])
        if found:
            yield int(found.group(1)), channel


def posts(evidence: Evidence) -> Iterator[Thing]:
    """Yield the public posts, the oldest first."""
    for one in sorted(evidence.vendors["x"]["posts"].values(), key=lambda found: int(found["id"])):
        yield Thing("status", "", one["text"])


def tokens(things: Iterator[Thing]) -> dict[str, list[str]]:
    """Return the marks of the texts in each place, in the order in which they are read."""
    found: dict[str, list[str]] = {}
    for one in things:
        found.setdefault(one.place, []).extend(TOKEN.findall(one.text))
    return found
