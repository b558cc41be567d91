"""What a case of the table of writes is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muster.domain.effects import Receipt
from muster.sandbox import Sandbox
from tests.providers.clients import Write


@dataclass(frozen=True)
class Case:
    """A write, what is there of it at the vendor, and what should be there once its receipt is given out."""

    write: Write
    state: Callable[[], object]
    wanted: Callable[[Receipt], object]


Scene = Callable[[Sandbox], Awaitable[Case]]
"""Puts in place what comes before the write."""
