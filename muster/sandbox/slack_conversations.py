"""The methods of Slack that are about channels."""

from collections.abc import Callable

from muster.sandbox.slack_state import (
    BOT,
    SlackState,
    done,
    error,
    listed,
    misnamed,
    ok,
    outline,
    paged,
    pages_of_messages,
    unwritable,
)
from muster.sandbox.vendor import Fields, Reply, Unfit, truth


def _type(channel: Fields) -> str:
    if channel.get("is_im"):
        return "im"
    return "private_channel" if channel.get("is_private") else "public_channel"


class Conversations(SlackState):
    """``conversations.*``, each under its own name."""

    def _conversations_create(self, given: Fields) -> Reply:
        name = str(given.get("name", ""))
        if (refusal := misnamed(name) or self._taken(name)) is not None:
            return error(refusal)
        made = self._create(name)
        made |= {"is_private": truth(given, "is_private"), "creator": BOT}
        return done(channel=outline(made))

    def _conversations_rename(self, given: Fields) -> Reply:
        channel, name = self._find(given.get("channel")), str(given.get("name", ""))
        refusal = unwritable(channel) or misnamed(name) or self._taken(name)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        channel["name"] = name
        return done(channel=outline(channel))

    def _taken(self, name: str) -> str | None:
        known = any(one["name"] == name for one in self.channels.values())
        return "name_taken" if known else None

    def _conversations_list(self, given: Fields) -> Reply:
        hidden = truth(given, "exclude_archived")
        types = str(given.get("types") or "public_channel").split(",")
        found = [
            one
            for one in self.channels.values()
            if _type(one) in types and not (hidden and one["is_archived"])
        ]
        return paged("channels", [outline(one) for one in found], given)

    def _conversations_info(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        return ok(channel=outline(channel)) if channel else _unknown()

    def _conversations_history(self, given: Fields) -> Reply:
        if (channel := self._find(given.get("channel"))) is None:
            return error("channel_not_found")
        within = _span(given)
        found = [
            listed(one, given)
            for one in reversed(channel["messages"])
            if not one["thread_ts"] and within(float(one["ts"]))
        ]
        reply = pages_of_messages(found, given)
        actions = {"channel_actions_ts": None, "channel_actions_count": 0}
        reply.body |= {"pin_count": len(channel["pins"]), **actions}
        return reply

    def _conversations_replies(self, given: Fields) -> Reply:
        channel, parent = self._message(given)
        if channel is None or parent is None:
            return error("thread_not_found")
        replies = [one for one in channel["messages"] if one["thread_ts"] == parent["ts"]]
        return pages_of_messages([listed(one, given) for one in (parent, *replies)], given)

    def _conversations_invite(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        refusal = unwritable(channel)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        wanted = str(given.get("users", "")).split(",")
        if any(user not in self.users for user in wanted):
            return error("user_not_found")
        if all(user in channel["members"] for user in wanted):
            return error("already_in_channel")
        channel["members"] += [user for user in wanted if user not in channel["members"]]
        return done(channel=outline(channel))

    def _conversations_join(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        refusal = unwritable(channel)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        if BOT not in channel["members"]:
            channel["members"].append(BOT)
        return done(channel=outline(channel))

    def _conversations_members(self, given: Fields) -> Reply:
        channel = self._find(given.get("channel"))
        return paged("members", channel["members"], given) if channel else _unknown()

    def _conversations_open(self, given: Fields) -> Reply:
        users = [one for one in str(given.get("users") or "").split(",") if one]
        if len(users) != 1:
            return error("too_many_users" if users else "users_list_not_supplied")
        room = self._direct(users[0])
        return done(channel=outline(room)) if room else error("user_not_found")

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
        refusal = unwritable(channel)
        if channel is None or refusal:
            return error(refusal or "channel_not_found")
        if len(str(given.get(what, ""))) > 250:
            return error("too_long")
        channel[what] = {"value": given.get(what, "")}
        return done(channel=outline(channel))


def _unknown() -> Reply:
    return error("channel_not_found")


def _span(given: Fields) -> Callable[[float], bool]:
    """Return what tells whether a time is between ``oldest`` and ``latest``; both ends count where ``inclusive``."""
    oldest, latest = _moment(given, "oldest", 0.0), _moment(given, "latest", float("inf"))
    if truth(given, "inclusive"):
        return lambda at: oldest <= at <= latest
    return lambda at: oldest < at < latest


def _moment(given: Fields, name: str, default: float) -> float:
    try:
        return float(given.get(name) or default)
    except ValueError:
        raise Unfit(f"ts_{name}") from None
