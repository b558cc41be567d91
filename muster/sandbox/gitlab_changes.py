"""How an issue of GitLab changes: by its labels, and by the quick actions of a text."""

from typing import Any

from muster.sandbox.vendor import Fields

MOVES = {"close": "closed", "reopen": "opened"}


def labels(given: Any) -> list[str]:
    """Return labels of a list or a comma-separated text; of a scope the last one counts."""
    words = given if isinstance(given, list) else str(given or "").split(",")
    scoped = {}
    for word in (str(one).strip() for one in words):
        scope, scopes, _ = word.rpartition("::")
        if word:
            scoped[f"{scope}{scopes}" if scopes else f"={word}"] = word
    return list(scoped.values())


def apply(issue: Fields, name: str, rest: str) -> None:
    """Do the actions that show in an issue; others are only written down."""
    named = [one.strip().strip('"') for one in rest.split("~") if one.strip()]
    if name in MOVES:
        issue["state"] = MOVES[name]
    elif name in {"label", "labels"}:
        issue["labels"] = labels([*issue["labels"], *named])
    elif name in {"unlabel", "remove_label"}:
        issue["labels"] = [one for one in issue["labels"] if named and one not in named]
    elif name == "relabel":
        issue["labels"] = labels(named)
    elif name == "title" and rest:
        issue["title"] = rest
    elif name == "confidential":
        issue["confidential"] = True


def relabel(issue: Fields, given: Fields) -> None:
    """Set, take away and add labels."""
    if "labels" in given:
        issue["labels"] = labels(given["labels"])
    gone = labels(given.get("remove_labels"))
    kept = [one for one in issue["labels"] if one not in gone]
    issue["labels"] = labels([*kept, *labels(given.get("add_labels"))])
