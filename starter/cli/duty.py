"""``oncall``: who is on call, and what is wrong with the rotations ahead of time."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from starter.cli import times
from starter.cli.options import Field, command, offered
from starter.cli.overriding import override
from starter.cli.page import Row, inert
from starter.cli.policies import in_force
from starter.cli.session import Session
from starter.failures import BadInput, Illegible, Silent, Unreachable

if TYPE_CHECKING:
    from muster.domain.policy import Policy
    from muster.oncall.roster import Problem, Roster

ROLES = ("imoc", "cmoc", "ocit")
NOTHING_WRONG, WRONG = 0, 1
_WEEKS = 8
_GOES_WITH = {
    **dict.fromkeys(("at", "role", "service"), ""),
    "weeks": "check",
    **dict.fromkeys(("begins", "until", "layer", "reason", "withdraw"), "override"),
}
"""Which of the three each option belongs to."""
Document = dict[str, Any]


def _at(text: str) -> datetime:
    return times.moved(text, datetime.now(UTC))


@command(
    "oncall",
    "muster oncall",
    "muster oncall --role ocit --service api --at 2026-12-24T03:00",
    "muster oncall check --weeks 8",
    "muster oncall override",
    "muster oncall override imoc ana --until 18:00",
    "muster oncall override service:api bo --from 2026-12-24T09:00 --until 2026-12-27T09:00",
)
@click.argument(
    "words",
    nargs=-1,
    metavar="[check | override [ROTATION PERSON]]",
    shell_complete=offered(("check", "override")),
)
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
@click.option(
    "--from",
    "begins",
    type=Field("from", _at),
    metavar="TIME",
    help="When an override begins; else now.",
)
@click.option("--until", type=Field("until", _at), metavar="TIME", help="When an override ends.")
@click.option("--layer", type=int, metavar="N", help="The layer of an override; else 1.")
@click.option("--reason", metavar="TEXT", help="Why there is an override.")
@click.option("--withdraw", metavar="ID", help="The override that is not needed any more.")
def oncall(session: Session, words: tuple[str, ...], weeks: int, **asked: Any) -> int:
    """Show who is on call, check the rotations ahead, or put somebody else on one for some time.

    A check finds gaps, calendars that cannot be had and people who are up for two roles.
    """
    from muster.oncall.checking import problems

    what = _what(words)
    policy, now = in_force(), datetime.now(UTC)
    if what == "override":
        return override(session, policy, words[1:], asked)
    roster, unknown = _roster(session, policy, now)
    if what == "check":
        found = problems(policy, roster, now, timedelta(weeks=weeks))
        return _checked(session, found, list(roster.rotations), weeks, unknown)
    at = asked["at"] or now
    if not roster.since <= at <= roster.until:
        known = f"from {roster.since:%Y-%m-%d} to {roster.until:%Y-%m-%d}"
        raise BadInput(f"at: who is on call is known {known}", "at")
    wanted = _asked(roster, asked["role"], asked["service"])
    document = [_document(roster, name, at, unknown) for name in wanted]
    session.show(document, _rows(document, unknown))
    return NOTHING_WRONG


def _what(words: tuple[str, ...]) -> str:
    """Return which of the three is meant. Raises BadInput, also for an option of another one."""
    what = words[0] if words else ""
    if what not in _GOES_WITH.values() or (words[1:] and what != "override"):
        raise BadInput(f"must be nothing, check or override, not {' '.join(words)!r}", None)
    context = click.get_current_context()
    for option, which in _GOES_WITH.items():
        given = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if given and which != what:
            field = "from" if option == "begins" else option
            raise BadInput(f"{field}: goes with muster oncall {which}".rstrip(), field)
    return what


def _asked(roster: "Roster", role: str | None, service: str | None) -> list[str]:
    """Return the rotations that were asked for: of a role, of a service, or all."""
    from muster.domain.roles import Role

    if role is None and service is None:
        return list(roster.rotations)
    name = roster.rotation(Role(role or Role.OCIT), service)
    return [name] if name in roster.rotations else []


def _roster(session: Session, policy: "Policy", now: datetime) -> "tuple[Roster, str | None]":
    """Return the roster, and why the overrides may be missing in it: it serves without Temporal too."""
    from muster.oncall import environment
    from starter import overrides

    standing, unknown = [], None
    try:
        standing = session.run(lambda muster: overrides.standing(muster.client))
    except (Unreachable, Silent, Illegible) as failure:
        unknown = f"overrides may be missing: {failure}"
    return asyncio.run(environment.roster(policy, now, standing)), unknown


def _document(roster: "Roster", name: str, at: datetime, unknown: str | None) -> Document:
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
        "problems": [*(one.text for one in laid.problems), *([unknown] if unknown else [])],
    }


def _rows(documents: list[Document], unknown: str | None) -> Iterator[Row]:
    if not documents:
        yield Row("No such rotation: they stand in the policy under [oncall]", style="yellow")
    now = datetime.now(UTC)
    for one in documents:
        layers = " · then ".join(", ".join(people) or "nobody" for people in one["layers"])
        until = f", until {times.shown(one['until'], now)}" if one["until"] else ""
        yield Row(f"{inert(one['rotation'])}: {inert(layers)}{until}", whole=True)
        for text in one["problems"]:
            if text != unknown:
                yield Row(f"  {inert(text)}", style="yellow", whole=True)
    if unknown:
        yield Row(unknown, style="yellow", whole=True)


def _checked(
    session: Session,
    found: "tuple[Problem, ...]",
    rotations: list[str],
    weeks: int,
    unknown: str | None,
) -> int:
    document = {
        "rotations": rotations,
        "weeks": weeks,
        "problems": [one._asdict() for one in found],
        "unknown": unknown,
    }
    session.show(document, _findings(document))
    return WRONG if found else NOTHING_WRONG


def _findings(document: Document) -> Iterator[Row]:
    for one in document["problems"]:
        yield Row(f"{inert(one['rotation'])}: {inert(one['text'])}", style="yellow", whole=True)
    if document["unknown"]:
        yield Row(document["unknown"], style="yellow", whole=True)
    if not document["problems"]:
        count, weeks = len(document["rotations"]), document["weeks"]
        yield Row(f"{count} rotations, nothing wrong in the next {weeks} weeks")
