"""The file that keeps what is in the vendors, written whole and never so often that the sandbox has no time to answer."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from muster.sandbox.vendor import Fields

SHARE = 20
"""A write of the file is followed by at least so many times its own length without one."""


class UnreadableState(Exception):
    """The file is not one that a sandbox has written; it is left as it is."""


class Keeper:
    """Writes the state soon after a change: at once while it is small, less often as it grows."""

    def __init__(self, file: Path | None, dump: Callable[[], Fields]) -> None:
        self._file, self._dump = file, dump
        self._free_at = 0.0
        self._due: asyncio.TimerHandle | None = None

    def load(self) -> Fields:
        """Return what was kept. Raises UnreadableState."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            found: Fields = dict(json.loads(self._file.read_text()))
        except (ValueError, TypeError, OSError) as error:
            raise UnreadableState(
                f"{self._file} cannot be read as a sandbox's state ({error}); "
                "move it away to begin anew"
            ) from error
        return found

    def note(self) -> None:
        """Take notice of a change."""
        if self._file is None or self._due is not None:
            return
        wait = self._free_at - time.monotonic()
        if wait <= 0:
            self.save()
        else:
            self._due = asyncio.get_running_loop().call_later(wait, self.save)

    def save(self) -> None:
        """Write the state to its file, whole or not at all."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._file is None:
            return
        began = time.monotonic()
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(self._dump()))
        written.replace(self._file)
        self._free_at = time.monotonic() + SHARE * (time.monotonic() - began)
