"""How our plain texts look in Slack, and why nothing in them acts."""

from typing import Any

from muster.domain.effects import Card

SECTION_MAX = 2_900
"""Characters of one section block; Slack's limit is 3,000."""


def escaped(text: str) -> str:
    """Return the text with the three characters that begin Slack's control sequences as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def marker(key: str) -> str:
    """Return the words by which a channel is known as ours."""
    return f"muster key {key}"


def purpose(key: str) -> str:
    """Return a channel's purpose with the marker of its key."""
    return f"One incident, from its declaration to its closing. {marker(key)}"


def text(words: str, notified: list[str]) -> dict[str, Any]:
    """Return a message: people first, then the words as plain text, in as many blocks as they need."""
    people = " ".join(f"<@{user}>" for user in notified if user)
    blocks = [_plain(part) for part in _parts(words)]
    if people:
        blocks.insert(
            0, {"type": "section", "text": {"type": "mrkdwn", "text": people, "verbatim": True}}
        )
    shown = f"{people} {escaped(words)}" if people else escaped(words)
    return {"text": shown, "blocks": blocks, "mrkdwn": False, "link_names": False}


def card(shown: Card) -> dict[str, Any]:
    """Return the card as blocks; titles of links are ours, everything else is plain text."""
    fields = "\n".join(f"{label}: {value}" for label, value in shown.fields)
    links = "  |  ".join(f"<{_address(link.url)}|{escaped(link.title)}>" for link in shown.links)
    blocks = [_header(shown.headline), *(_plain(part) for part in _parts(fields))]
    if links:
        blocks.append(
            {"type": "section", "text": {"type": "mrkdwn", "text": links, "verbatim": True}}
        )
    if shown.footer:
        element = {"type": "plain_text", "text": shown.footer, "emoji": False}
        blocks.append({"type": "context", "elements": [element]})
    return {"text": escaped(shown.headline), "blocks": blocks, "mrkdwn": False, "link_names": False}


def _header(headline: str) -> dict[str, Any]:
    short = headline if len(headline) <= 150 else f"{headline[:149]}…"
    return {"type": "header", "text": {"type": "plain_text", "text": short, "emoji": False}}


def _plain(part: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}}


def _parts(words: str) -> list[str]:
    return [words[start : start + SECTION_MAX] for start in range(0, len(words), SECTION_MAX)]


def _address(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
