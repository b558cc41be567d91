"""Questions to a person at a terminal: one for each missing thing, with its choices, on stderr."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from starter.cli import fields, page
from starter.cli.answers import headline
from starter.failures import BadInput

if TYPE_CHECKING:
    from starter.cli.session import Session

Document = dict[str, Any]
_YES = frozenset({"", "y", "yes"})


def required(
    session: "Session",
    field: str,
    given: str | None,
    check: Callable[[str], str],
    *,
    question: str,
    option: str = "",
) -> str:
    """Return what was given, or what the person answers. Raises BadInput where nobody is there."""
    if given is not None:
        return fields.checked(field, check, given)
    if not session.interactive:
        missing(field, option or f"--{field}")
    return _asked(question, check)


def missing(field: str, option: str) -> None:
    """Raise BadInput for what was left out."""
    message = f"{field}: is missing; give it as {option}"
    raise BadInput(message, field)


def _asked(question: str, check: Callable[[str], str], default: str | None = None) -> str:
    def valued(answer: str) -> str:
        try:
            return check(answer)
        except (ValueError, BadInput) as error:
            raise click.UsageError(page.inert(error)) from None

    found: str = click.prompt(
        question, err=True, value_proc=valued, default=default, show_default=False
    )
    return found


def severity(definitions: Iterable[page.Row], *, default: str | None) -> str | None:
    """Return the severity that the person chooses, its definitions in view; None is policy's."""
    page.write([*definitions, page.Row("In doubt the higher one holds.")], sys.stderr)
    by_policy = f"; Enter for the policy's {default}, for the IMOC to confirm" if default else ""
    answer = _asked(
        f"Severity (S1 to S4{by_policy})",
        lambda text: fields.severity(text) if text else "",
        default="" if default else None,
    )
    return answer or None


def which_incident(entries: list[Document]) -> Document:
    """Return the one of several incidents that the person means."""
    page.write((page.Row(headline(entry)) for entry in entries), sys.stderr)
    numbers = {str(entry["number"]): entry for entry in entries}
    check = fields.one_of(numbers)
    return numbers[_asked("Which incident", lambda text: check(text.removeprefix("#")))]


def confirm(session: "Session", rows: Iterable[page.Row], *, yes: bool) -> None:
    """Show what will happen and wait for Enter; nothing to wait for where nobody is there.

    Any word but a yes leaves it: who types n does not mean yes. Raises click.Abort.
    """
    if yes or not session.interactive:
        return
    page.write(rows, sys.stderr)
    answer: str = click.prompt(
        "Enter to go on, Ctrl-C to leave it",
        default="",
        show_default=False,
        err=True,
        prompt_suffix=" ",
    )
    if answer.strip().lower() not in _YES:
        raise click.Abort
