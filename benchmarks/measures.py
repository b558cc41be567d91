"""What a measurement is given, and what it returns."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Scale:
    """How much of everything is measured."""

    declarations: int
    """Incidents that are timed until they are ready, and declared while no vendor can be reached."""
    pairs: int
    """Commands that are timed with a bare import beside each."""
    commands: int
    """One-shot commands whose exit codes are looked at."""
    kills: int
    lives: int
    """Lives of six hours on skipped time."""
    rounds: int
    """Rounds of lives against the control, and against a stock server."""
    open: int
    """Open incidents that are many."""
    asked: int
    """Updates to one of the many, with one to one of the few beside each."""


TABLE = Scale(
    declarations=20,
    pairs=25,
    commands=1_000,
    kills=100,
    lives=5,
    rounds=5,
    open=2_000,
    asked=200,
)
"""What the table of figures speaks of."""
SHORT = Scale(
    declarations=4,
    pairs=7,
    commands=50,
    kills=20,
    lives=3,
    rounds=1,
    open=300,
    asked=60,
)
"""Enough to see that all is measured, and about where."""


@dataclass(frozen=True)
class Found:
    """Figures, and what they were made from."""

    figures: dict[str, float]
    details: dict[str, Any] = field(default_factory=dict)


Measure = Callable[[Path, Scale], Found]
"""Measures something, with a folder of its own."""


def p99(spans: Sequence[float]) -> float:
    """Return the least span that 99 in 100 do not exceed: of fewer than 100 the longest."""
    return sorted(spans)[math.ceil(len(spans) * 0.99) - 1]
