"""``oncall``: who is on call, and what is wrong with the rotations ahead of time."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from starter.cli import times
from starter.cli.homes import home
from starter.cli.options import Field, command, offered
from starter.cli.page import Row, inert
from starter.cli.policies import in_force
from starter.cli.session import Session
from starter.failures import BadInput

if TYPE_CHECKING:
    from muster.domain.policy import Policy
    from muster.oncall.roster import Problem, Roster

CACHE = "MUSTER_CACHE"
ROLES = ("imoc", "cmoc", "ocit")
NOTHING_WRONG, WRONG = 0, 1
_WEEKS = 8
Document = dict[str, Any]


def _at(text: str) -> datetime:
    return times.moved(text, datetime.now(UTC))


@command(
    "oncall",
    "muster oncall",
    "muster oncall --role ocit --service api --at 2026-12-24T03:00",
    "muster oncall check --weeks 8",
)
@click.argument("words", nargs=-1, metavar="[check]", shell_complete=offered(("check",)))
@click.option("--at", type=Field("at", _at), metavar="TIME", help="Another time than now.")
@click.option("--role", type=click.Choice(ROLES, case_sensitive=False), help="This role alone.")
@click.option("--service", metavar="NAME", help="The on-call of this service.")
@click.option(
    "--weeks",
    type=click.IntRange(1, 52),
    default=_WEEKS,
    show_default=True,
    help="How far ahead check looks.",
)
def oncall(session: Session, words: tuple[str, ...], weeks: int, **asked: Any) -> int:
    """Show who is on call, or check the rotations ahead: gaps, calendars that cannot be had, clashes."""
    if words not in {(), ("check",)}:
        raise BadInput(f"must be nothing or check, not {' '.join(words)!r}", None)
    policy, now = in_force(), datetime.now(UTC)
    roster = asyncio.run(_roster(policy, now))
    if words:
        return _checked(session, policy, roster, now, timedelta(weeks=weeks))
    at = asked["at"] or now
    if not roster.since <= at <= roster.until:
        known = f"from {roster.since:%Y-%m-%d} to {roster.until:%Y-%m-%d}"
        raise BadInput(f"at: who is on call is known {known}", "at")
    wanted = _asked(roster, asked["role"], asked["service"])
    document = [_document(roster, name, at) for name in wanted]
    session.show(document, _rows(document))
    return NOTHING_WRONG


def _asked(roster: "Roster", role: str | None, service: str | None) -> list[str]:
    """Return the rotations that were asked for: of a role, of a service, or all."""
    from muster.domain.roles import Role

    if role is None and service is None:
        return list(roster.rotations)
    name = roster.rotation(Role(role or Role.OCIT), service)
    return [name] if name in roster.rotations else []


async def _roster(policy: "Policy", now: datetime) -> "Roster":
    from muster.oncall import feeds, roster

    kept = feeds.Copies(home(CACHE, "XDG_CACHE_HOME", ".cache", "calendars"))
    calendars = feeds.Feeds(
        feeds.addresses(os.environ), kept, private=policy.oncall.private_addresses
    )
    return await roster.load(policy, calendars, now)


def _document(roster: "Roster", name: str, at: datetime) -> Document:
    laid = roster.rotations[name]
    changes = (one.change(at) for one in laid.layers)
    return {
        "rotation": name,
        "at": at.isoformat(),
        "layers": [list(people) for people in laid.at(at)],
        "until": min(
            (one.isoformat() for one in changes if one and one < roster.until), default=None
        ),
        "fed_at": laid.fed_at.isoformat() if laid.fed_at else None,
        "problems": [one.text for one in laid.problems],
    }


def _rows(documents: list[Document]) -> Iterator[Row]:
    if not documents:
        yield Row("No such rotation: they stand in the policy under [oncall]", style="yellow")
    now = datetime.now(UTC)
    for one in documents:
        layers = " · then ".join(", ".join(people) or "nobody" for people in one["layers"])
        until = f", until {times.shown(one['until'], now)}" if one["until"] else ""
        yield Row(f"{inert(one['rotation'])}: {inert(layers)}{until}", whole=True)
        for text in one["problems"]:
            yield Row(f"  {inert(text)}", style="yellow", whole=True)


def _checked(
    session: Session, policy: "Policy", roster: "Roster", now: datetime, ahead: timedelta
) -> int:
    from muster.oncall.checking import problems

    found = problems(policy, roster, now, ahead)
    document = {
        "rotations": list(roster.rotations),
        "weeks": ahead.days // 7,
        "problems": [one._asdict() for one in found],
    }
    session.show(document, _findings(found, len(roster.rotations), ahead))
    return WRONG if found else NOTHING_WRONG


def _findings(found: "tuple[Problem, ...]", rotations: int, ahead: timedelta) -> Iterator[Row]:
    for one in found:
        yield Row(f"{inert(one.rotation)}: {inert(one.text)}", style="yellow", whole=True)
    if not found:
        yield Row(f"{rotations} rotations, nothing wrong in the next {ahead.days // 7} weeks")
