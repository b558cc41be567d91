"""Keys for tests, the same in each run."""

import base64
from pathlib import Path

from muster.keys import Key

OLD = Key("old", bytes(range(32)))
NEW = Key("new", bytes(range(32, 64)))
FOREIGN = Key("foreign", bytes(range(64, 96)))


def ring(home: Path, *keys: Key) -> str:
    """Write a file of keys and return its path."""
    file = home / "-".join(["keys", *(key.id for key in keys)])
    file.write_text("".join(f"{one.id} {base64.b64encode(one.secret).decode()}\n" for one in keys))
    return str(file)
