"""The file of keys: what does, and that what does not is said without showing it."""

import base64
from pathlib import Path

import pytest

from muster.keys import Key, KeysError, read

A, B = bytes(range(32)), bytes(range(32, 64))
A64, B64 = base64.b64encode(A).decode(), base64.b64encode(B).decode()


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "keys"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("path", [None, ""])
def test_where_no_file_is_named_there_are_none(path: str | None) -> None:
    assert read(path) == ()


def test_the_first_of_several_is_the_first_line(tmp_path: Path) -> None:
    text = f"# since May\nmay {A64}  # encrypts\n\n  2026-04 {B64}\n"
    assert read(written(tmp_path, text)) == (Key("may", A), Key("2026-04", B))


WRONG = {
    "empty": ("", "the file has no key"),
    "comments alone": ("# none yet\n", "the file has no key"),
    "no id": (A64, "line 1"),
    "three words": (f"may {A64} x", "line 1"),
    "a long id": (f"{'a' * 65} {A64}", "line 1"),
    "an id of other signs": (f"a,b {A64}", "line 1"),
    "no base64": (f"ok {B64}\nmay {A64[:-1]}!", "line 2"),
    "too short": (f"may {base64.b64encode(A[:16]).decode()}", "line 1"),
    "too long": (f"may {base64.b64encode(A + B).decode()}", "line 1"),
    "twice": (f"may {A64}\nmay {B64}", "two keys have the same id"),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_an_error_that_names_the_variable_and_shows_nothing(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(KeysError, match=f"^MUSTER_CODEC_KEYS: .*{why}") as caught:
        read(written(tmp_path, text))
    assert not [word for word in text.split() if len(word) > 8 and word in str(caught.value)]


@pytest.mark.parametrize("path", ["/nowhere/canary", "/", "\0"])
def test_a_file_that_cannot_be_read_is_an_error_without_its_path(path: str) -> None:
    with pytest.raises(KeysError, match=r"^MUSTER_CODEC_KEYS: ") as caught:
        read(path)
    assert "canary" not in str(caught.value)


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"may \xff\xfe")
    with pytest.raises(KeysError, match="no text file"):
        read(str(file))


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(Key("may", A)) == "Key(id='may')"
