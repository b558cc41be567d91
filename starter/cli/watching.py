"""``watch``: an incident, or all open ones, followed live until Ctrl-C."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from starter.cli import lists, page
from starter.cli.looking import look
from starter.cli.options import command
from starter.cli.page import Row
from starter.cli.screen import screen
from starter.cli.session import OPEN, Document, Session
from starter.cli.words import Target, only_target
from starter.failures import Failure, Interrupted

if TYPE_CHECKING:
    from starter.client import Address

PAUSE = 1.0
"""Seconds between two looks."""

Look = Callable[[], Any]
Draw = Callable[[Any, datetime], list[Row]]


@command("watch", "muster watch 42", "muster watch", "muster watch 42 --json")
@click.argument("words", nargs=-1, metavar="[N]")
def watch(session: Session, words: tuple[str, ...]) -> int:
    """Follow an incident live, or all that are open; Ctrl-C leaves.

    With --json the document is a list that grows by one snapshot, one a line, whenever something
    changes; leaving closes it.
    """
    target = only_target(words)
    looking, draw = _one(session, target) if target.named else _all(session)
    follow = _follower(session)
    with contextlib.suppress(KeyboardInterrupt, Interrupted):
        follow(looking(), looking, draw)
    return 0


def _follower(session: Session) -> Callable[[Any, Look, Draw], None]:
    if session.as_json:
        return _stream
    return _live if page.coloured(sys.stdout) else _print


def _one(session: Session, target: Target) -> tuple[Look, Draw]:
    address: Address = session.address(target)

    def draw(incident: Document, now: datetime) -> list[Row]:
        return screen(incident, now, *page.size())

    return lambda: look(session, address), draw


def _all(session: Session) -> tuple[Look, Draw]:
    def looking() -> list[Document]:
        entries = session.run(lambda muster: muster.entries(standing=True))
        return [entry for entry in entries if entry["phase"] in OPEN]

    def draw(entries: list[Document], now: datetime) -> list[Row]:
        columns, lines = page.size()
        shown = list(lists.incidents(entries[: lines - 3], now, columns))
        more = len(entries) - len(shown)
        rest = [Row(f"and {more} more", style="dim")] if more else []
        if not entries:
            return [Row("no incident is open", style="green")]
        return [*shown, *rest, *lists.staleness(entries)]

    return looking, draw


def _again(looking: Look, last: Any) -> tuple[Any, str]:
    """Return a new look, or the last one and what is wrong."""
    time.sleep(PAUSE)
    try:
        return looking(), ""
    except Interrupted:
        raise
    except Failure as failure:
        return last, page.inert(failure)


def _stream(last: Any, looking: Look, _draw: Draw) -> None:
    _out(f"[{json.dumps(last)}\n")
    try:
        while True:
            seen, _trouble = _again(looking, last)
            if seen != last:
                _out(f",{json.dumps(seen)}\n")
            last = seen
    finally:
        _out("]\n")


def _print(last: Any, looking: Look, draw: Draw) -> None:
    """Write a page whenever something changes: for a pipe, or a terminal without colours."""
    _page(draw(last, datetime.now(UTC)))
    said = ""
    while True:
        seen, trouble = _again(looking, last)
        if trouble and trouble != said:
            _page([Row(trouble, style="yellow")])
        elif seen != last:
            _page(draw(seen, datetime.now(UTC)))
        last, said = seen, trouble


def _live(last: Any, looking: Look, draw: Draw) -> None:
    from rich.live import Live
    from rich.text import Text

    def drawn(trouble: str) -> Text:
        rows = draw(last, datetime.now(UTC))
        if trouble:
            rows.append(Row(f"{trouble}; trying again", style="bold yellow"))
        return Text("\n").join(page.painted(row) for row in rows)

    with Live(drawn(""), auto_refresh=False, screen=False) as live:
        while True:
            last, trouble = _again(looking, last)
            live.update(drawn(trouble), refresh=True)


def _page(rows: Iterable[Row]) -> None:
    page.write([*rows, Row("")])
    sys.stdout.flush()


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
