"""``resolve``, ``reopen``, ``merge`` and ``cancel``: how an incident ends, and does not."""

from typing import TYPE_CHECKING

import click

from muster import names
from starter.cli import answers, asking, fields
from starter.cli.options import command, yes
from starter.cli.page import Row
from starter.cli.session import Document, Session
from starter.cli.words import Target, number, only_target
from starter.failures import BadInput, Gone, Silent

if TYPE_CHECKING:
    from starter.client import Address

_GRAVE = frozenset({"S1", "S2"})


@command(
    "resolve",
    'muster resolve 42 --message "rolled back, error rate is normal"',
    'muster resolve 42 --despite DiskFull --reason "a spare node, not in use"',
)
@click.argument("words", nargs=-1, metavar="[N]")
@click.option("--message", metavar="TEXT", help="What was done.")
@click.option("--despite", metavar="ALERT", help="Set this one firing alert aside, with a reason.")
@click.option("--reason", metavar="TEXT", help="Why the alert does not count.")
@yes
def resolve(
    session: Session,
    words: tuple[str, ...],
    message: str | None,
    despite: str | None,
    reason: str | None,
    *,
    yes: bool,
) -> int:
    """Say that the service is back; an S1 or S2 then waits out its stability."""
    target = only_target(words)
    if reason is not None and despite is None:
        told = "despite: is missing; --reason says why an alert is set aside"
        raise BadInput(told, "despite")
    given: Document = {
        "message": message and fields.checked("message", fields.text, message),
        "despite": despite and fields.checked("despite", fields.line, despite),
    }
    if despite is not None:
        given["reason"] = _reason(session, reason)
    what = "the stability wait begins, and a regression undoes it; no audience hears of it by this"
    address = session.address(target)
    _confirm(session, address, f"Resolve: {what}", yes=yes)
    answer = session.send(address, names.RESOLVE, given)
    return answers.give(session, address, answer, _resolved(answer or {}, despite))


@command(
    "reopen",
    'muster reopen 42 --reason "logins fail again"',
    'muster reopen 42 --reason "wrong number" --closed-by-mistake',
)
@click.argument("words", nargs=-1, metavar="[N]")
@click.option("--reason", metavar="TEXT", help="What shows that it is not over; required.")
@click.option(
    "--closed-by-mistake", is_flag=True, help="It never should have closed: no S3 becomes S2."
)
def reopen(
    session: Session, words: tuple[str, ...], reason: str | None, *, closed_by_mistake: bool
) -> int:
    """Say that it is not over: in the stability wait, or up to 3 hours after it has closed."""
    target = only_target(words)
    given: Document = {"reason": _reason(session, reason), "closed_by_mistake": closed_by_mistake}
    address = session.address(target, {"resolved", "closed"})
    sent = session.send(address, names.REOPEN, given)
    return answers.give(session, address, sent, "reopened: it is active again")


@command("merge", "muster merge 43 --into 42")
@click.argument("words", nargs=-1, metavar="[N]")
@click.option("--into", metavar="M", help="The incident that goes on; required.")
@yes
def merge(session: Session, words: tuple[str, ...], into: str | None, *, yes: bool) -> int:
    """End this incident as a duplicate of another, which gets its alerts and what it owes."""
    target = only_target(words)
    asked = asking.required(
        session, "into", into, _number, question="Into which incident", option="--into M"
    )
    survivor = int(asked)
    address = session.address(target)
    other = session.address(Target(number=survivor))
    name = answers.headline(other.entry or {"number": survivor})
    _confirm(session, address, f"Merge into {name}: this one ends, and cannot be reopened", yes=yes)
    given: Document = {"into": survivor, "into_workflow": other.workflow_id}
    sent = session.send(address, names.MERGE, given)
    return answers.give(session, address, sent, f"merged into #{survivor}")


def _number(word: str) -> str:
    return str(number(word, "into"))


@command("cancel", 'muster cancel 42 --reason "a test alert"')
@click.argument("words", nargs=-1, metavar="[N]")
@click.option("--reason", metavar="TEXT", help="Why it was a false alarm; required.")
@yes
def cancel(session: Session, words: tuple[str, ...], reason: str | None, *, yes: bool) -> int:
    """End this incident as a false alarm."""
    target = only_target(words)
    given: Document = {"reason": _reason(session, reason)}
    address = session.address(target, {"active"})
    _confirm(session, address, "Cancel: it ends as a false alarm, and cannot be reopened", yes=yes)
    sent = session.send(address, names.CANCEL, given)
    return answers.give(session, address, sent, "cancelled: it was a false alarm")


def _resolved(answer: Document, aside: str | None) -> str:
    done = f"{aside} is set aside" if aside else "resolved"
    return f"{done}: it owes no wait and is closed" if answer.get("phase") == "closed" else done


def _reason(session: Session, given: str | None) -> str:
    return asking.required(session, "reason", given, fields.reason, question="Reason")


def _confirm(session: Session, address: "Address", what: str, *, yes: bool) -> None:
    """Show what will happen to an S1 or S2, or to one whose severity nobody can say now."""
    if yes or not session.interactive:
        return
    incident = _seen(session, address)
    if incident.get("severity") in _GRAVE or incident.get("severity") is None:
        rows = [answers.head(incident), Row(what), *_request(incident, session.actor)]
        asking.confirm(session, rows, yes=False)


def _request(incident: Document, actor: str) -> list[Row]:
    imoc = (incident.get("roles") or {}).get("imoc")
    if not imoc or imoc["person"] == actor:
        return []
    return [Row(f"You are not its IMOC: {imoc['person']} is asked to do it", style="yellow")]


def _seen(session: Session, address: "Address") -> Document:
    try:
        return session.run(lambda muster: muster.snapshot(address, session.reader))
    except (Silent, Gone):
        return address.entry or {"number": address.number}
