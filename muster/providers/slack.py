"""Slack over slack-sdk's asynchronous client."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from muster.domain.effects import Card, Link, Receipt
from muster.ports import (
    Ambiguous,
    Drift,
    Forbidden,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
)
from muster.providers import slack_words as words
from muster.providers.errors import retry_after

EVENT_TYPE = "muster_effect"
SEARCHED_MESSAGES = 400
"""How far back a message is looked for by its key, newest first."""
NAMES_TRIED = 9

READS = frozenset(
    {"conversations.list", "conversations.history", "conversations.replies", "bookmarks.list"}
)
"""Methods that take no JSON."""

BY_CODE: dict[str, type[ProviderError]] = {
    "ratelimited": RateLimited,
    "rate_limited": RateLimited,
    "fatal_error": Ambiguous,
    "internal_error": Ambiguous,
    "request_timeout": Ambiguous,
    "service_unavailable": NotSent,
    "team_added_to_org": NotSent,
    "channel_not_found": NotFound,
    "message_not_found": NotFound,
    "thread_not_found": NotFound,
    "user_not_found": NotFound,
    "users_not_found": NotFound,
    "not_authed": Forbidden,
    "invalid_auth": Forbidden,
    "account_inactive": Forbidden,
    "token_revoked": Forbidden,
    "token_expired": Forbidden,
    "missing_scope": Forbidden,
    "no_permission": Forbidden,
    "not_allowed_token_type": Forbidden,
    "restricted_action": Forbidden,
    "ekm_access_denied": Forbidden,
    "cant_update_message": Forbidden,
}
"""Slack's words for what went wrong; any other is Rejected."""


def classify(code: str, headers: Mapping[str, str] | None = None) -> ProviderError:
    """Return the port's error for Slack's word."""
    kind = BY_CODE.get(code, Rejected)
    seconds = retry_after(headers or {}, time.time()) if kind is RateLimited else None
    return kind(code, code=code, retry_after=seconds)


