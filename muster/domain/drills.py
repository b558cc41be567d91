"""Drills: the real paths, with a mark before every text, and nothing for those who cannot know that it is one."""

from typing import Any

from muster.domain.audiences import Audience
from muster.domain.effects import Body, Effect, Op
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


def bare(state: IncidentState) -> str:
    """Return the title for a text that is marked itself."""
    return state.title.removeprefix(DRILL) if state.drill else state.title


def marked(state: IncidentState, effect: Effect) -> Effect:
    """Return the effect of a drill with the mark before what people read."""
    if not state.drill or effect.destination == _TO_BE_READ_BACK:
        return effect
    body = effect.body
    changed: dict[str, Any] = {
        name: _mark(text) for name, text in _texts(effect.op, body) if text != _mark(text)
    }
    if body.card is not None:
        headline = _mark(body.card.headline)
        changed |= {"card": body.card.model_copy(update={"headline": headline})}
    if body.document is not None:
        title = _mark(body.document.title)
        changed |= {"document": body.document.model_copy(update={"title": title})}
    return (
        effect.model_copy(update={"body": body.model_copy(update=changed)}) if changed else effect
    )


def _texts(op: Op, body: Body) -> tuple[tuple[str, str], ...]:
    """Return what of a body is read as it stands; the name of a channel is none."""
    named = (("name", body.name),) if op is Op.CONFERENCE_OPEN else ()
    return (("text", body.text), *named)


def _mark(text: str) -> str:
    return text if not text or text.startswith(DRILL) else DRILL + text


def channels(state: IncidentState, policy: Policy, audience: Audience) -> tuple[str, ...]:
    """Return where an audience's updates go; of a drill nowhere where end users or eStaff read."""
    every = policy.channels(audience)
    if not state.drill:
        return every
    quiet = {channel for one in NOT_TOLD for channel in policy.channels(one)}
    return tuple(channel for channel in every if channel not in quiet)
