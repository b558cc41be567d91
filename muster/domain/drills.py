"""Drills: the real paths, with a mark before every text, and nothing for those who cannot know that it is one."""

from muster.domain.audiences import Audience
from muster.domain.effects import Effect
from muster.domain.policy import Policy
from muster.domain.state import IncidentState
from muster.names import DRILL

NOT_TOLD = (Audience.END_USERS, Audience.ESTAFF)
"""Whose channels a drill leaves alone."""
_TO_BE_READ_BACK = "tracker:record"
"""Where the facts go, in the shape in which they are read again."""


def titled(title: str) -> str:
    """Return a drill's title as it is listed."""
    return DRILL + title


def mark(state: IncidentState) -> str:
    """Return what stands before a text of this incident."""
    return DRILL if state.drill else ""


def bare(state: IncidentState) -> str:
    """Return the title for a text that has the mark before it."""
    return state.title.removeprefix(mark(state))


def marked(state: IncidentState, effect: Effect) -> Effect:
    """Return a message with the mark of this incident before it."""
    text = effect.body.text
    if not text or effect.destination == _TO_BE_READ_BACK:
        return effect
    body = effect.body.model_copy(update={"text": mark(state) + text})
    return effect.model_copy(update={"body": body})


def channels(state: IncidentState, policy: Policy, audience: Audience) -> tuple[str, ...]:
    """Return where an audience's updates go; of a drill nowhere where end users or eStaff read."""
    every = policy.channels(audience)
    if not state.drill:
        return every
    quiet = {channel for one in NOT_TOLD for channel in policy.channels(one)}
    return tuple(channel for channel in every if channel not in quiet)
