"""The base of all value objects and the field types that they share."""

import re
from datetime import UTC, datetime, timedelta
from operator import not_
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

TITLE_MAX = 200
TEXT_MAX = 4_000
REASON_MAX = 1_000

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@:-]{0,63}")


class Value(BaseModel):
    """A frozen value object; unknown fields are refused, so that a typing error is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


class Record(BaseModel):
    """A frozen value object that a newer version may have written: unknown fields are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="float")


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space; other control characters are an error."""
    return _visible(_without_control(" ".join(text.split())))


def _without_control(text: str) -> str:
    if found := _CONTROL.search(text):
        message = (
            f"has the control character U+{ord(found.group()):04X} at position {found.start()}"
        )
        raise ValueError(message)
    return text


def _visible(text: str) -> str:
    """Return the text unless it only looks empty, as a zero-width space does."""
    if text and not any(char.isprintable() and not char.isspace() for char in text):
        message = "has nothing in it that can be seen"
        raise ValueError(message)
    return text


def _block(text: str) -> str:
    return _visible(_without_control(text.replace("\r\n", "\n").replace("\r", "\n").strip()))


def _person(text: str) -> str:
    handle = text.strip().removeprefix("@")
    if not _PERSON.fullmatch(handle):
        message = "must be a handle of letters, digits and . _ + @ : -, at most 64 long"
        raise ValueError(message)
    return handle


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        message = "needs a time zone"
        raise ValueError(message)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        message = "is outside the calendar"
        raise ValueError(message) from None


def _text_only(value: object) -> object:
    if not isinstance(value, str):
        message = "must be text"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only ValueError into a field error
    return value


Title = Annotated[
    str,
    BeforeValidator(_text_only),
    AfterValidator(one_line),
    Field(min_length=1, max_length=TITLE_MAX),
]
Mark = Annotated[bool, Field(exclude_if=not_)]
"""Left out of JSON where it is not set, so that what older versions have written reads the same."""
Line = Annotated[
    str, BeforeValidator(_text_only), AfterValidator(one_line), Field(min_length=1, max_length=200)
]
Reason = Annotated[
    str,
    BeforeValidator(_text_only),
    AfterValidator(one_line),
    Field(min_length=1, max_length=REASON_MAX),
]
Text = Annotated[
    str,
    BeforeValidator(_text_only),
    AfterValidator(_block),
    Field(min_length=1, max_length=TEXT_MAX),
]
Person = Annotated[str, BeforeValidator(_text_only), AfterValidator(_person)]
"""The handle of a human, or ``automation:NAME`` of a machine."""
Time = Annotated[datetime, AfterValidator(_utc)]
"""An instant, always in UTC."""
Id = Annotated[
    str,
    BeforeValidator(_text_only),
    AfterValidator(_without_control),
    Field(min_length=1, max_length=200),
]

Span = timedelta
