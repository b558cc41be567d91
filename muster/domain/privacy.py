"""Who is let into a private incident: its people, and whom policy names."""

from collections.abc import Collection

from muster.domain.commands import Command
from muster.domain.deciding import Refusal
from muster.domain.permissions import needed
from muster.domain.policy import Policy
from muster.domain.state import IncidentState

_OTHERS = Refusal("private", "it is private: its people can ask", "actor")
_CLAIMED = Refusal(
    "private", "it is private: policy lets in only those whom the source vouches for", "actor"
)


def is_open_to(state: IncidentState, who: str, releasers: Collection[str]) -> bool:
    """Tell whether its words are for this person, who is taken at their word; what is not private is for everyone."""
    return not state.private or who in {*state.people(), *releasers}


def counts_as(command: Command, policy: Policy) -> str:
    """Return whose name opens: that of its actor, or nobody's where policy asks for a source that vouches and none does."""
    claimed = policy.private.authenticated and not command.authenticated
    return "" if claimed else command.actor


def not_let_in(state: IncidentState, command: Command, policy: Policy) -> Refusal | None:
    """Keep others out, who could name themselves its people.

    What workflows of ours send each other comes through: alerts and duplicates are no request to be let in.
    """
    who = counts_as(command, policy)
    if needed(command) is None or is_open_to(state, who, policy.private.releasers):
        return None
    return _OTHERS if who else _CLAIMED
