"""``audit``: every change of an incident, who asked for it, and who vouches for that."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from starter.cli import answers, times
from starter.cli.looking import STALE, forgotten
from starter.cli.options import command
from starter.cli.page import Row, inert
from starter.cli.session import Document, Session
from starter.cli.words import only_target


@command("audit", "muster audit 42", "muster audit 42 --json | jq '.changes[].command_id'")
@click.argument("words", nargs=-1, metavar="[N]")
def audit(session: Session, words: tuple[str, ...]) -> int:
    """Show every change with its actor, source and command id, wherever the record still is."""
    address = session.address(only_target(words))
    from starter.recalling import recalled

    found = session.run(lambda muster: recalled(muster, address, session.reader))
    if not (found.facts or found.commands):
        raise forgotten(address, found.missing)
    from starter.cli.recorded import changes

    document: Document = {
        "number": address.number,
        "workflow_id": address.workflow_id,
        "source": found.source,
        "complete": found.complete,
        "missing": found.missing,
        "changes": changes(found),
    }
    session.show(document, _rows(document, address.entry or {}))
    return STALE if found.source == "history" else 0


def _rows(document: Document, known: Document) -> Iterator[Row]:
    yield answers.head(known | {"number": document["number"]})
    now = datetime.now(UTC)
    for change in document["changes"]:
        at = times.shown(change["at"], now, seconds=True)
        yield Row(f"{at}  {_who(change)}: {inert(change['text'])}{_id(change)}", whole=True)
    if document["missing"]:
        told = f"From the {document['source']}: {inert(document['missing'])}"
        yield Row(told, style="yellow", whole=True)


def _who(change: Document) -> str:
    vouched = "claimed, " if change["claimed"] else ""
    return f"{inert(change['actor'])} ({vouched}{inert(change['source'])})"


def _id(change: Document) -> str:
    return f"  [{inert(change['command_id'])}]" if change["command_id"] else ""
