"""The spool: declarations that Temporal has not got yet, one file each, for ``muster sync``."""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muster.homes import home
from muster.names import digest
from starter.failures import Failure

Document = dict[str, Any]

VARIABLE = "MUSTER_SPOOL"
"""Names the directory; else it is in XDG_STATE_HOME."""
LIMIT = 100
"""So many files at most, those that were refused and kept aside among them."""
_WAITING, _ASIDE = ".json", ".refused"


class NotKept(Failure):
    """The declaration is not in the spool: nothing will deliver it."""

    code = "not_kept"


@dataclass(frozen=True)
class Spooled:
    """One declaration that waits, and the id by which answers name it."""

    id: str
    declaration: Document
    at: str | None = None
    """When it was declared."""

    @property
    def key(self) -> str:
        """Return the key, under which it is one incident however often it is delivered."""
        return str(self.declaration["key"])


class Spool:
    """A directory of its own; a file appears there whole or not at all, and several processes may use it at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or place()

    def waiting(self) -> int:
        """Return how many wait; none where there is no spool. Raises OSError."""
        return sum(1 for _ in self._files(_WAITING))

    def keep(self, declaration: Document) -> Spooled:
        """Keep the declaration, which has a key, until it is delivered; it began now if it does not say. Raises NotKept."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        kept = Spooled(digest(declaration["key"]), {"since": at} | declaration, at)
        try:
            _made(self.path)
            self._write(kept)
        except OSError as error:
            message = f"the spool {self.path} cannot be written: {error.strerror}"
            raise NotKept(message) from None
        return kept

    def _write(self, kept: Spooled) -> None:
        draft = self.path / f".{kept.id}.{uuid.uuid4().hex}"
        text = json.dumps({"declared_at": kept.at, "declaration": kept.declaration})
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._publish(draft, kept)
        finally:
            draft.unlink()

    def _publish(self, draft: Path, kept: Spooled) -> None:
        """Let the file appear under its name, unless the key waits already or the spool is full."""
        final = self._file(kept.id)
        with contextlib.suppress(FileExistsError):
            final.hardlink_to(draft)
            # Counted afterwards: of several at once, none goes over the limit unseen.
            if sum(1 for _ in self._files(_WAITING, _ASIDE)) > LIMIT:
                final.unlink()
                message = f"the spool {self.path} is full: it has {LIMIT} declarations"
                raise NotKept(message)
        _synced(self.path)

    def read(self) -> Iterator[Spooled | Path]:
        """Yield what waits, the oldest first; a file that is no declaration as its path. Raises OSError."""
        found = [_read(path) for path in self._files(_WAITING)]
        readable = [one for one in found if isinstance(one, Spooled)]
        yield from sorted(readable, key=lambda one: one.at or "")
        yield from (one for one in found if isinstance(one, Path))

    def remove(self, one: Spooled) -> None:
        """Forget what was delivered; another process may have done so. Raises OSError."""
        self._file(one.id).unlink(missing_ok=True)
        _synced(self.path)

    def set_aside(self, name: str) -> Path:
        """Keep what was refused, out of the way; return where. Raises OSError."""
        aside = self.path / f"{name}{_ASIDE}"
        with contextlib.suppress(FileNotFoundError):
            self._file(name).rename(aside)
        _synced(self.path)
        return aside

    def _file(self, name: str) -> Path:
        return self.path / f"{name}{_WAITING}"

    def _files(self, *endings: str) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.endswith(endings) and not entry.name.startswith("."):
                    yield Path(entry.path)


def place() -> Path:
    """Return the directory: MUSTER_SPOOL, else in the state directory of the XDG convention. Raises NotKept."""
    found = home(VARIABLE, "XDG_STATE_HOME", ".local/state", "spool")
    if found is None:
        message = f"there is no home to keep a spool in; set {VARIABLE}"
        raise NotKept(message)
    return found


def _read(path: Path) -> Spooled | Path:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        one = Spooled(path.stem, dict(kept["declaration"]), kept["declared_at"])
    except (OSError, ValueError, TypeError, KeyError):
        return path
    return one if one.id == digest(str(one.declaration.get("key"))) else path


def _made(path: Path) -> None:
    """Make the directory for its owner alone; the ones above it as well where they are missing."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _synced(path.parent)


def _synced(path: Path) -> None:
    """Let the names in a directory survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
