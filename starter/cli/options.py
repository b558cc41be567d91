"""What all commands share: ``--json``, ``--as``, examples, and options that check values."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import click

from starter.cli.absence import hint
from starter.cli.session import Session

_UNHINTED = frozenset({"sync", "completion"})
"""Commands that need no word of what waits in the spool: one delivers it, the other runs in every new shell."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Field(click.ParamType[Any]):
    """An option whose check says what is allowed."""

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the checked value."""
        try:
            return self._check(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def offered(words: Iterable[str]) -> Completer:
    """Return what the Tab key offers: these words, each of a comma-separated list too."""
    choices = tuple(words)

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        fitting = (one for one in choices if one.lower().startswith(last.lower()))
        return [f"{before}{comma}{one}" for one in fitting]

    return complete


def examples(*lines: str) -> str:
    """Return the examples as the end of a help text."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def command(name: str, *lines: str) -> Callable[[Callable[..., int]], click.Command]:
    """Make the function a command that gets a Session and returns an exit code."""

    def decorate(function: Callable[..., int]) -> click.Command:
        @click.command(name, epilog=examples(*lines), context_settings=SETTINGS)
        @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
        @click.option(
            "--as", "actor", metavar="PERSON", help="Who asks; else MUSTER_AS, else the login."
        )
        @functools.wraps(function)
        def run(*, as_json: bool, actor: str | None, **given: Any) -> int:
            if not as_json and name not in _UNHINTED:
                hint()
            return function(Session(as_json=as_json, given_actor=actor), **given)

        return run

    return decorate


yes = click.option("--yes", "-y", is_flag=True, help="Do not wait for Enter.")
