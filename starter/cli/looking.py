"""``show``, ``list`` and ``timeline``: what is, what there is, and what was."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from starter.cli import fields, lists, page
from starter.cli.options import Field, command
from starter.cli.screen import screen
from starter.cli.session import OPEN, Document, Session
from starter.cli.words import only_target
from starter.failures import Gone, Illegible, NoSuchIncident, Refused, Silent

if TYPE_CHECKING:
    from starter.client import Address

STALE = 6
FEW = 20
"""Lines of a list for people."""
_UNKNOWN: dict[str, Any] = {
    "title": "",
    "service": None,
    "predecessor": None,
    "closes_at": None,
    "window_ends_at": None,
    "effects": [],
    "degraded": False,
}


@command("show", "muster show 42", "muster show", "muster show 42 --json")
@click.argument("words", nargs=-1, metavar="[N]")
@click.option("--full", is_flag=True, help="All of it, not only what fits on the screen.")
def show(session: Session, words: tuple[str, ...], *, full: bool) -> int:
    """Show one incident on one screen: what, who, what is late, and what to do next."""
    address = session.address(only_target(words))
    incident = look(session, address)
    columns, lines = page.size()
    rows = screen(incident, datetime.now(UTC), columns, None if full else lines)
    session.show(incident, rows)
    return STALE if incident.get("stale") else 0


def look(session: Session, address: "Address") -> Document:
    """Return the snapshot, else what ledger or search know. Raises NoSuchIncident."""
    try:
        return session.run(lambda muster: muster.snapshot(address, session.reader))
    except Gone:
        return _from_record(session, address)
    except Silent:
        return _stale(session, address)


def _from_record(session: Session, address: "Address") -> Document:
    """Return what the ledger knows, and the tracker as far as it has the record and the reader may read it."""
    known = _from_ledger(address)
    from starter.recalling import from_tracker

    try:
        found = session.run(lambda muster: from_tracker(muster, address, session.reader))
    except (Silent, Illegible, Refused) as failure:
        return known | {"missing": str(failure)}
    from starter.cli.recorded import snapshot

    return snapshot(found, known)


def _from_ledger(address: "Address") -> Document:
    if address.entry is None:
        message = f"there is no incident {address.workflow_id}"
        raise NoSuchIncident(message, "N")
    entry = address.entry
    issue = {
        "key": f"{address.workflow_id}/issue",
        "title": "issue",
        "state": "done",
        "link": entry.get("tracker"),
        "reason": None,
    }
    effects = {"effects": [issue]} if entry.get("tracker") else {}
    return _UNKNOWN | entry | _roles(None) | effects | {"source": "ledger"}


def _stale(session: Session, address: "Address") -> Document:
    try:
        found = session.run(lambda muster: muster.attributes(address))
    except Gone:
        return _from_ledger(address)
    known = {name: value for name, value in (address.entry or {}).items() if value is not None}
    known |= {name: value for name, value in found.items() if value not in (None, "")}
    manager = known.pop("manager", None)
    unnamed = {"number": address.number, "severity": None, "phase": None}
    return _UNKNOWN | unnamed | known | _roles(manager)


def _roles(manager: str | None) -> Document:
    imoc = {"person": manager, "accepted": None} if manager else None
    return {"roles": {"imoc": imoc, "cmoc": None, "ocit": [], "covered_by": None}}


@command(
    "list",
    "muster list --open",
    "muster list --service api",
    "muster list --private --as ana",
    "muster list --json | jq '.[0]'",
)
@click.option("--open", "only_open", is_flag=True, help="Only what is active or resolved.")
@click.option(
    "--service", type=Field("service", fields.line), metavar="NAME", help="Only this service."
)
@click.option(
    "--limit", type=Field("limit", fields.count), metavar="COUNT", help="At most so many."
)
@click.option("--private", is_flag=True, help="Instead the private ones that are yours to read.")
def listing(
    session: Session, *, only_open: bool, service: str | None, limit: int | None, private: bool
) -> int:
    """List incidents, the newest first; the private ones only for their people."""
    reader = session.reader if private else None
    entries = session.run(lambda muster: muster.entries(standing=only_open, private_to=reader))
    found = [one for one in entries if _wanted(one, only_open=only_open, service=service)]
    few = limit or (len(found) if session.as_json else FEW)
    session.show(found[:few], _listed(found, few))
    return STALE if any(entry.get("stale") for entry in found) else 0


def _wanted(entry: Document, *, only_open: bool, service: str | None) -> bool:
    fits = service is None or entry.get("service") == service
    return fits and (not only_open or entry.get("phase") in OPEN)


def _listed(found: list[Document], few: int) -> list[page.Row]:
    columns, _lines = page.size()
    rows = list(lists.incidents(found[:few], datetime.now(UTC), columns))
    if not found:
        return [page.Row("no incidents")]
    if len(found) > few:
        rows.append(page.Row(f"and {len(found) - few} older: --limit {len(found)}", style="dim"))
    return [*rows, *lists.staleness(found)]


@command("timeline", "muster timeline 42", "muster timeline 42 --json | jq '.[].text'")
@click.argument("words", nargs=-1, metavar="[N]")
def timeline(session: Session, words: tuple[str, ...]) -> int:
    """Show what happened, the oldest first."""
    address = session.address(only_target(words))
    try:
        entries = session.run(lambda muster: muster.timeline(address, session.reader))
    except Gone:
        entries = _recorded(session, address)
    session.show(entries, lists.timeline(entries, datetime.now(UTC)))
    return 0


def _recorded(session: Session, address: "Address") -> list[Document]:
    from starter.recalling import from_tracker

    found = session.run(lambda muster: from_tracker(muster, address, session.reader))
    if not found.facts:
        raise forgotten(address, found.missing)
    from starter.cli.recorded import timeline as told

    return told(found)


def forgotten(address: "Address", why: str) -> NoSuchIncident:
    """Return what is said of an incident that has a number and no record that can be read."""
    where = (address.entry or {}).get("tracker") or "the production tracker"
    message = f"Temporal no longer has its history, and {where} says nothing: {why}"
    return NoSuchIncident(message, "N")
