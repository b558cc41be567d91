"""Threads of one vendor alone, in which its blocking SDK runs: one that hangs takes none from another."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")

AT_A_TIME = 32
"""Calls of one vendor that run side by side; a worker takes on no more of them."""


class Threads:
    """Runs a vendor's calls. What asyncio itself would run them in is six threads on two cores, shared by all vendors."""

    def __init__(self, vendor: str) -> None:
        self._pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix=vendor)

    async def run(self, work: Callable[[], R]) -> R:
        """Return what the work returns. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
