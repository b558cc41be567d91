"""A stand-in for Slack's Web API."""

from muster.sandbox.slack_conversations import Conversations
from muster.sandbox.slack_state import (
    BOT,
    LONGEST_TEXT,
    done,
    error,
    ok,
    paged,
    shown,
    unwritable,
)
from muster.sandbox.slack_text import notified
from muster.sandbox.vendor import Call, Fields, Reply, route

URL = "https://sandbox.slack.test/"
MAIL = "example.com"
TEAM = "T00000001"


class Slack(Conversations):
    """Channels with messages, threads, pins and bookmarks; people."""

    routes = (route("POST", r"/api/{method}", "call"), route("GET", r"/api/{method}", "call"))

    def refuse(self, call: Call) -> Reply | None:
        """Slack wants a bearer token."""
        if not call.token:
            return error("not_authed")
        return error("invalid_auth") if call.token == "revoked" else None  # noqa: S105 - a word of the sandbox

    def unknown(self, call: Call) -> Reply:
        """Answer as Slack does."""
        del call
        return error("unknown_method")

    def unfit(self, field: str) -> Reply:
        """Answer as Slack does."""
        return error(f"invalid_{field}")

    def call(self, call: Call, method: str) -> Reply:
        """Answer one method by its name, which has a family and a dot."""
        family, _, word = method.partition(".")
        handler = getattr(self, f"_{family}_{word}", None) if word else None
        return handler(call.fields) if handler else error("unknown_method")

    # Messages.

    def _chat_postMessage(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        channel = self._find(given.get("channel")) or self._direct(str(given.get("channel")))
        refusal = unwritable(channel) or _unfit(given)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        message = {
            "type": "message",
            "ts": self._ts(),
            "user": BOT,
            "text": given.get("text", ""),
            "blocks": given.get("blocks") or [],
            "metadata": given.get("metadata") or {},
            "thread_ts": given.get("thread_ts"),
            "edits": 0,
        }
        self._ping(message, given)
        channel["messages"].append(message)
        return done(channel=channel["id"], ts=message["ts"], message=shown(message))

    def _chat_update(self, given: Fields) -> Reply:
        channel, message = self._message(given)
        if channel is None:
            return error("channel_not_found")
        if message is None:
            return error("message_not_found")
        if (refusal := unwritable(channel) or _unfit(given)) is not None:
            return error(refusal)
        if message["user"] != BOT:
            return error("cant_update_message")
        message |= {"text": given.get("text", ""), "blocks": given.get("blocks") or []}
        message["edits"] += 1
        self._ping(message, given)
        return done(
            channel=channel["id"],
            ts=message["ts"],
            text=message["text"],
            message=shown(message),
        )

    def _ping(self, message: Fields, given: Fields) -> None:
        """Write down whom it pings now, and, beyond any later edit, that it did."""
        message["notified"] = notified(message, given, self.users)
        self.pings += message["notified"]

    def _chat_delete(self, given: Fields) -> Reply:
        channel, message = self._message(given)
        if channel is None or message is None:
            return error("message_not_found")
        if message["user"] != BOT:
            return error("cant_delete_message")
        channel["messages"].remove(message)
        channel["pins"] = [one for one in channel["pins"] if one != message["ts"]]
        return done(channel=channel["id"], ts=message["ts"])

    def _chat_getPermalink(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        channel, message = self._message({**given, "ts": given.get("message_ts")})
        if channel is None or message is None:
            return error("message_not_found")
        link = f"{URL}archives/{channel['id']}/p{message['ts'].replace('.', '')}"
        return ok(channel=channel["id"], permalink=link)

    # Pins, bookmarks, people.

    def _pins_add(self, given: Fields) -> Reply:
        channel, message = self._message({**given, "ts": given.get("timestamp")})
        if channel is None or message is None:
            return error("message_not_found")
        if channel["is_archived"]:
            return error("is_archived")
        if message["ts"] in channel["pins"]:
            return error("already_pinned")
        channel["pins"].append(message["ts"])
        return done()

    def _pins_list(self, given: Fields) -> Reply:
        if (channel := self._find(given.get("channel"))) is None:
            return error("channel_not_found")
        pinned = [one for one in channel["messages"] if one["ts"] in channel["pins"]]
        return ok(items=[{"type": "message", "message": shown(one)} for one in pinned])

    def _bookmarks_add(self, given: Fields) -> Reply:
        if (channel := self._find(given.get("channel_id"))) is None:
            return error("channel_not_found")
        bookmark = {
            "id": f"Bk{self._marks.next()}",
            "title": given.get("title"),
            "link": given.get("link"),
        }
        channel["bookmarks"].append(bookmark)
        return done(bookmark=bookmark)

    def _bookmarks_list(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel_id"))
        return ok(bookmarks=channel["bookmarks"]) if channel else error("channel_not_found")

    def _bookmarks_edit(self, given: Fields) -> Reply:
        channel, mark = self._bookmark(given)
        if channel is None or mark is None:
            return error("not_found" if channel else "channel_not_found")
        mark |= {name: given[name] for name in ("title", "link") if name in given}
        return done(bookmark=mark)

    def _bookmarks_remove(self, given: Fields) -> Reply:
        channel, mark = self._bookmark(given)
        if channel is None or mark is None:
            return error("not_found" if channel else "channel_not_found")
        channel["bookmarks"].remove(mark)
        return done()

    def _bookmark(self, given: Fields) -> tuple[Fields | None, Fields | None]:
        channel = self._find(given.get("channel_id"))
        marks = channel["bookmarks"] if channel else []
        wanted = given.get("bookmark_id")
        return channel, next((one for one in marks if one["id"] == wanted), None)

    def _users_list(self, given: Fields) -> Reply:
        return paged("members", [self._person(user) for user in self.users], given)

    def _users_info(self, given: Fields) -> Reply:
        user = str(given.get("user"))
        return ok(user=self._person(user)) if user in self.users else error("user_not_found")

    def _users_lookupByEmail(self, given: Fields) -> Reply:  # noqa: N802 - Slack's name
        wanted = str(given.get("email", "")).lower()
        found = (user for user, name in self.users.items() if wanted == f"{name}@{MAIL}")
        user = next(found, None)
        return ok(user=self._person(user)) if user else error("users_not_found")

    def _person(self, user: str) -> Fields:
        name = self.users[user]
        profile = {"email": f"{name}@{MAIL}", "real_name": name.title(), "display_name": name}
        return {"id": user, "team_id": TEAM, "name": name, "deleted": False, "profile": profile}

    def _auth_test(self, given: Fields) -> Reply:
        del given
        return ok(url=URL, team="Sandbox", user="muster", team_id=TEAM, user_id=BOT)


def _unfit(given: Fields) -> str | None:
    if not given.get("text") and not given.get("blocks"):
        return "no_text"
    return "msg_too_long" if len(str(given.get("text", ""))) > LONGEST_TEXT else None


def _notified(message: Fields) -> list[str]:
    """Return whom a message pings that asks for no names to be linked."""
    return notified(message, {}, {})
