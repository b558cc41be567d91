"""The payload codec: AES-256 in Galois/Counter Mode, with the key's id beside what it has encrypted."""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from muster.encrypted import BROKEN, ENCODING, FAILURE, KEY_ID, UNKNOWN
from muster.keys import Key

NONCE = 12
"""Bytes, random for each payload; they stand before the ciphertext."""


class Codec(PayloadCodec):
    """Encrypts with the first key and decrypts with any; what is not encrypted passes as it is."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._ciphers = {key.id.encode(): AESGCM(key.secret) for key in keys}
        self._first = keys[0].id.encode()

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt all of them."""
        return [self.encrypted(one) for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt all of them."""
        return [self.decrypted(one) for one in payloads]

    def encrypted(self, payload: Payload) -> Payload:
        """Return the payload encrypted, its metadata too."""
        nonce = os.urandom(NONCE)
        cipher = self._ciphers[self._first]
        data = cipher.encrypt(nonce, payload.SerializeToString(), self._first)
        metadata = {"encoding": ENCODING, KEY_ID: self._first}
        return Payload(metadata=metadata, data=nonce + data)

    def decrypted(self, payload: Payload) -> Payload:
        """Return the payload decrypted; one that cannot be comes back as it is, with the reason in its metadata.

        An error here would fail the workflow task of whoever was sent it, again and again.
        """
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key = payload.metadata.get(KEY_ID, b"")
        cipher = self._ciphers.get(key)
        if cipher is None:
            return _marked(payload, UNKNOWN)
        try:
            plain = cipher.decrypt(payload.data[:NONCE], payload.data[NONCE:], key)
            return Payload.FromString(plain)
        except (InvalidTag, ValueError, DecodeError):
            return _marked(payload, BROKEN)


def _marked(payload: Payload, why: bytes) -> Payload:
    marked = Payload()
    marked.CopyFrom(payload)
    marked.metadata[FAILURE] = why
    return marked
