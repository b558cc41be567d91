"""Reads ``muster.toml``; every error names file, line, key and what is allowed."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from muster.domain.contradictions import contradictions
from muster.domain.policy import Policy
from muster.toml_lines import Key, lines

_SYNTAX = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")

_WORDS = {
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be an array",
    "bool_type": "must be true or false",
}


class PolicyError(Exception):
    """A policy that does not do; ``line`` counts from 1, ``key`` is dotted."""

    def __init__(self, path: Path, message: str, *, line: int | None = None, key: str = "") -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {key}: {message}" if key else f"{where}: {message}")
        self.path = path
        self.line = line
        self.key = key


def load(path: Path | str) -> Policy:
    """Return the policy of a file; what it leaves out has its default. Raises PolicyError."""
    path = Path(path)
    text = _text(path)
    try:
        given = tomllib.loads(text)
        document = json.dumps(_merged(Policy().model_dump(mode="json"), given), default=_misfit)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, error) from None
    except RecursionError:
        raise PolicyError(path, "is nested too deep") from None
    try:
        policy = Policy.model_validate_json(document, strict=True)
    except ValidationError as error:
        raise _value_error(path, text, error) from None
    for key, message in chain(contradictions(policy), _unreadable(policy)):
        raise PolicyError(path, message, line=_line(text, key), key=".".join(key))
    return policy


def _unreadable(policy: Policy) -> Iterator[tuple[Key, str]]:
    """Yield the turns that cannot be unfolded; only those who have any wait for it."""
    if any(turns.every for _, rotation in policy.oncall.rotations() for turns in rotation.turns):
        from muster.oncall.written import unreadable  # noqa: PLC0415 - it takes a process of its own

        yield from unreadable(policy.oncall)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError(path, error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise PolicyError(path, "must be UTF-8 text") from None
    except ValueError:  # a path that no file can have
        raise PolicyError(path, "is no path of a file") from None


def _misfit(_date: object) -> int:
    """Stand for a date, of which a policy has none, so that its key is refused."""
    return 0


def _merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults with what is given over them, table by table."""
    merged = {**defaults, **given}
    for key, value in given.items():
        default = defaults.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            merged[key] = _merged(default, value)
    return merged


def _syntax_error(path: Path, text: str, error: tomllib.TOMLDecodeError) -> PolicyError:
    message = str(error)
    place = _SYNTAX.search(message)
    if place is None:
        return PolicyError(path, message)
    line = int(place.group(1)) if place.group(1) else max(len(text.splitlines()), 1)
    return PolicyError(path, message[: place.start()], line=line)


def _value_error(path: Path, text: str, error: ValidationError) -> PolicyError:
    first: Any = error.errors(include_url=False, include_input=False)[0]
    where = tuple(str(part) for part in first["loc"] if part != "[key]")
    message = _WORDS.get(first["type"], str(first["msg"]).removeprefix("Value error, "))
    if first["type"] == "extra_forbidden":
        message = _unknown(where)
    return PolicyError(path, message, line=_line(text, where), key=".".join(where))


def _unknown(where: Key) -> str:
    allowed = _allowed(where[:-1])
    close = difflib.get_close_matches(where[-1], allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"is no key of the policy{hint}; allowed here: {', '.join(allowed) or 'none'}"


def _allowed(table: Key) -> list[str]:
    """Return the keys of a table of the policy."""
    kind: Any = Policy
    for part in table:
        if get_origin(kind) in {dict, tuple}:
            kind = _model_of(kind)
        elif _is_model(kind) and part in kind.model_fields:
            kind = kind.model_fields[part].annotation
            kind = kind if get_origin(kind) in {None, dict, tuple} else _model_of(kind)
        else:
            return []
    return list(kind.model_fields) if _is_model(kind) else []


def _model_of(kind: Any) -> Any:
    """Return the model in a table of tables, an array of tables, or one that may be left out."""
    return next((one for one in get_args(kind) if _is_model(one)), None)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _line(text: str, where: Key) -> int | None:
    """Return the line of the longest part of the key that the text has."""
    known = lines(text)
    found = (known.get(where[:length]) for length in range(len(where), 0, -1))
    return next((line for line in found if line is not None), None)
