"""Notes and updates: what is said to the team and to the audiences."""

from datetime import timedelta

from muster.domain import facts as f
from muster.domain.audiences import Audience, Status
from muster.domain.commands import AddNote, PostUpdate
from muster.domain.deciding import Context, Decision, Refusal, Verdict
from muster.domain.drills import NOT_TOLD
from muster.domain.lifecycle import Phase
from muster.domain.policy import Policy
from muster.domain.posts import LIMIT, weighted_length
from muster.domain.state import IncidentState, Result

SAME_WORDS = timedelta(minutes=2)
"""The same words to the same audience within this time count as one."""
PUBLIC = "status"
"""The channel that is the public account."""


def add_note(state: IncidentState, command: AddNote, ctx: Context) -> Verdict:
    """Put something on record; a ``trying`` may have a deadline."""
    noted = ctx.fact(
        f.Noted,
        sequence=state.sequence,
        text=command.text,
        note=command.kind,
        by=command.by or command.actor,
        until=ctx.now + command.lasts if command.lasts else None,
    )
    return Decision((noted,))


def post_update(state: IncidentState, command: PostUpdate, ctx: Context) -> Verdict:
    """Tell the audiences, unless the phase forbids it or the words do not fit."""
    refusal = (
        _forbidden(state, command)
        or _not_released(state, command, ctx.policy)
        or _in_the_past(command, ctx)
        or _too_long(command, ctx.policy)
    )
    if refusal is not None:
        return refusal
    to = tuple(one for one in dict.fromkeys(command.to) if not _said(state, command, one, ctx))
    if not to:
        return Decision(
            result=Result(message="said already, less than 2 minutes ago: nothing is sent twice")
        )
    posted = ctx.fact(
        f.UpdatePosted,
        sequence=state.sequence,
        message=command.message,
        to=to,
        status=command.status,
        next_at=command.next_at,
        correction=command.correction,
    )
    return Decision((posted,), _sent(state, to))


def _sent(state: IncidentState, to: tuple[Audience, ...]) -> Result:
    """Return what the sender is told: of a drill whom it does not reach."""
    quiet = [one for one in to if state.drill and one in NOT_TOLD]
    return Result(message=f"a drill: nothing goes to {', '.join(quiet)}") if quiet else Result()


def _forbidden(state: IncidentState, command: PostUpdate) -> Refusal | None:
    closed = state.phase is Phase.CLOSED
    if command.status is Status.RESOLVED and not closed:
        message = f"status resolved is for a closed incident; it is {state.phase}. Works: --status monitoring"
        return Refusal("not_closed", message, "status")
    correction = command.correction and command.status is None
    if closed and command.status is not Status.RESOLVED and not correction:
        message = (
            "it is closed: only the final update (--status resolved) or a correction (--correction) "
            "without another status"
        )
        return Refusal("closed", message, "status")
    return None


def _not_released(state: IncidentState, command: PostUpdate, policy: Policy) -> Refusal | None:
    """Keep a private incident's words from those whom policy does not name, unless a named person releases them."""
    may = policy.private
    outside = [one for one in command.to if one not in may.audiences]
    if not state.private or not outside or command.actor in may.releasers:
        return None
    who = ", ".join(may.releasers) or "nobody that policy names"
    message = f"it is private: words to {', '.join(outside)} are released by {who}"
    return Refusal("private", message, "to")


def _in_the_past(command: PostUpdate, ctx: Context) -> Refusal | None:
    if command.next_at is None or command.next_at > ctx.now:
        return None
    return Refusal(
        "in_the_past", f"the next update cannot be due at {command.next_at:%H:%M} UTC", "next_at"
    )


def _too_long(command: PostUpdate, policy: Policy) -> Refusal | None:
    public = any(PUBLIC in policy.channels(audience) for audience in command.to)
    length = weighted_length(words(command.message, command)) if public else 0
    if length <= LIMIT:
        return None
    return Refusal(
        "too_long", f"{length} characters, {LIMIT} fit into a post; nothing was sent", "message"
    )


def words(message: str, update: PostUpdate | f.UpdatePosted) -> str:
    """Return the message as every audience reads it, with what it corrects and the promise of the next."""
    correction = "Correction: " if update.correction else ""
    promise = f" Next update by {update.next_at:%H:%M} UTC." if update.next_at else ""
    return f"{correction}{message}{promise}"


def _said(state: IncidentState, command: PostUpdate, audience: Audience, ctx: Context) -> bool:
    told = state.told.get(audience.value)
    return (
        told is not None
        and told.text == command.message
        and told.status == command.status
        and ctx.now - told.at <= SAME_WORDS
    )