class SlackChat:
    """The Chat port. ``people`` maps handles to Slack user ids; ``timeout`` is in seconds, for each call."""

    def __init__(
        self, token: str, base_url: str, *, people: Mapping[str, str], timeout: int = 5
    ) -> None:
        self._client = AsyncWebClient(
            token=token, base_url=base_url, timeout=timeout, retry_handlers=[]
        )
        self._people = dict(people)
        self._workspace: str | None = None
        self._marked: set[str] = set()

    async def announce(self, key: str, channel: str, card: Card, *, fresh: bool) -> Receipt:
        """Post the card; one call when fresh."""
        return await self._post(key, channel, words.card(card), fresh=fresh)

    async def edit(self, message: Receipt, card: Card, *, key: str) -> Receipt:
        """Replace the card; this call also learns the workspace's address, from which links are made."""
        del key
        shown = words.card(card)
        await self._call("chat.update", channel=message.container, ts=message.id, **shown)
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
        found = None if fresh else await self._own_channel(key, name)
        if found is None:
            found = await self._create(key, name, private=private, fresh=fresh)
        return Receipt(
            id=found["id"],
            container=found["id"],
            note=found["name"],
            link=self._channel_link(found["id"]),
        )

    async def set_topic(self, channel: Receipt, topic: str, *, key: str) -> Receipt:
        """Set the topic, and once the purpose with the marker by which the channel is known as ours."""
        await self._writable("conversations.setTopic", channel.id, topic=words.escaped(topic))
        if key not in self._marked:
            await self._call(
                "conversations.setPurpose", channel=channel.id, purpose=words.purpose(key)
            )
            self._marked.add(key)
        return channel

    async def pin(self, key: str, channel: Receipt, card: Card, *, fresh: bool) -> Receipt:
        """Post the card into the channel and pin it."""
        posted = await self._post(key, channel.id, words.card(card), fresh=fresh)
        await self._forgiving(
            {"already_pinned"}, "pins.add", channel=posted.container, timestamp=posted.id
        )
        return posted

    async def bookmark(self, channel: Receipt, links: tuple[Link, ...]) -> Receipt:
        """Add these bookmarks, except those whose address is there."""
        listed = await self._call("bookmarks.list", channel_id=channel.id)
        known = {one.get("link") for one in _list(listed, "bookmarks")}
        for link in links:
            if link.url not in known:
                await self._call(
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
                forgiven = {"already_in_channel", "cant_invite_self"}
                await self._forgiving(
                    forgiven, "conversations.invite", channel=channel.id, users=user
                )
        note = f"not known to Slack: {', '.join(unknown)}" if unknown else ""
        return channel.model_copy(update={"note": note})

    async def archive(self, channel: Receipt) -> Receipt:
        """Archive the channel."""
        await self._forgiving({"already_archived"}, "conversations.archive", channel=channel.id)
        return channel

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
            if (kept := await self._keep_oldest(key, container, thread)) is not None:
                return Receipt(id=kept, container=container, link=await self._link(container, kept))
        marked = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        reply = await self._writable(
            "chat.postMessage",
            channel,
            metadata=marked,
            thread_ts=thread,
            unfurl_links=False,
            **shown,
        )
        posted, container = _text(reply, "ts"), _text(reply, "channel")
        return Receipt(id=posted, container=container, link=await self._link(container, posted))

    async def _keep_oldest(self, key: str, channel: str, thread: str | None) -> str | None:
        found: list[str] = [
            str(message["ts"])
            async for message in self._messages(channel, thread)
            if _key(message) == key
        ]
        if not found:
            return None
        oldest, *extras = sorted(found, key=float)
        for extra in extras:
            await self._forgiving({"message_not_found"}, "chat.delete", channel=channel, ts=extra)
        return oldest

    async def _messages(self, channel: str, thread: str | None) -> AsyncIterator[dict[str, Any]]:
        method = "conversations.replies" if thread else "conversations.history"
        query: dict[str, Any] = {"channel": channel, "limit": 200, "include_all_metadata": True}
        if thread:
            query["ts"] = thread
        async for message in self._pages(method, "messages", query, SEARCHED_MESSAGES):
            yield message

    async def _pages(
        self, method: str, field: str, query: dict[str, Any], most: int
    ) -> AsyncIterator[dict[str, Any]]:
        cursor, seen = "", 0
        while seen < most:
            page = await self._call(method, **query, **({"cursor": cursor} if cursor else {}))
            for item in _list(page, field):
                seen += 1
                yield item
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _channels(self) -> AsyncIterator[dict[str, Any]]:
        query = {"limit": 200, "exclude_archived": False, "types": "public_channel,private_channel"}
        async for channel in self._pages("conversations.list", "channels", query, 20_000):
            yield channel

    async def _channel_id(self, channel: str) -> str:
        if not channel.startswith("#"):
            return channel
        async for one in self._channels():
            if one.get("name") == channel[1:]:
                return str(one["id"])
        raise NotFound(channel, code="channel_not_found")

    async def _own_channel(self, key: str, name: str) -> dict[str, Any] | None:
        """Return our channel of this key: marked in its purpose, or of our name and not yet marked by anyone."""
        named = [one async for one in self._channels() if str(one.get("name", "")).startswith(name)]
        own = [
            one for one in named if words.marker(key) in (one.get("purpose") or {}).get("value", "")
        ]
        blank = [one for one in named if one["name"] == name and _is_blank(one)]
        found = sorted(own or blank, key=lambda one: (one.get("created", 0), str(one["id"])))
        for extra in found[1:]:
            await self._forgiving(
                {"already_archived"}, "conversations.archive", channel=extra["id"]
            )
        return found[0] if found else None

    async def _create(self, key: str, name: str, *, private: bool, fresh: bool) -> dict[str, Any]:
        for attempt in range(1, NAMES_TRIED + 1):
            wanted = name if attempt == 1 else f"{name}-{attempt}"
            try:
                reply = await self._call("conversations.create", name=wanted, is_private=private)
            except Rejected as error:
                if error.code != "name_taken":
                    raise
                # Nothing of ours can be there when fresh: a channel of that name is another's.
                own = None if fresh else await self._own_channel(key, wanted)
                if own is not None:
                    return own
            else:
                return _channel(reply)
        raise Rejected(f"{name} and its followers are taken", code="name_taken")

    # Calling.

    async def _writable(self, method: str, channel: str, **fields: Any) -> Mapping[str, Any]:
        """Call a write; a channel that was left or archived is joined or reopened first, once."""
        try:
            return await self._call(method, channel=channel, **fields)
        except Rejected as error:
            mend = {
                "not_in_channel": "conversations.join",
                "is_archived": "conversations.unarchive",
            }.get(error.code)
            if mend is None:
                raise
        await self._call(mend, channel=await self._channel_id(channel))
        return await self._call(method, channel=channel, **fields)

    async def _forgiving(self, forgiven: set[str], method: str, **fields: Any) -> None:
        try:
            await self._call(method, **fields)
        except ProviderError as error:
            if error.code not in forgiven:
                raise

    async def _call(self, method: str, **fields: Any) -> Mapping[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        how = {"http_verb": "GET", "params": _flat(given)} if method in READS else {"json": given}
        try:
            reply = await self._client.api_call(method, **how)
        except SlackApiError as error:
            raise _api_error(error) from None
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__, code="connection") from None
        except _UNCLEAR as error:
            raise Ambiguous(type(error).__name__, code="connection") from None
        if not isinstance(reply.data, dict):
            raise Drift(f"{method} answered with bytes", code="malformed")
        return reply.data

    async def _link(self, channel: str, ts: str) -> str | None:
        """Return the link in the form that chat.getPermalink documents; None until the workspace is known.

        The message stands, whether or not its address can be told.
        """
        if self._workspace is None:
            with contextlib.suppress(ProviderError):
                who = await self._call("auth.test")
                self._workspace = str(who.get("url", "")).rstrip("/") or None
        if self._workspace is None:
            return None
        return f"{self._workspace}/archives/{channel}/p{ts.replace('.', '')}"

    def _channel_link(self, channel: str) -> str | None:
        return f"{self._workspace}/archives/{channel}" if self._workspace else None


_UNCLEAR = (
    TimeoutError,
    aiohttp.ClientError,
    SlackClientError,
    ValueError,
    AttributeError,  # what slack-sdk raises for a body that is no JSON object
)
"""After these a write may have happened."""


def _flat(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters as Slack writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
    }


def _api_error(error: SlackApiError) -> ProviderError:
    response = error.response
    data = getattr(response, "data", None)
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", {}) or {}
    if isinstance(data, dict) and data.get("error"):
        return classify(str(data["error"]), headers)
    if status == 429:
        return classify("ratelimited", headers)
    if status == 503:
        return NotSent(str(status), code=str(status))
    return Ambiguous(f"status {status}", code=str(status))


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key


def _is_blank(channel: Mapping[str, Any]) -> bool:
    return not (channel.get("purpose") or {}).get("value") and not channel.get("is_archived")


def _channel(reply: Mapping[str, Any]) -> dict[str, Any]:
    channel = reply.get("channel")
    if not isinstance(channel, dict) or not {"id", "name"} <= channel.keys():
        raise Drift("the reply has no channel", code="malformed")
    return channel


def _list(reply: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Return a list that must be there: taken for empty, what is missing from it would be written twice."""
    value = reply.get(field)
    if not isinstance(value, list):
        raise Drift(f"the reply has no {field}", code="malformed")
    return value


def _text(reply: Mapping[str, Any], field: str) -> str:
    value = reply.get(field)
    if not isinstance(value, str):
        raise Drift(f"the reply has no {field}", code="malformed")
    return value
