"""The record of a run: every command sent, every acknowledgement and every blow, a JSON object a line."""

import json
import time
from pathlib import Path
from typing import Any


class Recorder:
    """Appends to one file; what it says is what the checker goes by."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self.counts: dict[str, int] = {}

    def write(self, event: str, **fields: Any) -> float:
        """Write one event and return its time."""
        at = time.time()
        self._file.write(json.dumps({"event": event, "at": at, **fields}) + "\n")
        self.counts[event] = self.counts.get(event, 0) + 1
        return at

    def close(self) -> None:
        """Close the file."""
        self._file.close()
