"""Rows of text for a person: inert, measured, cut, and coloured on a terminal."""

import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.text import Text

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)|\x1b.?|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\U000e0000-\U000e0fff]"
)
"""What takes no room and hides what stands in it; the joiners that some alphabets and emoji need stay."""
LABEL = 10
"""Columns before the text of a row."""


@dataclass(frozen=True)
class Row:
    """One line; ``label`` stands in its own column, ``whole`` is never cut."""

    text: str
    label: str = ""
    style: str = ""
    whole: bool = False
    indented: bool = False

    @property
    def margin(self) -> str:
        """Return what stands before the text."""
        return f"{self.label:<{LABEL}}" if self.label or self.indented else ""

    def fitted(self, columns: int) -> "Row":
        """Return the row in one line of so many columns, unless it must stay whole."""
        if self.whole:
            return self
        text = cut(self.text, columns - width(self.margin))
        return Row(text, self.label, self.style, self.whole, self.indented)

    def wrapped(self, columns: int) -> "Iterator[Row]":
        """Yield the row in lines that break between words; what is whole breaks where the terminal does, to be copied."""
        room = max(columns - width(self.margin), 1)
        broken = textwrap.wrap(self.text, room, break_on_hyphens=False)
        parts = [self.text] if self.whole or not broken else broken
        yield replace(self, text=parts[0])
        for part in parts[1:]:
            yield replace(self, text=part, label="", indented=bool(self.margin))

    def height(self, columns: int) -> int:
        """Return how many lines of a terminal the row takes."""
        return -(-width(self.margin + self.text) // columns) if self.whole and self.text else 1


def inert(text: object) -> str:
    """Return foreign text as one line that moves no cursor, colours and turns nothing."""
    return " ".join(_still(_ESCAPES.sub("", str(text))).split())


def _still(text: str) -> str:
    return _CONTROL.sub(" ", _UNSEEN.sub("", text))


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """Return the text in so many columns, with an ellipsis where it does not fit."""
    if width(text) <= columns:
        return text
    kept = ""
    used = 0
    for char in text:
        used += _columns(char)
        if used > columns - 1:
            break
        kept += char
    return f"{kept.rstrip()}…" if columns > 0 else ""


def size() -> tuple[int, int]:
    """Return columns and lines of the terminal; 80 by 24 where there is none."""
    found = shutil.get_terminal_size((80, 24))
    return max(found.columns, 40), max(found.lines, 24)


def coloured(stream: TextIO) -> bool:
    """Tell whether a person sees colours there and wants them."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def write(rows: Iterable[Row], stream: TextIO | None = None) -> None:
    """Write the rows; on a terminal with colours and lines that break between words."""
    out = stream or sys.stdout
    if out.isatty():
        rows = [line for row in rows for line in row.wrapped(size()[0])]
    if not coloured(out):
        for row in rows:
            out.write(_still(f"{row.margin}{row.text}").rstrip() + "\n")
        return
    from rich.console import Console

    console = Console(file=out, highlight=False)
    for row in rows:
        console.print(painted(row), soft_wrap=True)


def painted(row: Row) -> "Text":
    """Return the row for rich; its text is no markup."""
    from rich.text import Text

    return Text.assemble((_still(row.margin), "dim"), (_still(row.text), row.style))
