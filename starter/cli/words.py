"""Positional words: which incident is meant, and the free text after it."""

import re
from dataclasses import dataclass

from starter.failures import BadInput

_NUMBER = re.compile(r"#?([1-9]\d{0,17})")
_MEANT = re.compile(r"#?[+-]?\d+")
"""Where a number may stand, it is meant as one, even if no incident can have it."""
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


def split(words: tuple[str, ...], most: int | None = None) -> tuple[Target, tuple[str, ...]]:
    """Return the incident, which may be left out, and at most so many other words. Raises BadInput."""
    found = target(words[0]) if words else Target()
    many = most is not None and len(words) > most
    if found is None and (many or _MEANT.fullmatch(words[0])):
        number(words[0])
    rest = words[1:] if found else words
    if most is not None:
        refuse_more(rest[most:])
    return found or Target(), rest


def only_target(words: tuple[str, ...]) -> Target:
    """Return the incident where nothing else may be given. Raises BadInput."""
    return split(words, most=0)[0]


def refuse_more(rest: tuple[str, ...]) -> None:
    """Raise BadInput where words are left over."""
    if rest:
        message = f"unexpected: {' '.join(rest)!r}; words with spaces need quotation marks"
        raise BadInput(message, None)
