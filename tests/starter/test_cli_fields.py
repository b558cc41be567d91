"""What the command line checks by itself agrees with the models that it does not import."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from muster.domain import model, roles
from muster.domain.severity import Rating, Severity
from starter.cli import fields
from starter.failures import BadInput

PAIRS: list[tuple[Callable[[str], str], Any]] = [
    (fields.title, model.Title),
    (fields.line, model.Line),
    (fields.reason, model.Reason),
    (fields.text, model.Text),
    (fields.key, model.Id),
    (fields.person, model.Person),
    (fields.severity, Rating),
]
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=" \t\n\r\x00\x1b\x85\u2028\u202eaé", max_size=8),
    st.text(alphabet="\u200b\u2060\ufeff\u00ad\u0301 a", max_size=4),
    st.sampled_from(["s1", "SEV2", "3", "S5", "@ann", "me ", "-x", "", "a" * 200, "a" * 201]),
    st.integers(990, 4_001).map("a".__mul__),
)


@pytest.mark.parametrize(("check", "annotation"), PAIRS)
@given(text=TEXTS)
def test_a_check_agrees_with_its_model(
    check: Callable[[str], str], annotation: Any, text: str
) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(annotation)
    try:
        expected: str | None = str(adapter.validate_python(text))
    except ValidationError:
        expected = None
    try:
        found: str | None = check(text)
    except ValueError:
        found = None
    assert found == expected


def test_the_words_are_those_of_the_domain() -> None:
    assert tuple(Severity) == fields.SEVERITIES
    assert tuple(roles.Role) == fields.ROLES


@pytest.mark.parametrize(
    ("check", "given", "message"),
    [
        (fields.severity, "S9", "severity: must be one of S1, S2, S3, S4"),
        (fields.title, " \t\n", "severity: must not be empty"),
        (
            fields.title,
            "x" * 10_000,
            "severity: must be at most 200 characters long, and is 10000",
        ),
        (fields.title, "a\0b", "severity: has the control character U+0000 at position 1"),
        (fields.status, "done", "severity: must be one of investigating, identified, monitoring, "),
    ],
)
def test_an_error_names_the_field_and_what_is_allowed(
    check: Callable[[str], str], given: str, message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        fields.checked("severity", check, given)
    assert str(caught.value).startswith(message)
    assert caught.value.field == "severity"


def test_audiences_may_be_repeated_and_listed() -> None:
    assert fields.audiences(["support,End-Users", "estaff", "support"]) == [
        "support",
        "end-users",
        "estaff",
    ]
