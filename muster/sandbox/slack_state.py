"""What is in the stand-in for Slack, and how its answers are made."""

import re
import time
from typing import Any

from muster.sandbox.vendor import Counter, Fields, Reply, Vendor, number, truth

CHANNELS = ("incident", "production", "support", "employees", "estaff")
PEOPLE = ("ana", "ben", "cem", "dana")
BOT = "UMUSTER"
LONGEST_TEXT = 40_000
LONGEST_PAGE = 1_000
_NAME = re.compile(r"[a-z0-9_-]{1,80}")
_INSIDE = frozenset({"messages", "pins", "bookmarks", "members"})


def ok(**body: Any) -> Reply:
    """Return Slack's good answer."""
    return Reply({"ok": True, **body})


def done(**body: Any) -> Reply:
    """Return Slack's good answer to a write."""
    return Reply({"ok": True, **body}, committed=True)


def error(word: str) -> Reply:
    """Return Slack's bad answer, which is a 200 as well."""
    return Reply({"ok": False, "error": word})


class SlackState(Vendor):
    """Channels with what is in them, and people."""

    name = "slack"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin with the usual channels and a few people."""
        self.channels: dict[str, Fields] = {}
        self.pings: list[str] = []
        self.users = {f"U{name.upper()}": name for name in PEOPLE}
        self._rooms, self._marks = Counter(1), Counter(1)
        self._last_ts = 0
        for name in CHANNELS:
            self._create(name)

    def dump(self) -> Fields:
        """Return the channels, and everyone who was ever pinged."""
        return {"channels": self.channels, "pings": self.pings}

    def load(self, state: Fields) -> None:
        """Take the channels over."""
        self.channels = state.get("channels", {})
        self.pings = state.get("pings", [])
        self._rooms.resume(0, *(one[1:] for one in self.channels))
        marks = (mark["id"][2:] for one in self.channels.values() for mark in one["bookmarks"])
        self._marks.resume(0, *marks)

    def _create(self, name: str, user: str = "") -> Fields:
        """Make a channel, or with a user the direct messages with that person."""
        channel: Fields = {
            "id": f"{'D' if user else 'C'}{self._rooms.next():08d}",
            "name": name,
            "created": int(time.time()),
            "is_archived": False,
            "topic": {"value": ""},
            "purpose": {"value": ""},
            "members": [user] if user else [],
            "messages": [],
            "pins": [],
            "bookmarks": [],
        }
        if user:
            channel |= {"is_im": True, "user": user}
        self.channels[channel["id"]] = channel
        return channel

    def _find(self, channel: object) -> Fields | None:
        wanted = str(channel).removeprefix("#")
        named = (one for one in self.channels.values() if wanted and one["name"] == wanted)
        return self.channels.get(wanted) or next(named, None)

    def _direct(self, user: str) -> Fields | None:
        """Return the direct messages with a person, opened where there are none; None for a stranger."""
        if user not in self.users:
            return None
        opened = (one for one in self.channels.values() if one.get("user") == user)
        return next(opened, None) or self._create("", user)

    def _message(self, given: Fields) -> tuple[Fields | None, Fields | None]:
        channel = self._find(given.get("channel"))
        messages = channel["messages"] if channel else []
        return channel, next((one for one in messages if one["ts"] == str(given.get("ts"))), None)

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def unwritable(channel: Fields | None) -> str | None:
    """Return why nothing can be written there."""
    if channel is None:
        return "channel_not_found"
    return "is_archived" if channel["is_archived"] else None


def misnamed(name: str) -> str | None:
    """Return why a channel cannot have this name."""
    if not name:
        return "invalid_name_required"
    if len(name) > 80:
        return "invalid_name_maxlength"
    return None if _NAME.fullmatch(name) else "invalid_name_specials"


def shown(message: Fields) -> Fields:
    """Return a message as a list of messages has it."""
    return {
        name: value
        for name, value in message.items()
        if name not in {"notified", "edits"} and value
    }


def listed(message: Fields, given: Fields) -> Fields:
    """Return a message of a list, with its metadata only where it was asked for."""
    found = shown(message)
    if not truth(given, "include_all_metadata"):
        found.pop("metadata", None)
    return found


def outline(channel: Fields) -> Fields:
    """Return a channel without what is in it."""
    return {name: value for name, value in channel.items() if name not in _INSIDE}


def paged(name: str, items: list[Any], given: Fields) -> Reply:
    """Return one page and the cursor of the next. Raises Unfit."""
    start = number(given, "cursor", 0)
    limit = min(number(given, "limit", 100) or 100, LONGEST_PAGE)
    following = str(start + limit) if start + limit < len(items) else ""
    return ok(
        **{name: items[start : start + limit], "response_metadata": {"next_cursor": following}}
    )


def pages_of_messages(found: list[Fields], given: Fields) -> Reply:
    """Return one page of messages, and whether there are more."""
    reply = paged("messages", found, given)
    reply.body["has_more"] = bool(reply.body["response_metadata"]["next_cursor"])
    if not reply.body["has_more"]:
        del reply.body["response_metadata"]
    return reply
