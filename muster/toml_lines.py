"""Where each key of a valid TOML text stands; tomllib does not say."""

import re
from dataclasses import dataclass
from typing import TypeAlias

Key: TypeAlias = tuple[str, ...]

_WORD = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"\s*({_WORD}(?:\s*\.\s*{_WORD})*)\s*"
_TABLE = re.compile(rf"\s*(\[{{1,2}}){_DOTTED}\]")
_ENTRY = re.compile(rf"{_DOTTED}=(.*)")
_PART = re.compile(_WORD)
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')
_OPENING, _CLOSING, _MULTILINE = frozenset("[{"), frozenset("]}"), frozenset({'"""', "'''"})


@dataclass
class _Value:
    """A value that may go on over several lines: a string in three quotes, an array."""

    quote: str | None = None
    depth: int = 0

    @property
    def is_open(self) -> bool:
        return self.quote is not None or self.depth > 0

    def read(self, text: str) -> None:
        """Take in the next part of the value."""
        at = 0
        while at < len(text):
            if self.quote is not None:
                end = text.find(self.quote, at)
                if end < 0:
                    return
                at, self.quote = end + len(self.quote), None
                continue
            token = _TOKEN.search(text, at)
            if token is None:
                return
            at = token.end()
            self._take(token.group())

    def _take(self, token: str) -> None:
        if token in _MULTILINE:
            self.quote = token
        self.depth += (token in _OPENING) - (token in _CLOSING)


def lines(text: str) -> dict[Key, int]:
    """Return the line of every table and key, from 1; tables of an array are counted from 0, those inside a value left out."""
    found: dict[Key, int] = {}
    arrays: dict[Key, int] = {}
    table: Key = ()
    value = _Value()
    for number, line in enumerate(text.splitlines(), 1):
        if value.is_open:
            value.read(line)
        elif header := _TABLE.match(line):
            table = _placed(_parts(header.group(2)), arrays)
            if header.group(1) == "[[":
                found.setdefault(table, number)
                arrays[table] = arrays.get(table, -1) + 1
                table = (*table, str(arrays[table]))
            found.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            key = (*table, *_parts(entry.group(1)))
            for length in range(len(table) + 1, len(key) + 1):
                found.setdefault(key[:length], number)
            value.read(entry.group(2))
    return found


def _placed(table: Key, arrays: dict[Key, int]) -> Key:
    """Return the table with the place of each array's table in which it stands: the last one so far."""
    placed: Key = ()
    for part in table[:-1]:
        placed = (*placed, part)
        if placed in arrays:
            placed = (*placed, str(arrays[placed]))
    return (*placed, *table[-1:])


def _parts(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
