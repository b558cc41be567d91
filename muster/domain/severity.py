"""Severity: how large the impact is, and so what is spent on it."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

_SPELLING = re.compile(r"(?:s|sev|severity)?[\s:_-]?([1-4])", re.IGNORECASE)


class Severity(StrEnum):
    """S1 blocker, S2 critical, S3 major, S4 low."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"

    @property
    def rank(self) -> int:
        """Return 1 for the highest."""
        return int(self.value[1])

    def above(self, other: "Severity") -> bool:
        """Tell whether the impact is larger than the other's."""
        return self.rank < other.rank


def parse(text: object) -> Severity:
    """Return the severity written as S1, s1, sev1 or 1. Raises ValueError naming what is allowed."""
    found = _SPELLING.fullmatch(str(text).strip())
    if found is None:
        message = "must be one of S1, S2, S3, S4"
        raise ValueError(message)
    return Severity(f"S{found.group(1)}")


def highest(*severities: Severity) -> Severity:
    """Return the severity with the largest impact."""
    return min(severities, key=lambda severity: severity.rank)


WAITS = frozenset({Severity.S1, Severity.S2})
"""Owes the stability wait before it closes."""
OPENS_WINDOW = frozenset({Severity.S2, Severity.S3})
"""Opens the upgrade window when it closes, and is upgraded by one."""

Rating = Annotated[Severity, BeforeValidator(parse)]
