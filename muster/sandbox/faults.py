"""Faults on demand: what is to go wrong, where, and how often."""

import itertools
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What can go wrong with a call; "reset" is a TCP reset, which reaches the client without an answer."""

    STATUS = "status"
    """Nothing is written; the answer has the ``status``."""
    DELAY = "delay"
    """It is done and answered after ``seconds``, even when the client has gone by then."""
    RESET_BEFORE = "reset_before"
    """Nothing is written; reset at once."""
    RESET_AFTER = "reset_after"
    """It is written; reset instead of the answer."""
    HANG = "hang"
    """Nothing is written, ever; no answer for a minute, then reset."""
    LATE_COMMIT = "late_commit"
    """Reset at once; it is written after ``seconds``, so that a look in between does not find it."""
    RATE_LIMIT = "rate_limit"
    """Nothing is written; 429 with ``Retry-After`` of ``retry_after`` seconds."""
    MALFORMED = "malformed"
    """Nothing is written; a 200 with a page that is no JSON."""
    SLACK_ERROR = "slack_error"
    """Nothing is written; a 200 with the ``error`` that Slack gives."""
    GHOST_DUPLICATE = "ghost_duplicate"
    """It is written twice; the answer is of the second."""
    OUTAGE = "outage"
    """Nothing is written; reset at once, until it is cleared unless a ``count`` says otherwise."""


VENDORS = frozenset({"slack", "zoom", "gitlab", "x"})


@dataclass
class Fault:
    """One rule: the calls of a vendor whose ``METHOD path`` contains ``route``, ``count`` times or, with None, for ever.

    ``probability`` is drawn from ``seed`` for each such call that no earlier rule has struck, in the order in which the
    calls come, so that the same rules strike the same of the same calls.
    """

    kind: Kind
    vendor: str
    route: str = ""
    count: int | None = 1
    status: int = 500
    seconds: float = 1.0
    retry_after: int = 1
    error: str = "fatal_error"
    probability: float = 1.0
    seed: int | None = None
    id: int = field(default_factory=itertools.count(1).__next__)

    def __post_init__(self) -> None:
        """Take the dice."""
        self._dice = random.Random(self.seed)  # noqa: S311 - a die, not a secret

    def strikes(self, vendor: str, what: str) -> bool:
        """Tell whether it is about this call."""
        fits = self.vendor == vendor and self.route in what
        return fits and self.lasts and self._dice.random() < self.probability

    @property
    def lasts(self) -> bool:
        """Tell whether it may strike again."""
        return self.count is None or self.count > 0


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_FITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "kind": (lambda value: value in list(Kind), f"one of {', '.join(Kind)}"),
    "vendor": (lambda value: value in sorted(VENDORS), f"one of {', '.join(sorted(VENDORS))}"),
    "route": (lambda value: isinstance(value, str), "text"),
    "count": (
        lambda value: value is None or (_whole(value) and value > 0),
        "a whole number from 1, or null for ever",
    ),
    "status": (lambda value: _whole(value) and 200 <= value <= 599, "an HTTP status"),
    "seconds": (_amount, "a number from 0"),
    "retry_after": (lambda value: _whole(value) and value >= 0, "a whole number from 0"),
    "error": (lambda value: isinstance(value, str), "text"),
    "probability": (lambda value: _amount(value) and value <= 1, "a number from 0 to 1"),
    "seed": (lambda value: value is None or _whole(value), "a whole number, or null"),
}
"""What each field may be, in code and in words."""


def _misfit(given: object) -> str | None:
    """Return the first field that does not do, and what is allowed."""
    if not isinstance(given, dict):
        return 'a fault is a JSON object, such as {"kind": "outage", "vendor": "slack"}'
    for name, value in given.items():
        if name not in _FITS:
            return f"{name}: is no field of a fault; there are {', '.join(_FITS)}"
        fits, allowed = _FITS[name]
        if not fits(value):
            return f"{name}: must be {allowed}"
    return next((f"{name}: is missing" for name in ("kind", "vendor") if name not in given), None)


class Faults:
    """All rules; the first that fits strikes."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self.struck: list[str] = []

    def add(self, kind: str, vendor: str, route: str = "", **options: Any) -> Fault:
        """Add a rule. Raises ValueError that names the field and what is allowed."""
        return self.read({"kind": kind, "vendor": vendor, "route": route, **options})

    def read(self, given: object) -> Fault:
        """Add a rule as JSON has it. Raises ValueError that names the field and what is allowed."""
        if (misfit := _misfit(given)) is not None or not isinstance(given, dict):
            raise ValueError(misfit)
        kind = Kind(given["kind"])
        lasting = {"count": None} if kind is Kind.OUTAGE else {}
        rule = Fault(**{**lasting, **given, "kind": kind})
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
        return [asdict(rule) for rule in self._rules if rule.lasts]
