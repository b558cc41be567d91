"""Words of others, made harmless: one line without control characters, no longer than it may be."""

from collections.abc import Callable, Iterable

NAMED = 10
"""So many of a list are named; a sentence is for people."""


def clean(text: str, limit: int) -> str:
    """Return foreign text as one line without control characters; an ellipsis marks a cut."""
    line = text[: 4 * limit]
    if not line.isprintable():
        line = "".join(one for one in line if one.isprintable() or one.isspace())
    line = " ".join(line.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def shortened(limit: int) -> Callable[[str], str]:
    """Return the cleaning of a field that has so many characters at most."""
    return lambda text: clean(text, limit)


def address(text: str, limit: int = 500) -> str:
    """Return an address of the web, or nothing: what is cut leads nowhere, and other schemes do more than lead."""
    web = text.startswith(("https://", "http://"))
    return text if web and len(text) <= limit and text.isprintable() and " " not in text else ""


def listed(names: Iterable[str]) -> str:
    """Return names in one line, each once: the first of them and how many more there are."""
    found = tuple(dict.fromkeys(names))
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


def in_code(text: str) -> str:
    """Return foreign words as code of Markdown, in which nothing acts."""
    plain = clean(text, len(text)).replace("`", "'")
    return f"`{plain}`" if plain else ""
