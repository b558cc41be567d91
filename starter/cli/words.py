"""Positional words: which incident is meant, and the free text after it."""

import re
from dataclasses import dataclass

from starter.failures import BadInput

_NUMBER = re.compile(r"#?([1-9]\d{0,17})")
_WORKFLOW = re.compile(r"incident-[0-9a-f-]{26,36}")


@dataclass(frozen=True)
class Target:
    """The incident that is meant: by number, by workflow id while it has none, or neither."""

    number: int | None = None
    workflow_id: str | None = None

    @property
    def named(self) -> bool:
        """Tell whether one was given at all."""
        return self.number is not None or self.workflow_id is not None


def target(word: str) -> Target | None:
    """Return the incident that the word names, or None where it is another word."""
    if found := _NUMBER.fullmatch(word):
        return Target(number=int(found[1]))
    return Target(workflow_id=word) if _WORKFLOW.fullmatch(word) else None


def number(word: str, field: str = "N") -> int:
    """Return the number of an incident. Raises BadInput."""
    if found := _NUMBER.fullmatch(word):
        return int(found[1])
    message = f"{field}: must be the number of an incident, such as 42"
    raise BadInput(message, field)


def split(words: tuple[str, ...]) -> tuple[Target, tuple[str, ...]]:
    """Return the incident, which may be left out, and the other words."""
    if not words:
        return Target(), ()
    found = target(words[0])
    return (found, words[1:]) if found else (Target(), words)


def only_target(words: tuple[str, ...]) -> Target:
    """Return the incident where nothing else may be given. Raises BadInput."""
    found, rest = split(words)
    if rest and not found.named:
        number(rest[0])
    refuse_more(rest)
    return found


def refuse_more(rest: tuple[str, ...]) -> None:
    """Raise BadInput where words are left over."""
    if rest:
        message = f"unexpected: {' '.join(rest)!r}; words with spaces need quotation marks"
        raise BadInput(message, None)
