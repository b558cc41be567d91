"""Rows: foreign text does nothing to a terminal, and what does not fit is cut where it is seen."""

import io

import pytest

from starter.cli.page import Row, cut, inert, width, write


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\rb\nc\td", "a b c d"),
        ("back\x08space", "back space"),
        ("\x9b2Jgone", "gone"),
        ("abc\u202edcba", "abc dcba"),
        ("lone\udcff", "lone"),
        ("\x1bcreset", "reset"),
        ("\x1b]never ends", ""),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_inert(foreign: str, shown: str) -> None:
    assert inert(foreign) == shown


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("a bit too long", 8, "a bit t…"),
        ("日本日本", 5, "日本…"),
        ("word and", 6, "word…"),
        ("x", 0, ""),
    ],
)
def test_cut(text: str, columns: int, expected: str) -> None:
    found = cut(text, columns)
    assert found == expected
    assert width(found) <= columns


class Terminal(io.StringIO):
    """A terminal without colours."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_lines_break_between_words_but_not_what_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    rows = [
        Row("limited impact on important portions, end-users too", label="service"),
        Row("a prompt of several words, longer than a line is"),
        Row(""),
        Row("muster note 42 " + "x" * 30, label="Next", whole=True),
    ]
    write(rows, out)
    assert out.getvalue().splitlines() == [
        "service   limited impact on important",
        "          portions, end-users too",
        "a prompt of several words, longer than a",
        "line is",
        "",
        "Next      muster note 42 " + "x" * 30,
    ]


def test_rows_are_written_plainly_where_no_terminal_is() -> None:
    out = io.StringIO()
    write([Row("#42 S1 active", style="bold red"), Row("[bold]api[/]", label="Service")], out)
    assert out.getvalue() == "#42 S1 active\nService   [bold]api[/]\n"
