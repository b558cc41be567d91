"""Faults on demand: what is to go wrong, where, and how often."""

import itertools
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What can go wrong with a call."""

    STATUS = "status"
    DELAY = "delay"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG = "hang"
    LATE_COMMIT = "late_commit"
    RATE_LIMIT = "rate_limit"
    MALFORMED = "malformed"
    SLACK_ERROR = "slack_error"
    GHOST_DUPLICATE = "ghost_duplicate"
    OUTAGE = "outage"


@dataclass
class Fault:
    """One rule: the calls of a vendor whose ``METHOD path`` contains ``route``, ``count`` times or, with None, for ever."""

    kind: Kind
    vendor: str
    route: str = ""
    count: int | None = 1
    status: int = 500
    seconds: float = 1.0
    retry_after: int = 1
    error: str = "fatal_error"
    id: int = field(default_factory=itertools.count(1).__next__)

    def strikes(self, vendor: str, what: str) -> bool:
        """Tell whether it is about this call."""
        return (
            self.vendor == vendor and self.route in what and (self.count is None or self.count > 0)
        )


class Faults:
    """All rules; the first that fits strikes."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self.struck: list[str] = []

    def add(self, kind: str, vendor: str, route: str = "", **options: Any) -> Fault:
        """Add a rule. Raises ValueError or TypeError where there is no such kind or option."""
        given = {"count": None, **options} if kind == Kind.OUTAGE else options
        rule = Fault(Kind(kind), vendor, route, **given)
        self._rules.append(rule)
        return rule

    def take(self, vendor: str, what: str) -> Fault | None:
        """Return the rule that strikes this call, and count it."""
        for rule in self._rules:
            if rule.strikes(vendor, what):
                rule.count = None if rule.count is None else rule.count - 1
                self.struck.append(rule.kind)
                return rule
        return None

    def clear(self) -> None:
        """Take every rule away."""
        self._rules.clear()

    def active(self) -> list[dict[str, Any]]:
        """Return the rules that may still strike, as JSON has them."""
        return [asdict(rule) for rule in self._rules if rule.count is None or rule.count > 0]
