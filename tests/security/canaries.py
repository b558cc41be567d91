"""A secret of its own for every setting that holds one, and a search for them in any dress."""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NAMES = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "ZOOM_ACCOUNT_ID",
    "ZOOM_CLIENT_ID",
    "ZOOM_CLIENT_SECRET",
    "GITLAB_TOKEN",
    "X_ACCESS_TOKEN",
    "MUSTER_GATEWAY_TOKEN",
    "MUSTER_GATEWAY_TOKENS",
    "MUSTER_CODEC_TOKEN",
    "MUSTER_FEED_NAME",
    "TEMPORAL_API_KEY",
    "TEMPORAL_TLS_CLIENT_KEY_DATA",
)
KEYS = "MUSTER_CODEC_KEYS"
TLS_KEY = "TEMPORAL_TLS_CLIENT_KEY_PATH"
IN_A_URL = "GITLAB_URL"
NO_SECRET = {
    *("MUSTER_POLICY", "MUSTER_METRICS_ADDRESS", "MUSTER_BUILD_ID", "MUSTER_LOG", "MUSTER_AS", "MUSTER_SPOOL", "MUSTER_CACHE"),
    *("SLACK_API_URL", "ZOOM_API_URL", "ZOOM_OAUTH_URL", "X_API_URL", "GITLAB_PROJECT"),
    *("MUSTER_GATEWAY_RATE", "MUSTER_GATEWAY_LIMIT", "MUSTER_GATEWAY_PORT", "MUSTER_CODEC_ORIGINS"),
    *("MUSTER_TEMPORAL_PORT", "MUSTER_UI_PORT", "MUSTER_SANDBOX_PORT"),
    *("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "TEMPORAL_TLS"),
    *("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA"),
}  # fmt: skip
"""Every other variable of the contract: what stands there may be seen."""
CANARIES: Mapping[str, str] = {
    name: f"canary-{index:02}-of-thirty-two-signs--{index:02}"[:32]
    for index, name in enumerate((*NAMES, KEYS, TLS_KEY, IN_A_URL))
}
"""By the variable's name; that of a file of keys is the 32 bytes of the one key in it."""


def environment() -> dict[str, str]:
    """Return the settings that hold a canary themselves."""
    planted = {name: CANARIES[name] for name in NAMES}
    return planted | {"MUSTER_GATEWAY_TOKENS": f"grafana={CANARIES['MUSTER_GATEWAY_TOKENS']}"}


def keys(home: Path) -> Path:
    """Write the file of keys."""
    file = home / "canary.keys"
    file.write_text(f"canary {base64.b64encode(CANARIES[KEYS].encode()).decode()}\n")
    return file


def tls(home: Path) -> dict[str, str]:
    """Write a sound key with its certificate; return the settings that name them."""
    key = ec.derive_private_key(int.from_bytes(CANARIES[TLS_KEY].encode()), ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "muster")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day.replace(year=2126))
    files = {
        TLS_KEY: key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": builder.sign(key, SHA256()).public_bytes(Encoding.PEM),
    }
    for variable, content in files.items():
        (home / variable).write_bytes(content)
    return {variable: str(home / variable) for variable in files}


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
