"""The codec: what it encrypts only its keys read, and what it cannot read it gives back and says so."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from muster.converter import DATA_CONVERTER, data_converter
from muster.encrypted import KEY_ID, Undecipherable
from muster.encryption import NONCE, Codec
from tests.security.rings import FOREIGN, NEW, OLD

CODEC = Codec((NEW, OLD))
PAYLOADS = st.builds(
    Payload,
    metadata=st.dictionaries(st.text(max_size=20), st.binary(max_size=40), max_size=4),
    data=st.binary(max_size=2_000),
)


@given(PAYLOADS)
def test_any_payload_comes_back_as_it_was(payload: Payload) -> None:
    sealed = CODEC.encrypted(payload)
    assert sealed.metadata == {"encoding": b"binary/encrypted", KEY_ID: b"new"}
    assert CODEC.decrypted(sealed) == payload


@given(PAYLOADS)
def test_what_is_not_encrypted_passes(payload: Payload) -> None:
    assert CODEC.decrypted(payload) == payload


def test_nothing_of_it_is_readable_and_no_two_are_alike() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'"api errors"')
    first, second = CODEC.encrypted(payload), CODEC.encrypted(payload)
    assert b"api errors" not in first.SerializeToString()
    assert b"json/plain" not in first.SerializeToString()
    assert first.data != second.data


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    payload = Payload(data=b"words")
    before = Codec((OLD,)).encrypted(payload)
    assert CODEC.decrypted(before) == payload
    assert CODEC.encrypted(payload).metadata[KEY_ID] == b"new"


def changed(index: int) -> bytes:
    data = bytearray(CODEC.encrypted(Payload(data=b"words")).data)
    data[index] ^= 1
    return bytes(data)


SEALED = CODEC.encrypted(Payload(data=b"words")).data
GARBAGE = {
    "a key of others": (b"foreign", Codec((FOREIGN,)).encrypted(Payload(data=b"x")).data, "among"),
    "no key": (b"", SEALED, "not among"),
    "a key that is no text": (b"\xff\x00", SEALED, "not among"),
    "nothing in it": (b"new", b"", "does not open"),
    "half a nonce": (b"new", SEALED[: NONCE // 2], "does not open"),
    "a nonce alone": (b"new", SEALED[:NONCE], "does not open"),
    "cut off": (b"new", SEALED[:-1], "does not open"),
    "a changed nonce": (b"new", changed(0), "does not open"),
    "a changed text": (b"new", changed(NONCE), "does not open"),
    "a changed tag": (b"new", changed(-1), "does not open"),
    "under another of our keys": (b"old", SEALED, "does not open"),
    "never encrypted": (b"new", b'{"title": "api errors"}', "does not open"),
}


@pytest.mark.parametrize(("key", "data", "why"), GARBAGE.values(), ids=GARBAGE.keys())
def test_what_cannot_be_read_is_given_back_and_named_by_its_key(
    key: bytes, data: bytes, why: str
) -> None:
    payload = Payload(metadata={"encoding": b"binary/encrypted", KEY_ID: key}, data=data)
    converter = data_converter((NEW, OLD))
    with pytest.raises(Undecipherable, match=why) as caught:
        asyncio.run(converter.decode([payload], [str]))
    assert repr(key.decode(errors="replace")) in str(caught.value)


def test_without_keys_it_is_said_that_there_are_none() -> None:
    sealed = CODEC.encrypted(Payload(data=b"words"))
    with pytest.raises(Undecipherable, match="'new', and MUSTER_CODEC_KEYS is not set here"):
        asyncio.run(DATA_CONVERTER.decode([sealed], [str]))


def test_a_key_that_does_not_end_is_shown_in_part() -> None:
    payload = Payload(metadata={"encoding": b"binary/encrypted", KEY_ID: b"k" * 100_000})
    assert len(str(Undecipherable(payload))) < 200


def test_the_text_of_an_error_is_encrypted_and_comes_back() -> None:
    converter = data_converter((NEW,))
    failure = Failure()
    error = ApplicationError("the secret words", {"field": "title"}, type="Refused")
    asyncio.run(converter.encode_failure(error, failure))
    assert b"secret" not in failure.SerializeToString()
    assert b"title" not in failure.SerializeToString()
    back = asyncio.run(converter.decode_failure(failure))
    assert isinstance(back, ApplicationError)
    assert (back.message, back.type, back.details) == (
        "the secret words",
        "Refused",
        ({"field": "title"},),
    )


def test_the_codec_does_not_show_its_keys() -> None:
    assert OLD.secret.hex() not in repr(vars(CODEC))
    assert repr(OLD.secret) not in repr(data_converter((OLD,)))
