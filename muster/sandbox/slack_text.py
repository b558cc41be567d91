"""What a message of Slack does besides being read: whom it pings."""

import re
from collections.abc import Iterator
from typing import Any

from muster.sandbox.vendor import Fields, truth

_PING = re.compile(r"<(!channel|!here|!everyone|!subteam\^\w+|@[UW]\w+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"(?<![\w.@<])@([a-z][\w.-]*)")
_BROADCASTS = frozenset({"channel", "here", "everyone"})
_FORMATTED = frozenset({"mrkdwn", "markdown"})
_RICH = {
    "broadcast": lambda part: f"!{part.get('range')}",
    "user": lambda part: f"@{part.get('user_id')}",
    "usergroup": lambda part: f"!subteam^{part.get('usergroup_id')}",
}
_ATTACHED = ("text", "pretext")


def notified(message: Fields, given: Fields, people: dict[str, str]) -> list[str]:
    """Return whom a message pings: control sequences wherever Slack formats text, names where ``link_names`` asks."""
    texts = [str(message["text"]), *_attached(given.get("attachments"))]
    pings = [one for text in texts for one in _PING.findall(text)]
    pings += _in_blocks(message["blocks"])
    if truth(given, "link_names") or given.get("parse") == "full":
        pings += [one for text in texts for one in _named(text, people)]
    return sorted(set(pings))


def _in_blocks(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _in_blocks(child)
    elif isinstance(node, dict):
        kind = str(node.get("type"))
        if kind in _FORMATTED:
            yield from _PING.findall(str(node.get("text", "")))
        if kind in _RICH:
            yield _RICH[kind](node)
        for child in node.values():
            yield from _in_blocks(child)


def _attached(attachments: Any) -> list[str]:
    given = attachments if isinstance(attachments, list) else []
    return [
        str(one[name])
        for one in given
        if isinstance(one, dict)
        for name in _ATTACHED
        if name in one
    ]


def _named(text: str, people: dict[str, str]) -> Iterator[str]:
    users = {name: user for user, name in people.items()}
    for name in _NAMED.findall(text):
        if name in _BROADCASTS:
            yield f"!{name}"
        elif name in users:
            yield f"@{users[name]}"
