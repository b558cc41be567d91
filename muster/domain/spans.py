"""Spans of time as a policy writes them."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=366)
"""The longest span of a policy: every time that it is added to stays inside the calendar."""


def duration(text: object) -> timedelta:
    """Return the span written as ``45s``, ``30m``, ``3h`` or ``7d``, at most 366 days. Raises ValueError."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        message = 'must be a duration such as "30m", "3h" or "45s", not negative'
        raise ValueError(message)
    try:
        span = timedelta(**{_UNITS[found.group(2)]: float(found.group(1))})
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        message = f"must be a duration of at most {written(LONGEST)}"
        raise ValueError(message)
    return span


def written(span: timedelta) -> str:
    """Return the span as a policy file writes it, in the largest unit that needs no fraction."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(written)]
Positive = Annotated[Duration, Field(gt=timedelta(0))]
