"""How the page shows what is in Slack: channels, cards, threads, and whom a message pinged."""

import re
from datetime import UTC, datetime
from html import escape, unescape

from muster.sandbox.page_parts import SHOWN, left_out, lines, moment, tag
from muster.sandbox.slack_state import CHANNELS
from muster.sandbox.vendor import Fields

_CONTROL = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_CLASSES = {"header": "title", "context": "quiet"}
"""What a kind of block looks like; the others are plain."""


def in_use(channel: Fields) -> bool:
    """Tell whether there is anything to see in it."""
    filled = any(channel[name] for name in ("messages", "members", "bookmarks"))
    return filled or channel["name"] not in CHANNELS


def channel_shown(channel: Fields, people: dict[str, str]) -> str:
    """Return a channel with its last messages, the newest first."""
    direct = people.get(str(channel.get("user")), "")
    name = f"@{direct}" if direct else f"#{channel['name']}"
    tags = [tag("archived", "warn")] if channel["is_archived"] else []
    tags += [tag(str(one["title"])) for one in channel["bookmarks"]]
    topic = escape(str(channel["topic"]["value"]))
    tops = [one for one in channel["messages"] if not one["thread_ts"]]
    shown = "".join(_message(one, channel) for one in tops[: -SHOWN - 1 : -1])
    return (
        f"<h3>{escape(name)} {' '.join(tags)}</h3>"
        f"{f'<p class=quiet>{topic}</p>' if topic else ''}{shown}{left_out(len(tops))}"
    )


def _message(message: Fields, channel: Fields) -> str:
    """Return a message over its thread, which reads downwards as in Slack."""
    replies = [one for one in channel["messages"] if one["thread_ts"] == message["ts"]]
    thread = "".join(f"<li>{_inner(one, channel)}</li>" for one in replies[-SHOWN:])
    below = f"{left_out(len(replies))}<ul>{thread}</ul>" if thread else ""
    return f"<article>{_inner(message, channel)}{below}</article>"


def _inner(message: Fields, channel: Fields) -> str:
    at = datetime.fromtimestamp(int(float(message["ts"])), UTC).isoformat()
    tags = [tag("pinned")] if message["ts"] in channel["pins"] else []
    tags += [tag(f"pings {one}", "bad") for one in message["notified"]]
    edited = f" · edited {message['edits']}x" if message["edits"] else ""
    about = f"{moment(at)}<small>{edited}</small> {' '.join(tags)}".rstrip()
    return f"<div class=words>{_words(message)}</div><div class=about>{about}</div>"


def _words(message: Fields) -> str:
    """Return a message's words: its blocks where it has some."""
    texts = "".join(_block(block) for block in message["blocks"])
    return texts or f"<p>{formatted(str(message['text']))}</p>"


def _block(block: Fields) -> str:
    parts = (block.get("text"), *(block.get("fields") or block.get("elements") or ()))
    texts = "<br>".join(_text(part) for part in parts if isinstance(part, dict))
    kind = _CLASSES.get(str(block.get("type")), "")
    return f"<p{f' class={kind}' if kind else ''}>{texts}</p>" if texts else ""


def _text(part: Fields) -> str:
    words = str(part.get("text", ""))
    return lines(words) if part.get("type") == "plain_text" else formatted(words)


def formatted(words: str) -> str:
    """Return formatted text as Slack shows it: entities as characters, addresses by their titles."""
    shown, place = "", 0
    for found in _CONTROL.finditer(words):
        shown += _plain(words[place : found.start()]) + _control(found)
        place = found.end()
    return (shown + _plain(words[place:])).replace("\n", "<br>")


def _control(found: re.Match[str]) -> str:
    target, title = found[1], found[2]
    if target.startswith(("http://", "https://", "mailto:", "@", "!", "#")):
        return f'<u title="{escape(target)}">{_plain(title or target)}</u>'
    return escape(found[0])


def _plain(words: str) -> str:
    return escape(unescape(words))
