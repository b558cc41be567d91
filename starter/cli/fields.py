"""What may be given: each check returns the value for the wire, or says what is allowed."""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from muster.domain.audiences import Audience, Status
from starter.failures import BadInput

Check: TypeAlias = Callable[[str], str]

TITLE_MAX, LINE_MAX, REASON_MAX, TEXT_MAX = 200, 200, 1_000, 4_000
"""As ``muster.domain.model`` has them, which needs pydantic; a test compares both."""

SEVERITIES = ("S1", "S2", "S3", "S4")
ROLES = ("imoc", "cmoc", "ocit")
AUDIENCES = tuple(audience.value for audience in Audience)
STATUSES = tuple(status.value for status in Status)

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@:-]{0,63}")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")
_SEVERITY = re.compile(r"(?:s|sev|severity)?[\s:_-]?([1-4])", re.IGNORECASE)


def checked(field: str, check: Callable[[str], str], value: str) -> str:
    """Return what the check returns. Raises BadInput that names the field."""
    try:
        return check(value)
    except ValueError as error:
        message = f"{field}: {error}"
        raise BadInput(message, field) from None


def _without_control(text: str) -> str:
    if found := _CONTROL.search(text):
        point = ord(found.group())
        message = f"has the control character U+{point:04X} at position {found.start()}"
        raise ValueError(message)
    return text


def _visible(text: str) -> str:
    if text and not any(char.isprintable() and not char.isspace() for char in text):
        message = "has nothing in it that can be seen"
        raise ValueError(message)
    return text


def _sized(text: str, longest: int) -> str:
    if not text:
        message = "must not be empty"
        raise ValueError(message)
    if len(text) > longest:
        message = f"must be at most {longest} characters long, and is {len(text)}"
        raise ValueError(message)
    return text


def _line(longest: int) -> Check:
    """Return the check of one line, in which every run of white space becomes one space."""

    def check(text: str) -> str:
        return _sized(_visible(_without_control(" ".join(text.split()))), longest)

    return check


title = _line(TITLE_MAX)
line = _line(LINE_MAX)
reason = _line(REASON_MAX)


def key(value: str) -> str:
    """Return a declaration's key as it is."""
    return _sized(_without_control(value), LINE_MAX)


def text(value: str) -> str:
    """Return words of several lines."""
    unified = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _sized(_visible(_without_control(unified)), TEXT_MAX)


def person(value: str) -> str:
    """Return a handle."""
    handle = value.strip().removeprefix("@")
    if not _PERSON.fullmatch(handle):
        message = "must be a handle of letters, digits and . _ + @ : -, at most 64 long"
        raise ValueError(message)
    return handle


def count(value: str) -> int:
    """Return a number of things, at least one."""
    if not _COUNT.fullmatch(value.strip()):
        message = "must be a whole number from 1 to 999999"
        raise ValueError(message)
    return int(value)


def severity(value: str) -> str:
    """Return the severity written as S1, s1, sev1 or 1."""
    found = _SEVERITY.fullmatch(value.strip())
    if found is None:
        message = f"must be one of {', '.join(SEVERITIES)}"
        raise ValueError(message)
    return f"S{found.group(1)}"


def one_of(allowed: Iterable[str]) -> Check:
    """Return the check of one word among these."""
    words = tuple(allowed)

    def check(value: str) -> str:
        word = value.strip().lower()
        if word not in words:
            message = f"must be one of {', '.join(words)}"
            raise ValueError(message)
        return word

    return check


role = one_of(ROLES)
status = one_of(STATUSES)
_audience = one_of(AUDIENCES)


def audiences(values: Iterable[str]) -> list[str]:
    """Return the audiences of comma-separated lists, each once."""
    words = [word for value in values for word in value.split(",") if word.strip()]
    return list(dict.fromkeys(_audience(word) for word in words))
