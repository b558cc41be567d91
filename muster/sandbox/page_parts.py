"""The small parts of which every panel of the page is made; every word of others is escaped here or before."""

from collections.abc import Iterable
from html import escape

SHOWN = 8
"""Messages of a channel, replies of a thread and notes of an issue, of which the last are shown."""

_STATES = {"opened": "good", "started": "good", "closed": "warn"}


def tag(words: str, kind: str = "") -> str:
    """Return a small label; one such as ``severity::S1`` in two halves, as GitLab shows it."""
    scope, parted, value = words.rpartition("::")
    inner = f"<i>{escape(scope)}</i> {escape(value)}" if parted else escape(words)
    return f'<span class="{f"tag {kind}".strip()}">{inner}</span>'


def state(word: object) -> str:
    """Return the label of a state."""
    return tag(str(word), _STATES.get(str(word), ""))


def moment(at: str) -> str:
    """Return a time of RFC 3339 by its hour; the pointer shows all of it."""
    return f'<time title="{escape(at)}">{escape(at[11:19] or at)} UTC</time>'


def left_out(count: int, shown: int = SHOWN) -> str:
    """Return how many earlier ones are not shown."""
    return f"<p class=quiet>{count - shown} earlier</p>" if count > shown else ""


def lines(words: str) -> str:
    """Return words with their lines."""
    return escape(words).replace("\n", "<br>")


def counted(count: int, noun: str) -> str:
    """Return ``1 issue`` or ``2 issues``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def panel(name: str, title: str, count: str, parts: Iterable[str]) -> str:
    """Return the panel of one vendor."""
    inner = "".join(parts) or "<p class=quiet>nothing yet</p>"
    head = f"<h2>{title} <small>{count}</small></h2>"
    return f'<section class="{name}" id="{name}">{head}{inner}</section>'
