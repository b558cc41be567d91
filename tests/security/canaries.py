"""A secret of its own for every setting that holds one, and a search for them in any dress."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path

NAMES = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "ZOOM_ACCOUNT_ID",
    "ZOOM_CLIENT_ID",
    "ZOOM_CLIENT_SECRET",
    "GITLAB_TOKEN",
    "X_ACCESS_TOKEN",
    "MUSTER_GATEWAY_TOKEN",
    "MUSTER_CODEC_TOKEN",
    "TEMPORAL_API_KEY",
)
KEYS = "MUSTER_CODEC_KEYS"
IN_A_URL = "GITLAB_URL"
CANARIES: Mapping[str, str] = {
    name: f"canary-{index:02}-of-thirty-two-signs--{index:02}"[:32]
    for index, name in enumerate((*NAMES, KEYS, IN_A_URL))
}
"""By the variable's name; that of the keys is the 32 bytes of the one key."""


def keys(home: Path) -> Path:
    """Write the file of keys."""
    file = home / "canary.keys"
    file.write_text(f"canary {base64.b64encode(CANARIES[KEYS].encode()).decode()}\n")
    return file


def found(places: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return which canary is in which place."""
    return {
        (name, place)
        for name, canary in CANARIES.items()
        for place, content in places.items()
        if any(dress in content for dress in dresses(canary))
    }


def dresses(secret: str) -> Iterable[bytes]:
    """Yield the secret as it is, in hexadecimal, backwards, and in base64 wherever in a longer text it begins."""
    plain = secret.encode()
    yield plain
    yield plain.hex().encode()
    yield plain[::-1]
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + plain)
        yield text[4 if shift else 0 : -4]
