"""Where a process keeps things of its user: as a variable says, else in the directory that the XDG convention has for it."""

import os
from pathlib import Path


def home(variable: str, convention: str, usual: str, name: str) -> Path | None:
    """Return the directory; None where there is no home. ``usual`` is where the convention's own variable is not set."""
    if named := os.environ.get(variable):
        return Path(named)
    given = os.environ.get(convention, "")
    if os.path.isabs(given):  # noqa: PTH117 - the convention asks to pass over any other
        return Path(given) / "muster" / name
    try:
        return Path.home() / usual / "muster" / name
    except RuntimeError:
        return None
