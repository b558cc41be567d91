"""The one command most likely needed now, ready to copy: what a person thinks of first at three in the morning."""

from collections.abc import Callable

from muster.domain.audiences import Status
from muster.domain.deadlines import overdue
from muster.domain.lifecycle import Phase
from muster.domain.severity import Severity
from muster.domain.state import IncidentState

Suggestion = Callable[[IncidentState], str | None]


def next_command(state: IncidentState) -> str:
    """Return the command."""
    if state.probe:
        return "muster probe"
    if state.requests:
        return state.requests[-1]
    found = (suggest(state) for suggest in _SUGGESTIONS.get(state.phase, ()))
    return next(filter(None, found), f"muster timeline {state.address}")


def _missing_role(state: IncidentState) -> str | None:
    if state.roles.imoc is None:
        return f"muster assign {state.address} imoc me"
    return None if state.roles.ocit else f"muster assign {state.address} ocit SOMEONE"


def _missing_cmoc(state: IncidentState) -> str | None:
    """Return who takes the updates of an S1 off the IMOC, who covers until then."""
    if state.severity is not Severity.S1 or state.roles.cmoc is not None:
        return None
    return f"muster assign {state.address} cmoc SOMEONE"


def _late(state: IncidentState) -> str | None:
    """Return what answers the oldest thing that is late."""
    late = next(iter(overdue(state)), None)
    return _ANSWERS[late.kind](state) if late else None


def _first_update(state: IncidentState) -> str | None:
    """Return the update that nobody outside has had; whom a private incident tells is decided by hand."""
    if state.told or state.private:
        return None
    return f'muster update {state.address} "..." --to support --status investigating'


def _promised_update(state: IncidentState) -> str:
    late = ",".join(name for name, promise in state.promises.items() if promise.late)
    return f'muster update {state.address} "..." --to {late}'


def _outcome(state: IncidentState) -> str:
    """Return the note that ends the oldest late attempt."""
    late = next(one for one in state.trying if one.late)
    return f'muster note {state.address} "..." --tried --by {late.by}'


def _rating(state: IncidentState) -> str:
    return f'muster severity {state.address} {state.severity} --reason "..."'


def _doubtful_rating(state: IncidentState) -> str | None:
    """Return the confirmation of a rating that somebody waits for, unless the alerts say that it is over."""
    over = bool(state.alerts) and not state.counting()
    doubtful = state.severity_defaulted or state.confirm_asked
    return _rating(state) if doubtful and not over else None


def _resolution(state: IncidentState) -> str:
    return f'muster resolve {state.address} --message "..."'


def _reopening(state: IncidentState) -> str:
    return f'muster reopen {state.address} --reason "..."'


def _last_update(state: IncidentState) -> str | None:
    """Return the update with which everyone who has heard of it hears the end, once."""
    if state.window_ended or not state.told or state.status is Status.RESOLVED:
        return None
    return f'muster update {state.address} "..." --to {",".join(state.told)} --status resolved'


_ANSWERS: dict[str, Callable[[IncidentState], str]] = {
    "update": _promised_update,
    "trying": _outcome,
    "confirm": _rating,
}
_SUGGESTIONS: dict[Phase, tuple[Suggestion, ...]] = {
    Phase.ACTIVE: (
        _missing_role,
        _late,
        _first_update,
        _missing_cmoc,
        _doubtful_rating,
        _resolution,
    ),
    Phase.RESOLVED: (_reopening,),
    Phase.CLOSED: (_last_update,),
}
"""By phase, the most urgent first."""
