"""Where saved histories are kept, and how one is written and read."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from temporalio.client import WorkflowHistory

SHELF = Path(__file__).parent / "histories"
_SCRUBBED = (
    (re.compile(r'("(?:identity|workerId|binaryChecksum)": ")[^"]*(")'), r"\1recorder\2"),
    (re.compile(r'("name": ")[^"]*@[^"]*-[0-9a-f]{32}(")'), r"\1sticky\2"),
    (re.compile(r'("stackTrace": ")(?:[^"\\]|\\.)*(")'), r"\1\2"),
)
"""What names a machine or its paths, and nothing that replay looks at."""


def save(folder: Path, name: str, history: WorkflowHistory) -> None:
    """Write a history without the names of the machine on which it was made."""
    text = history.to_json()
    for pattern, instead in _SCRUBBED:
        text = pattern.sub(instead, text)
    folder.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(text.encode(), mtime=0)
    (folder / f"{name}.json.gz").write_bytes(packed)


def saved() -> list[Path]:
    """Return the files of all saved histories."""
    return sorted(SHELF.rglob("*.json.gz"))


def text(path: Path) -> str:
    """Return a saved history as JSON."""
    return gzip.decompress(path.read_bytes()).decode()


def load(path: Path) -> WorkflowHistory:
    """Return a saved history."""
    return WorkflowHistory.from_json(path.name.removesuffix(".json.gz"), text(path))


def shown(path: Path) -> str:
    """Return how a file is named in a test's id: version and name."""
    return f"{path.parent.name}/{path.name.removesuffix('.json.gz')}"


def kinds(path: Path) -> Iterator[str]:
    """Yield the type of every event."""
    for event in load(path).events:
        yield event.WhichOneof("attributes") or ""
