"""Rule 10: who may do what, and the one command that grants what only the IMOC does."""

from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote
from typing import Any

from muster.domain import commands as c
from muster.domain.severity import WAITS
from muster.domain.state import IncidentState

_RATE = "muster severity"


@dataclass(frozen=True)
class Authority:
    """A command that is the IMOC's: as a request, or done because there is no IMOC."""

    what: str
    grant: str
    request: bool


def needs_imoc(state: IncidentState, command: c.Command) -> Authority | None:
    """Return what the command of this actor needs; None where anyone may, or the actor is the IMOC."""
    describe = _GRANTS.get(type(command))
    if describe is None or state.severity not in WAITS or command.actor == state.imoc:
        return None
    if isinstance(command, c.ChangeSeverity) and not state.severity.above(command.severity):
        return None
    if (
        isinstance(command, c.Resolve)
        and command.despite is not None
        and state.resolved_at is not None
    ):
        return None
    what, grant = describe(state, command)
    automation = command.actor.startswith("automation:")
    return Authority(what, grant, request=state.imoc is not None or automation)


def unrated(requests: tuple[str, ...]) -> tuple[str, ...]:
    """Return the requests that another rating does not answer: all but those for a lower one."""
    return tuple(one for one in requests if not one.startswith(f"{_RATE} "))


def _lower(state: IncidentState, command: c.ChangeSeverity) -> tuple[str, str]:
    grant = f"{_RATE} {state.address} {command.severity}"
    return f"lower to {command.severity}: {command.reason}", _with(grant, reason=command.reason)


def _resolve(state: IncidentState, command: c.Resolve) -> tuple[str, str]:
    aside = f", {command.despite} set aside" if command.despite else ""
    return f"resolve{aside}: {command.message or 'no message'}", _with(
        f"muster resolve {state.address}",
        message=command.message,
        despite=command.despite,
        reason=command.reason,
    )


def _merge(state: IncidentState, command: c.Merge) -> tuple[str, str]:
    return f"merge into #{command.into}", f"muster merge {state.address} --into {command.into}"


def _cancel(state: IncidentState, command: c.Cancel) -> tuple[str, str]:
    grant = f"muster cancel {state.address}"
    return f"cancel: {command.reason}", _with(grant, reason=command.reason)


def _with(command: str, **options: str | None) -> str:
    """Return the command line with the options that were given, on one line and each quoted for a shell."""
    given = (
        f"--{name} {quote(' '.join(text.split()))}"
        for name, text in options.items()
        if text is not None
    )
    return " ".join((command, *given))


_GRANTS: dict[type, Callable[[IncidentState, Any], tuple[str, str]]] = {
    c.ChangeSeverity: _lower,
    c.Resolve: _resolve,
    c.Merge: _merge,
    c.Cancel: _cancel,
}
