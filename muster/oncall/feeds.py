"""Calendars by name, each with its last good copy, which serves while the calendar cannot be had."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from muster.domain.model import Record, Time
from muster.oncall.fetching import Unfetched, fetch

PREFIX = "MUSTER_FEED_"


class Copy(Record):
    """A calendar's text as it last came, and when that was."""

    text: str
    mark: str = ""
    at: Time


class Feed(Record):
    """What there is of a calendar now; ``problem`` says why it is no newer, or why there is none."""

    copied: Copy | None = None
    problem: str | None = None


class Copies:
    """A directory of last good copies, for its owner's eyes alone; without one they live as long as the process."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._known: dict[str, Copy] = {}

    def get(self, name: str) -> Copy | None:
        """Return the last good copy."""
        if name not in self._known and self._directory is not None:
            with contextlib.suppress(OSError, ValidationError):
                self._known[name] = Copy.model_validate_json(self._path(name).read_text())
        return self._known.get(name)

    def put(self, name: str, copy: Copy) -> str | None:
        """Keep a copy; return why it is kept in memory alone."""
        self._known[name] = copy
        if self._directory is None:
            return None
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, written = tempfile.mkstemp(dir=self._directory)
            with os.fdopen(handle, "w") as file:
                file.write(copy.model_dump_json())
            Path(written).replace(self._path(name))
        except OSError as error:
            return f"its copy is kept in memory alone: {error.strerror}"
        return None

    def _path(self, name: str) -> Path:
        assert self._directory is not None  # noqa: S101 - asked only where there is one
        return self._directory / f"{name}.json"


class Feeds:
    """Fetches calendars by name; their addresses stand in the environment."""

    def __init__(
        self, addresses: Mapping[str, str], copies: Copies, *, private: bool = False
    ) -> None:
        self._addresses, self._copies, self._private = addresses, copies, private

    async def get(self, name: str) -> Feed:
        """Return the calendar, or its last good copy with the reason why it is no newer."""
        kept = self._copies.get(name)
        address = self._addresses.get(name)
        if address is None:
            return Feed(copied=kept, problem=f"{variable(name)} is not set")
        try:
            fetched = await fetch(address, kept.mark if kept else "", private=self._private)
        except Unfetched as error:
            return Feed(copied=kept, problem=str(error))
        now = datetime.now(UTC)
        if fetched is None:
            assert kept is not None  # noqa: S101 - only a kept copy has a mark
            fresh = kept.model_copy(update={"at": now})
        else:
            fresh = Copy(text=fetched.text, mark=fetched.mark, at=now)
        return Feed(copied=fresh, problem=self._copies.put(name, fresh))


def variable(name: str) -> str:
    """Return the variable that holds a calendar's address."""
    return f"{PREFIX}{name.upper()}"


def addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses of all calendars, by name."""
    found = environment.items()
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in found
        if name.startswith(PREFIX) and value
    }
