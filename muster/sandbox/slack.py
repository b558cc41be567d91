"""A stand-in for Slack's Web API."""

import itertools
import re
import time
from typing import Any

from muster.sandbox.vendor import Call, Fields, Reply, Vendor, route

URL = "https://sandbox.slack.test/"
CHANNELS = ("incident", "production", "support", "employees", "estaff")
PEOPLE = ("ana", "ben", "cem", "dana")
_PING = re.compile(r"<(!channel|!here|!everyone|@U\w+)(?:\|[^>]*)?>")
_NAME = re.compile(r"[a-z0-9_-]{1,80}")


def ok(**body: Any) -> Reply:
    """Return Slack's good answer."""
    return Reply({"ok": True, **body})


def done(**body: Any) -> Reply:
    """Return Slack's good answer to a write."""
    return Reply({"ok": True, **body}, committed=True)


def error(word: str) -> Reply:
    """Return Slack's bad answer, which is a 200 as well."""
    return Reply({"ok": False, "error": word})


class Slack(Vendor):
    """Channels with messages, threads, pins and bookmarks; people."""

    name = "slack"
    routes = (route("POST", r"/api/{method}", "call"), route("GET", r"/api/{method}", "call"))

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin with the usual channels and a few people."""
        self.channels: dict[str, Fields] = {}
        self.users = {f"U{name.upper()}": name for name in PEOPLE}
        self._count = itertools.count(1)
        self._last_ts = 0
        for name in CHANNELS:
            self._create(name)

    def dump(self) -> Fields:
        """Return the channels."""
        return {"channels": self.channels}

    def load(self, state: Fields) -> None:
        """Take the channels over."""
        self.channels = state["channels"]
        self._count = itertools.count(len(self.channels) + 1)

    def refuse(self, call: Call) -> Reply | None:
        """Slack wants a bearer token."""
        if not call.token:
            return error("not_authed")
        return error("invalid_auth") if call.token == "revoked" else None  # noqa: S105 - a word of the sandbox

    def unknown(self, call: Call) -> Reply:
        """Answer as Slack does."""
        del call
        return error("unknown_method")

    def call(self, call: Call, method: str) -> Reply:
        """Answer one method by its name."""
        handler = getattr(self, f"_{method.replace('.', '_')}", None)
        return handler(call.fields) if handler else error("unknown_method")

    # Messages.

    def _chat_postMessage(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        channel = self._find(given.get("channel"))
        refusal = _unwritable(channel) or _unfit(given)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        message = {
            "type": "message",
            "ts": self._ts(),
            "user": "UMUSTER",
            "text": given.get("text", ""),
            "blocks": given.get("blocks") or [],
            "metadata": given.get("metadata") or {},
            "thread_ts": given.get("thread_ts"),
            "edits": 0,
        }
        message["notified"] = _notified(message)
        channel["messages"].append(message)
        return done(channel=channel["id"], ts=message["ts"], message=_shown(message))

    def _chat_update(self, given: Fields) -> Reply:
        channel, message = self._message(given)
        if channel is None:
            return error("channel_not_found")
        if message is None:
            return error("message_not_found")
        message |= {"text": given.get("text", ""), "blocks": given.get("blocks") or []}
        message["edits"] += 1
        message["notified"] = _notified(message)
        return done(
            channel=channel["id"],
            ts=message["ts"],
            text=message["text"],
            message=_shown(message),
        )

    def _chat_delete(self, given: Fields) -> Reply:
        channel, message = self._message(given)
        if channel is None or message is None:
            return error("message_not_found")
        channel["messages"].remove(message)
        return done(channel=channel["id"], ts=message["ts"])

    def _chat_getPermalink(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        channel, message = self._message({**given, "ts": given.get("message_ts")})
        if channel is None or message is None:
            return error("message_not_found")
        link = f"{URL}archives/{channel['id']}/p{message['ts'].replace('.', '')}"
        return ok(channel=channel["id"], permalink=link)

    # Channels.

    def _conversations_create(self, given: Fields) -> Reply:
        name = str(given.get("name", ""))
        if not _NAME.fullmatch(name):
            return error("invalid_name_specials" if name else "invalid_name_required")
        if any(one["name"] == name for one in self.channels.values()):
            return error("name_taken")
        return done(channel=_outline(self._create(name)))

    def _conversations_list(self, given: Fields) -> Reply:
        archived = str(given.get("exclude_archived", "false")).lower() == "true"
        found = [one for one in self.channels.values() if not (archived and one["is_archived"])]
        return _paged("channels", [_outline(one) for one in found], given)

    def _conversations_info(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        return ok(channel=_outline(channel)) if channel else error("channel_not_found")

    def _conversations_history(self, given: Fields) -> Reply:
        if (channel := self._find(given.get("channel"))) is None:
            return error("channel_not_found")
        after = float(given.get("oldest") or 0)
        found = [
            _listed(one, given)
            for one in reversed(channel["messages"])
            if not one["thread_ts"] and float(one["ts"]) > after
        ]
        reply = _pages_of_messages(found, given)
        actions = {"channel_actions_ts": None, "channel_actions_count": 0}
        reply.body |= {"pin_count": len(channel["pins"]), **actions}
        return reply

    def _conversations_replies(self, given: Fields) -> Reply:
        channel, parent = self._message(given)
        if channel is None or parent is None:
            return error("thread_not_found")
        replies = [one for one in channel["messages"] if one["thread_ts"] == parent["ts"]]
        return _pages_of_messages([_listed(one, given) for one in (parent, *replies)], given)

    def _conversations_invite(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        refusal = _unwritable(channel)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        wanted = str(given.get("users", "")).split(",")
        if any(user not in self.users for user in wanted):
            return error("user_not_found")
        if all(user in channel["members"] for user in wanted):
            return error("already_in_channel")
        channel["members"] += [user for user in wanted if user not in channel["members"]]
        return done(channel=_outline(channel))

    def _conversations_join(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        return done(channel=_outline(channel)) if channel else error("channel_not_found")

    def _conversations_archive(self, given: Fields) -> Reply:
        return self._archive(given, archived=True, already="already_archived")

    def _conversations_unarchive(self, given: Fields) -> Reply:
        return self._archive(given, archived=False, already="not_archived")

    def _archive(self, given: Fields, *, archived: bool, already: str) -> Reply:
        if (channel := self._find(given.get("channel"))) is None:
            return error("channel_not_found")
        if channel["is_archived"] is archived:
            return error(already)
        channel["is_archived"] = archived
        return done()

    def _conversations_setTopic(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        return self._set(given, "topic")

    def _conversations_setPurpose(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        return self._set(given, "purpose")

    def _set(self, given: Fields, what: str) -> Reply:
        channel = self._find(given.get("channel"))
        refusal = _unwritable(channel)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        if len(str(given.get(what, ""))) > 250:
            return error("too_long")
        channel[what] = {"value": given.get(what, "")}
        return done(channel=_outline(channel))

    # Pins, bookmarks, people.

    def _pins_add(self, given: Fields) -> Reply:
        channel, message = self._message({**given, "ts": given.get("timestamp")})
        if channel is None or message is None:
            return error("message_not_found")
        if message["ts"] in channel["pins"]:
            return error("already_pinned")
        channel["pins"].append(message["ts"])
        return done()

    def _bookmarks_add(self, given: Fields) -> Reply:
        if (channel := self._find(given.get("channel_id"))) is None:
            return error("channel_not_found")
        bookmark = {
            "id": f"Bk{next(self._count)}",
            "title": given.get("title"),
            "link": given.get("link"),
        }
        channel["bookmarks"].append(bookmark)
        return done(bookmark=bookmark)

    def _bookmarks_list(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel_id"))
        return ok(bookmarks=channel["bookmarks"]) if channel else error("channel_not_found")

    def _auth_test(self, given: Fields) -> Reply:
        del given
        return ok(url=URL, team="Sandbox", user="muster", team_id="T1", user_id="UMUSTER")

    # State.

    def _create(self, name: str) -> Fields:
        channel: Fields = {
            "id": f"C{next(self._count):08d}",
            "name": name,
            "created": int(time.time()),
            "is_archived": False,
            "topic": {"value": ""},
            "purpose": {"value": ""},
            "members": [],
            "messages": [],
            "pins": [],
            "bookmarks": [],
        }
        self.channels[channel["id"]] = channel
        return channel

    def _find(self, channel: object) -> Fields | None:
        wanted = str(channel).removeprefix("#")
        named = (one for one in self.channels.values() if one["name"] == wanted)
        return self.channels.get(wanted) or next(named, None)

    def _message(self, given: Fields) -> tuple[Fields | None, Fields | None]:
        channel = self._find(given.get("channel"))
        messages = channel["messages"] if channel else []
        return channel, next((one for one in messages if one["ts"] == str(given.get("ts"))), None)

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _unwritable(channel: Fields | None) -> str | None:
    if channel is None:
        return "channel_not_found"
    return "is_archived" if channel["is_archived"] else None


def _unfit(given: Fields) -> str | None:
    if not given.get("text") and not given.get("blocks"):
        return "no_text"
    return "msg_too_long" if len(str(given.get("text", ""))) > 40_000 else None


def _notified(message: Fields) -> list[str]:
    """Return whom the message pings: control sequences in text and in mrkdwn blocks; plain text does nothing."""
    texts = [str(message["text"])]
    texts += [
        str(block["text"]["text"])
        for block in message["blocks"]
        if isinstance(block.get("text"), dict) and block["text"].get("type") == "mrkdwn"
    ]
    return sorted({one for text in texts for one in _PING.findall(text)})


def _shown(message: Fields) -> Fields:
    """Return a message as a list of messages has it."""
    return {
        name: value
        for name, value in message.items()
        if name not in {"notified", "edits"} and value
    }


def _listed(message: Fields, given: Fields) -> Fields:
    """Return a message of a list, with its metadata only where it was asked for."""
    shown = _shown(message)
    if str(given.get("include_all_metadata", "")).lower() not in {"true", "1"}:
        shown.pop("metadata", None)
    return shown


def _pages_of_messages(found: list[Fields], given: Fields) -> Reply:
    reply = _paged("messages", found, given)
    reply.body["has_more"] = bool(reply.body["response_metadata"]["next_cursor"])
    if not reply.body["has_more"]:
        del reply.body["response_metadata"]
    return reply


def _outline(channel: Fields) -> Fields:
    """Return a channel without what is in it."""
    return {
        name: value
        for name, value in channel.items()
        if name not in {"messages", "pins", "bookmarks", "members"}
    }


def _paged(name: str, items: list[Fields], given: Fields) -> Reply:
    start = int(given.get("cursor") or 0)
    limit = int(given.get("limit") or 100)
    following = str(start + limit) if start + limit < len(items) else ""
    return Reply(
        {
            "ok": True,
            name: items[start : start + limit],
            "response_metadata": {"next_cursor": following},
        }
    )
