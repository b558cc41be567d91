"""``note``, ``update``, ``assign``, ``severity``, ``retry``: commands while it goes on."""

import sys
from datetime import UTC, datetime

import click

from muster import names
from starter.cli import answers, asking, fields, rating, times
from starter.cli.options import Field, command, offered, yes
from starter.cli.page import Row, inert
from starter.cli.session import Document, Session
from starter.cli.words import split
from starter.failures import BadInput

_KINDS = ("tried", "trying", "found", "decided")
_AT_MOST = 280
"""Weighted characters of a public post; the incident refuses more."""

_CORRECTS = "Correction: "
"""With this the incident begins a correction."""


@command(
    "note",
    'muster note 42 "restarted the pool, no change" --tried',
    'muster note 42 "failing over to the replica" --trying --for 10m',
    'muster note 42 "the certificate has expired" --found --by eve',
)
@click.argument("words", nargs=-1, metavar="[N] TEXT")
@click.option("--tried", is_flag=True, help="It was tried.")
@click.option("--trying", is_flag=True, help="It is being tried.")
@click.option("--found", is_flag=True, help="It was found out.")
@click.option("--decided", is_flag=True, help="It was decided.")
@click.option("--by", metavar="PERSON", help="Who does it, where that is not you.")
@click.option(
    "--for",
    "lasts",
    type=Field("duration", times.trying),
    metavar="10m",
    help="How long a --trying may take before the IMOC is asked for the outcome.",
)
def note(
    session: Session, words: tuple[str, ...], by: str | None, lasts: float | None, **kinds: bool
) -> int:
    """Put something on record for the team."""
    target, rest = split(words)
    kind = _kind(kinds)
    if lasts is not None and kind != "trying":
        message = "for: only something that you are --trying has a deadline"
        raise BadInput(message, "for")
    text = asking.required(
        session, "text", _joined(rest), fields.text, question="Note", option="TEXT"
    )
    given: Document = {
        "text": text,
        "kind": kind,
        "by": by and session.person("by", by),
        "lasts": lasts,
    }
    address = session.address(target, {"active", "resolved"})
    return answers.give(session, address, session.send(address, names.ADD_NOTE, given), "noted")


def _kind(kinds: dict[str, bool]) -> str | None:
    """Return the one kind that was named. Raises BadInput where there are several."""
    named = [kind for kind in _KINDS if kinds[kind]]
    if len(named) > 1:
        message = f"{named[1]}: a note is one of {', '.join(f'--{kind}' for kind in _KINDS)}"
        raise BadInput(message, named[1])
    return named[0] if named else None


@command(
    "update",
    'muster update 42 "We are looking into slow logins." --to end-users --status investigating',
    'muster update 42 "Failing over now." --to support,estaff --next 20m',
    "muster update 42 - --to employees < words.txt",
    'muster update 42 "It was two hours, not one." --to support --correction',
)
@click.argument("words", nargs=-1, metavar="[N] MESSAGE|-")
@click.option(
    "--to",
    "--audience",
    "to",
    multiple=True,
    metavar="AUDIENCE",
    shell_complete=offered(fields.AUDIENCES),
    help=f"For whom, comma-separated or repeated: {', '.join(fields.AUDIENCES)}.",
)
@click.option(
    "--status",
    type=Field("status", fields.status),
    shell_complete=offered(fields.STATUSES),
    metavar="STATUS",
    help=f"The public status: {', '.join(fields.STATUSES)}.",
)
@click.option(
    "--next", "next_at", metavar="20m|14:30", help="When the next update is promised (local time)."
)
@click.option(
    "--correction",
    is_flag=True,
    help="It corrects what was said, and says so; a closed incident takes it too.",
)
@yes
def update(
    session: Session,
    words: tuple[str, ...],
    to: tuple[str, ...],
    status: str | None,
    next_at: str | None,
    *,
    correction: bool,
    yes: bool,
) -> int:
    """Tell audiences something in these words; - reads them from stdin."""
    target, rest = split(words)
    due = next_at and fields.checked("next", _ahead, next_at)
    audiences = _audiences(session, to)
    given = _stdin() if rest == ("-",) else _joined(rest)
    message = asking.required(
        session, "message", given, fields.text, question="Message", option="MESSAGE or -"
    )
    address = session.address(target, {"active", "resolved"})
    if "end-users" in audiences:
        asking.confirm(
            session, _public(f"{_CORRECTS if correction else ''}{message}", status), yes=yes
        )
    payload: Document = {
        "message": message,
        "to": audiences,
        "status": status,
        "next_at": due,
        "correction": correction,
    }
    promise = f"; the next is promised for {times.shown(due, datetime.now(UTC))}" if due else ""
    done = f"recorded for {', '.join(audiences)}, and on its way{promise}"
    return answers.give(session, address, session.send(address, names.POST_UPDATE, payload), done)


