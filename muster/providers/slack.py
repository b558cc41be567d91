"""Slack over slack-sdk's asynchronous client."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from muster.domain.effects import Card, Link, Receipt
from muster.domain.model import Time
from muster.ports import Drift, NotFound, ProviderError, Rejected
from muster.providers import slack_words as words
from muster.providers.slack_calls import SlackCalls, listed, text_of
from muster.providers.slack_messages import keep_oldest, marked, sweep

NAMES_TRIED = 9
ARCHIVED = frozenset({"is_archived"})
"""What an archived channel says to a change that it does not need any more."""


class SlackChat:
    """The Chat port. ``people`` maps handles to Slack user ids; ``timeout`` is in seconds, for each call."""

    def __init__(
        self, token: str, base_url: str, *, people: Mapping[str, str], timeout: int = 5
    ) -> None:
        self._api = SlackCalls(token, base_url, timeout=timeout)
        self._people = dict(people)
        self._workspace: str | None = None
        self._user = ""
        self._marked: set[str] = set()

    async def announce(self, key: str, channel: str, card: Card, *, fresh: bool) -> Receipt:
        """Post the card; one call when fresh."""
        return await self._post(key, channel, words.card(card), fresh=fresh)

    async def edit(self, message: Receipt, card: Card, *, key: str) -> Receipt:
        """Replace the card; in a channel that has been archived since there is nothing to keep current."""
        del key
        shown = words.card(card)
        await self._api.forgiving(
            ARCHIVED, "chat.update", channel=message.container, ts=message.id, **shown
        )
        return message.model_copy(update={"link": await self._link(message.container, message.id)})

    async def say(
        self,
        key: str,
        text: str,
        *,
        channel: str = "",
        thread: Receipt | None = None,
        people: tuple[str, ...] = (),
        fresh: bool,
    ) -> Receipt:
        """Post a text to a channel or into a thread; only ``people`` are notified."""
        said = words.text(text, [self._people.get(person, "") for person in people])
        if thread is None:
            return await self._post(key, channel, said, fresh=fresh)
        return await self._post(key, thread.container, said, fresh=fresh, thread=thread.id)

    async def open_channel(
        self, key: str, name: str, *, private: bool = False, fresh: bool
    ) -> Receipt:
        """Create the channel; a name that another's channel has is followed by -2, -3 and so on."""
        found = None
        if not fresh:
            await self._who()
            found = await self._own_channel(key, name)
        found = found or await self._create(key, name, private=private)
        return Receipt(
            id=found["id"],
            container=found["id"],
            note=found["name"],
            link=await self._link(found["id"]),
        )

    async def set_topic(self, channel: Receipt, topic: str, *, key: str) -> Receipt:
        """Set the topic, and once the purpose with the marker by which the channel is known as ours."""
        await self._writable("conversations.setTopic", channel.id, topic=words.escaped(topic))
        if key not in self._marked:
            await self._api.call(
                "conversations.setPurpose", channel=channel.id, purpose=words.purpose(key)
            )
            self._marked.add(key)
        return channel

    async def pin(self, key: str, channel: Receipt, card: Card, *, fresh: bool) -> Receipt:
        """Post the card into the channel and pin it."""
        posted = await self._post(key, channel.id, words.card(card), fresh=fresh)
        await self._api.forgiving(
            {"already_pinned"}, "pins.add", channel=posted.container, timestamp=posted.id
        )
        return posted

    async def bookmark(self, channel: Receipt, links: tuple[Link, ...]) -> Receipt:
        """Add these bookmarks, except those whose address is there."""
        known = await self._bookmarked(channel.id)
        for link in links:
            if link.url not in known:
                await self._api.forgiving(
                    ARCHIVED,
                    "bookmarks.add",
                    channel_id=channel.id,
                    title=link.title,
                    type="link",
                    link=link.url,
                )
        return channel

    async def invite(self, channel: Receipt, people: tuple[str, ...]) -> Receipt:
        """Bring these people in, one by one, so that one who is in already keeps nobody out."""
        unknown = [person for person in people if person not in self._people]
        for person in people:
            if user := self._people.get(person):
                forgiven = {"already_in_channel", "cant_invite_self", *ARCHIVED}
                await self._api.forgiving(
                    forgiven, "conversations.invite", channel=channel.id, users=user
                )
        note = f"not known to Slack: {', '.join(unknown)}" if unknown else ""
        return channel.model_copy(update={"note": note})

    async def archive(self, channel: Receipt) -> Receipt:
        """Archive the channel."""
        await self._api.forgiving({"already_archived"}, "conversations.archive", channel=channel.id)
        return channel

    async def sweep(
        self, prefix: str, channels: tuple[str, ...], kept: Mapping[str, Receipt], *, since: Time
    ) -> Receipt:
        """Retire what Slack has made twice: since then in these channels and in the thread; our channel, its bookmarks."""
        keep = {key: one.id for key, one in kept.items()}
        places: list[tuple[str, str | None]] = [
            (await self._channel_id(one), None) for one in channels
        ]
        announced, own = kept.get(f"{prefix}announce"), kept.get(f"{prefix}channel")
        if announced is not None:
            places += [(announced.container, None), (announced.container, announced.id)]
        if own is not None:
            places.append((own.id, None))
            await self._who()
            await self._own_channel(f"{prefix}channel", own.note, keep=own.id)
            await self._bookmarked(own.id)
        retired = 0
        for channel, thread in dict.fromkeys(places):
            retired += await sweep(self._api, prefix, channel, thread, since=since, keep=keep)
        return Receipt(note=f"{retired} made twice, retired" if retired else "")

    # Finding by key.

    async def _post(
        self,
        key: str,
        channel: str,
        shown: dict[str, Any],
        *,
        fresh: bool,
        thread: str | None = None,
    ) -> Receipt:
        if not fresh:
            container = await self._channel_id(channel)
            if (kept := await keep_oldest(self._api, key, container, thread)) is not None:
                return Receipt(id=kept, container=container, link=await self._link(container, kept))
        reply = await self._writable(
            "chat.postMessage",
            channel,
            metadata=marked(key),
            thread_ts=thread,
            unfurl_links=False,
            unfurl_media=False,
            **shown,
        )
        posted, container = text_of(reply, "ts"), text_of(reply, "channel")
        return Receipt(id=posted, container=container, link=await self._link(container, posted))

    async def _channels(self) -> AsyncIterator[dict[str, Any]]:
        query = {"limit": 200, "exclude_archived": False, "types": "public_channel,private_channel"}
        async for channel in self._api.pages("conversations.list", "channels", query, 20_000):
            yield channel

    async def _channel_id(self, channel: str) -> str:
        if not channel.startswith("#"):
            return channel
        async for one in self._channels():
            if one.get("name") == channel[1:]:
                return str(one["id"])
        raise NotFound(channel, code="channel_not_found")

    async def _own_channel(self, key: str, name: str, keep: str = "") -> dict[str, Any] | None:
        """Return our channel of this key, marked in its purpose or made by us and not marked yet; others are archived."""
        found = [one async for one in self._channels() if self._is_own(one, key, name)]
        found.sort(key=lambda one: (one["id"] != keep, one.get("created", 0), str(one["id"])))
        for extra in found[1:]:
            await self._api.forgiving(
                {"already_archived"}, "conversations.archive", channel=extra["id"]
            )
        return found[0] if found else None

    async def _bookmarked(self, channel: str) -> set[str]:
        """Return the addresses that are bookmarked there; a bookmark that is the twin of another is removed."""
        reply = await self._api.call("bookmarks.list", channel_id=channel)
        marks = [one for one in listed(reply, "bookmarks") if one.get("link")]
        seen: set[tuple[str, str]] = set()
        for mark in marks:
            shown = (str(mark.get("title")), str(mark["link"]))
            if shown in seen:
                fields = {"channel_id": channel, "bookmark_id": mark["id"]}
                await self._api.forgiving({"not_found", *ARCHIVED}, "bookmarks.remove", **fields)
            seen.add(shown)
        return {address for _, address in seen}

    def _is_own(self, channel: Mapping[str, Any], key: str, name: str) -> bool:
        purpose = (channel.get("purpose") or {}).get("value") or ""
        if not str(channel.get("name", "")).startswith(name) or channel.get("is_archived"):
            return False
        if words.marker(key) in purpose:
            return True
        return not purpose and channel["name"] == name and channel.get("creator") == self._user

    async def _create(self, key: str, name: str, *, private: bool) -> dict[str, Any]:
        for attempt in range(1, NAMES_TRIED + 1):
            wanted = name if attempt == 1 else f"{name}-{attempt}"
            try:
                reply = await self._api.call(
                    "conversations.create", name=wanted, is_private=private
                )
            except Rejected as error:
                if error.code != "name_taken":
                    raise
                # Slack itself may have made it a moment ago: then it is ours, and not marked yet.
                await self._who()
                if (own := await self._own_channel(key, wanted)) is not None:
                    return own
            else:
                return _channel(reply)
        raise Rejected(f"{name} and its followers are taken", code="name_taken")

    # Calling.

    async def _writable(self, method: str, channel: str, **fields: Any) -> Mapping[str, Any]:
        """Call a write; a channel that was left or archived is joined or reopened first, once."""
        try:
            return await self._api.call(method, channel=channel, **fields)
        except Rejected as error:
            mend = {
                "not_in_channel": "conversations.join",
                "is_archived": "conversations.unarchive",
            }.get(error.code)
            if mend is None:
                raise
        # Another effect may have reopened it meanwhile.
        await self._api.forgiving({"not_archived"}, mend, channel=await self._channel_id(channel))
        return await self._api.call(method, channel=channel, **fields)

    async def _link(self, channel: str, ts: str = "") -> str | None:
        """Return the link in the form that chat.getPermalink documents; None until the workspace is known.

        The channel or message stands, whether or not its address can be told.
        """
        with contextlib.suppress(ProviderError):
            await self._who()
        if self._workspace is None:
            return None
        message = f"/p{ts.replace('.', '')}" if ts else ""
        return f"{self._workspace}/archives/{channel}{message}"

    async def _who(self) -> None:
        """Learn once who we are: the workspace's address, and the user that makes channels."""
        if self._workspace is None:
            who = await self._api.call("auth.test")
            self._workspace = str(who.get("url", "")).rstrip("/") or None
            self._user = str(who.get("user_id", ""))


def _channel(reply: Mapping[str, Any]) -> dict[str, Any]:
    channel = reply.get("channel")
    if not isinstance(channel, dict) or not {"id", "name"} <= channel.keys():
        raise Drift("the reply has no channel", code="malformed")
    return channel
