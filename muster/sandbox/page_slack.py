"""How the page shows what is in Slack: channels, cards, threads, and whom a message pinged."""

import re
from html import escape, unescape

from muster.sandbox.slack_state import CHANNELS
from muster.sandbox.vendor import Fields

SHOWN = 8
"""Messages of a channel, and replies of a thread, of which the last are shown."""
_CONTROL = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def in_use(channel: Fields) -> bool:
    """Tell whether there is anything to see in it."""
    filled = any(channel[name] for name in ("messages", "members", "bookmarks"))
    return filled or channel["name"] not in CHANNELS


def channel_shown(channel: Fields, people: dict[str, str]) -> str:
    """Return a channel with its last messages."""
    direct = people.get(str(channel.get("user")), "")
    name = f"@{direct}" if direct else f"#{channel['name']}"
    tags = [tag("archived", "warn")] if channel["is_archived"] else []
    tags += [tag(str(one["title"])) for one in channel["bookmarks"]]
    tops = [one for one in channel["messages"] if not one["thread_ts"]]
    return (
        f"<h3>{escape(name)} {' '.join(tags)}</h3>"
        f"<p class=quiet>{escape(str(channel['topic']['value']))}</p>"
        f"{left_out(len(tops))}{''.join(_message(one, channel) for one in tops[-SHOWN:])}"
    )


def left_out(count: int) -> str:
    """Return how many earlier ones are not shown."""
    return f"<p class=quiet>{count - SHOWN} earlier</p>" if count > SHOWN else ""


def tag(words: str, kind: str = "") -> str:
    """Return a small label."""
    return f'<span class="tag {kind}">{escape(words)}</span>'


def _message(message: Fields, channel: Fields) -> str:
    replies = [one for one in channel["messages"] if one["thread_ts"] == message["ts"]]
    thread = "".join(f"<article>{_inner(one, channel)}</article>" for one in replies[-SHOWN:])
    return f"<article>{_inner(message, channel)}{left_out(len(replies))}{thread}</article>"


def _inner(message: Fields, channel: Fields) -> str:
    seconds = int(float(message["ts"])) % 86_400
    at = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    tags = [tag("pinned")] if message["ts"] in channel["pins"] else []
    tags += [tag(f"pings {one}", "bad") for one in message["notified"]]
    edited = f" · edited {message['edits']}x" if message["edits"] else ""
    return f"{_words(message)} <time>{at} UTC{edited}</time> {' '.join(tags)}"


def _words(message: Fields) -> str:
    """Return a message's words: its blocks where it has some."""
    texts = [
        _text(part)
        for block in message["blocks"]
        for part in (block.get("text"), *(block.get("fields") or block.get("elements") or ()))
        if isinstance(part, dict)
    ]
    return "<br>".join(texts) or formatted(str(message["text"]))


def _text(part: Fields) -> str:
    words = str(part.get("text", ""))
    if part.get("type") == "plain_text":
        return escape(words).replace("\n", "<br>")
    return formatted(words)


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
