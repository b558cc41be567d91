"""``declare``: an incident begins."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from muster.names import DRILL, OWN_KEY
from starter.cli import absence, answers, asking, fields, rating, times
from starter.cli.options import Field, command, offered
from starter.cli.page import Row
from starter.cli.session import Document, Session
from starter.failures import BadInput, NoSuchIncident, Unreachable

if TYPE_CHECKING:
    from starter.client import Address


@command(
    "declare",
    'muster declare "api errors" --severity S1 --service api',
    'muster declare "slow logins" --since 20m',
    'muster declare "disk full on db3" --key ticket-8812 --json',
    'muster declare "customer data is public" --severity S1 --private',
    'muster declare "database gone" --severity S1 --drill',
)
@click.argument("words", nargs=-1, metavar="TITLE")
@click.option(
    "--severity",
    type=Field("severity", fields.severity),
    shell_complete=offered(fields.SEVERITIES),
    metavar="S1|S2|S3|S4",
    help="Left out, it is the policy's, for the IMOC to confirm.",
)
@click.option(
    "--service", type=Field("service", fields.line), metavar="NAME", help="What is broken."
)
@click.option(
    "--key",
    type=Field("key", fields.key),
    metavar="KEY",
    help="Declarations of one key are one incident.",
)
@click.option("--since", metavar="20m|14:30", help="When the impact began (local time).")
@click.option(
    "--private", is_flag=True, help="Only for its people: who declares, who holds a role."
)
@click.option(
    "--drill", is_flag=True, help="An exercise: marked everywhere, nothing to end users or eStaff."
)
def declare(
    session: Session,
    *,
    words: tuple[str, ...],
    severity: str | None,
    service: str | None,
    key: str | None,
    since: str | None,
    private: bool,
    drill: bool,
) -> int:
    """Declare an incident."""
    if drill and key:
        raise BadInput("key: a drill has none, since what is real may come under it", "key")
    actor = session.actor
    began = since and fields.checked("since", _back, since)
    given = " ".join(words) if words else None
    title = asking.required(
        session, "title", given, fields.title, question="What is wrong, in one line", option="TITLE"
    )
    if drill:
        fields.checked("title", fields.title, DRILL + title)
    declaration: Document = {
        "title": title,
        "severity": severity or rating.asked(session, declaring=True),
        "service": service,
        "key": key,
        "declared_by": actor,
        "source": "cli",
        "since": began,
        "private": private or None,
        "drill": drill or None,
    }
    sent = {field: value for field, value in declaration.items() if value is not None}
    # Tried under the key that it would have in the spool: nobody knows whether a try that broke off began it.
    spare = key or f"{OWN_KEY}{uuid.uuid4()}"
    try:
        address = session.run(lambda muster: muster.declare(sent, spare))
    except Unreachable as failure:
        raise absence.kept(sent | {"key": spare}, failure) from None
    return _give(session, sent, address, registered(session, address, actor))


def registered(session: Session, address: "Address", reader: str) -> Document | None:
    """Return the answer that has the number, as the reader may see it; None too where Temporal has gone away since."""
    try:
        return session.run(lambda muster: muster.registered(address, reader))
    except Unreachable:
        return None


def _back(text: str) -> str:
    return times.wire(times.back(text, datetime.now(UTC)))


def _give(session: Session, sent: Document, address: "Address", answer: Document | None) -> int:
    if answer is None:
        document = _recorded(sent, address)
    elif answer.get("phase") == "merged":
        document = _known(session, answer)
    else:
        document = answer | {"message": answer.get("message") or _said(sent, answer)}
    session.show(document, _rows(document, datetime.now(UTC)))
    return answers.RECORDED if answer is None else answers.DONE


def _said(sent: Document, answer: Document) -> str:
    """Return what of the declaration is not as it was given."""
    if answer.get("title") != answers.titled(sent):
        return "this key is known already"
    if "severity" not in sent and not answer.get("predecessor"):
        return f"{answer.get('severity')} by policy, for the IMOC to confirm"
    return ""


def _recorded(sent: Document, address: "Address") -> Document:
    return {
        "outcome": "recorded",
        "message": "recorded: it has no number yet. Do not repeat it",
        "number": None,
        "workflow_id": address.workflow_id,
        "title": answers.titled(sent),
        "severity": sent.get("severity"),
        "phase": "active",
        "next_command": f"muster show {address.workflow_id}",
    }


def _known(session: Session, answer: Document) -> Document:
    """Return the incident that the key has already, as the ledger knows it."""
    number = answer["number"]
    try:
        entry = session.run(lambda muster: muster.address(number)).entry or {}
    except NoSuchIncident:
        return answer
    told = {"message": "this key is known already", "next_command": f"muster show {number}"}
    known = {name: entry[name] for name in ("workflow_id", *answers.SHARED) if entry.get(name)}
    return answer | known | told


def _rows(document: Document, now: datetime) -> Iterator[Row]:
    *said, following = answers.rows(document, now)
    yield from said
    yield from answers.others(document, now)
    yield following