def _audiences(session: Session, to: tuple[str, ...]) -> list[str]:
    given = ",".join(to) if to else None
    asked = asking.required(
        session,
        "to",
        given,
        lambda text: ",".join(_some(fields.audiences([text]))),
        question=f"For whom ({', '.join(fields.AUDIENCES)})",
    )
    return asked.split(",")


def _some(found: list[str]) -> list[str]:
    if not found:
        message = f"must be one of {', '.join(fields.AUDIENCES)}"
        raise ValueError(message)
    return found


def _public(message: str, status: str | None) -> list[Row]:
    from muster.domain.posts import weighted_length

    length = weighted_length(message)
    return [
        Row(f"To end users, in public{f', status {status}' if status else ''}:", style="bold"),
        *(Row(f"  {inert(line)}", whole=True) for line in message.splitlines()),
        Row(f"  ({length} of {_AT_MOST} characters)", style="dim" if length <= _AT_MOST else "red"),
    ]


def _ahead(text: str) -> str:
    return times.wire(times.ahead(text, datetime.now(UTC)))


def _stdin() -> str:
    return sys.stdin.buffer.read(1_000_000).decode(errors="surrogateescape")


def _joined(rest: tuple[str, ...]) -> str | None:
    return " ".join(rest) if rest else None


@command(
    "assign",
    "muster assign 42 imoc me",
    "muster assign 42 cmoc ann",
    "muster assign ocit eve --as ann",
)
@click.argument(
    "words",
    nargs=-1,
    metavar="[N] imoc|cmoc|ocit PERSON|me",
    shell_complete=offered((*fields.ROLES, "me")),
)
def assign(session: Session, words: tuple[str, ...]) -> int:
    """Name who leads (imoc), who communicates (cmoc), or who fixes (ocit)."""
    target, rest = split(words, most=2)
    role = asking.required(
        session,
        "role",
        rest[0] if rest else None,
        fields.role,
        question=f"Role ({', '.join(fields.ROLES)})",
        option="imoc, cmoc or ocit",
    )
    person = asking.required(
        session,
        "person",
        rest[1] if len(rest) > 1 else None,
        lambda word: session.person("person", word),
        question=f"Who is {role.upper()} (a handle, or me)",
        option="PERSON or me",
    )
    address = session.address(target)
    given: Document = {"role": role, "person": person}
    done = f"{person} is {role.upper()}"
    return answers.give(session, address, session.send(address, names.ASSIGN_ROLE, given), done)


@command(
    "severity",
    'muster severity 42 S1 --reason "all regions"',
    'muster severity 42 S2 --reason "confirmed with support"',
)
@click.argument(
    "words", nargs=-1, metavar="[N] S1|S2|S3|S4", shell_complete=offered(fields.SEVERITIES)
)
@click.option("--reason", metavar="TEXT", help="Why; required.")
def severity(session: Session, words: tuple[str, ...], reason: str | None) -> int:
    """Rate the incident again; the same severity confirms it. Anyone may raise, the IMOC lowers."""
    target, rest = split(words, most=1)
    rated = rest[0] if rest else rating.asked(session)
    if rated is None:
        asking.missing("severity", "S1, S2, S3 or S4")
    checked = fields.checked("severity", fields.severity, str(rated))
    why = asking.required(session, "reason", reason, fields.reason, question="Reason")
    address = session.address(target)
    given: Document = {"severity": checked, "reason": why}
    sent = session.send(address, names.CHANGE_SEVERITY, given)
    return answers.give(session, address, sent, f"rated {checked}")


@command("retry", "muster retry 42 bridge", "muster retry 42 issue")
@click.argument("words", nargs=-1, metavar="[N] KEY")
def retry(session: Session, words: tuple[str, ...]) -> int:
    """Try again what was given up, or what needs a human (its key stands in muster show)."""
    target, rest = split(words, most=1)
    key = asking.required(
        session,
        "key",
        rest[0] if rest else None,
        fields.line,
        question="Which effect",
        option="KEY",
    )
    address = session.address(target, {"active", "resolved", "closed"})
    full = key if "/" in key else f"{address.workflow_id}/{key}"
    sent = session.send(address, names.RETRY_EFFECT, {"key": full})
    return answers.give(session, address, sent, f"{key} is tried again")
