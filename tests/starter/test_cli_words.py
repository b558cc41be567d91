"""Which words name an incident."""

import pytest

from starter.cli.words import Target, number, only_target, split
from starter.failures import BadInput

WORKFLOW = "incident-0123456789abcdef0123456789"


@pytest.mark.parametrize(
    ("words", "target", "rest"),
    [
        ((), Target(), ()),
        (("42",), Target(number=42), ()),
        (("#42", "text"), Target(number=42), ("text",)),
        (("text", "42"), Target(), ("text", "42")),
        ((WORKFLOW, "text"), Target(workflow_id=WORKFLOW), ("text",)),
        (("S2",), Target(), ("S2",)),
        (("42", "2"), Target(number=42), ("2",)),
    ],
)
def test_split(words: tuple[str, ...], target: Target, rest: tuple[str, ...]) -> None:
    assert split(words) == (target, rest)


@pytest.mark.parametrize("word", ["0", "#0", "-1", "+3", "9" * 23])
def test_a_number_that_no_incident_has_is_no_other_word(word: str) -> None:
    with pytest.raises(BadInput, match="N: must be the number") as caught:
        split((word, "text"))
    assert caught.value.field == "N"


@pytest.mark.parametrize("words", [("abc",), ("0",), ("-1",), ("4.2",), ("42", "43")])
def test_where_only_an_incident_may_stand(words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        only_target(words)


def test_a_number_names_its_field() -> None:
    with pytest.raises(BadInput, match="into: must be the number") as caught:
        number("x", "into")
    assert caught.value.field == "into"
