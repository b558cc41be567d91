"""Messages of ours in Slack, found again by the key in their metadata; of those made twice one is kept."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from muster.domain.model import Time
from muster.providers.slack_calls import SlackCalls

EVENT_TYPE = "muster_effect"
SEARCHED = 400
"""How far back a message is looked for by its key, newest first."""
SWEPT = 2_000
"""How many messages of one place are looked through for those made twice."""


def marked(key: str) -> dict[str, Any]:
    """Return the metadata by which a message is found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


async def keep_oldest(api: SlackCalls, key: str, channel: str, thread: str | None) -> str | None:
    """Return the ``ts`` of the oldest message of this key, after deleting the others; None where there is none."""
    found = [
        str(message["ts"])
        async for message in _messages(api, channel, thread, most=SEARCHED)
        if _key(message) == key
    ]
    return await _keep(api, channel, found)


async def sweep(
    api: SlackCalls,
    prefix: str,
    channel: str,
    thread: str | None,
    *,
    since: Time,
    keep: Mapping[str, str],
) -> int:
    """Delete what was made twice since then under keys of this prefix; ``keep`` names what must stay. Returns how many."""
    found: dict[str, list[str]] = {}
    async for message in _messages(api, channel, thread, most=SWEPT, since=since):
        if (key := _key(message)) and key.startswith(prefix):
            found.setdefault(key, []).append(str(message["ts"]))
    for key, twins in found.items():
        await _keep(api, channel, twins, keep.get(key))
    return sum(len(twins) - 1 for twins in found.values())


async def _keep(
    api: SlackCalls, channel: str, found: list[str], wanted: str | None = None
) -> str | None:
    if not found:
        return None
    kept = wanted if wanted in found else min(found, key=float)
    for extra in found:
        if extra != kept:
            await api.forgiving({"message_not_found"}, "chat.delete", channel=channel, ts=extra)
    return kept


async def _messages(
    api: SlackCalls, channel: str, thread: str | None, *, most: int, since: Time | None = None
) -> AsyncIterator[dict[str, Any]]:
    method = "conversations.replies" if thread else "conversations.history"
    query: dict[str, Any] = {"channel": channel, "limit": 200, "include_all_metadata": True}
    if thread:
        query["ts"] = thread
    if since:
        query["oldest"] = f"{since.timestamp():.6f}"
    async for message in api.pages(method, "messages", query, most):
        yield message


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key
