"""What the incident's thread and the production tracker are told of each fact."""

from collections.abc import Iterator

from muster.domain import facts as f
from muster.domain.effects import Body, Effect, EffectState, Op
from muster.domain.naming import THREAD, effect_of
from muster.domain.roles import Role
from muster.domain.state import IncidentState
from muster.domain.timeline import sentence

_FOR_IMOC = frozenset(
    {
        "confirmation_asked",
        "trying_late",
        "update_late",
        "clock_stopped",
        "all_clear",
        "requested",
    }
)
_IN_THREAD = _FOR_IMOC | {
    "upgraded",
    "rated",
    "role_assigned",
    "role_freed",
    "update_posted",
    "noted",
    "resolved",
    "regressed",
    "reopened",
    "closed",
    "absorbed",
    "merged",
    "cancelled",
}
_ON_RECORD = frozenset(
    {
        "upgraded",
        "rated",
        "role_assigned",
        "role_freed",
        "update_posted",
        "noted",
        "resolved",
        "clock_started",
        "clock_stopped",
        "regressed",
        "alert_set_aside",
        "reopened",
        "closed",
        "absorbed",
        "merged",
        "cancelled",
        "done_without_imoc",
    }
)


BRIEFED = 10
"""So much of what was done before them a new IMOC is told; the timeline has all of it."""


def in_thread(state: IncidentState, fact: f.Fact) -> Iterator[Effect]:
    """Yield what the incident's thread says of a fact; the IMOC is called where an answer is due."""
    if fact.kind not in _IN_THREAD:
        return
    people = (state.imoc,) if fact.kind in _FOR_IMOC and state.imoc else ()
    body = Body(text=f"{_to_do(state, fact)} ({fact.actor})", people=people, at=fact.at)
    yield effect_of(
        state,
        f"say:{state.sequence}",
        Op.CHAT_SAY,
        THREAD,
        body=body,
        after=("announce",),
        patient=not people,
    )
    if isinstance(fact, f.RoleAssigned) and fact.role is Role.IMOC:
        yield from _briefing(state, fact)


def _briefing(state: IncidentState, fact: f.RoleAssigned) -> Iterator[Effect]:
    """Tell the new IMOC what was done without one."""
    done = [one.what for one in state.facts if isinstance(one, f.DoneWithoutImoc)]
    if not done or fact.replaced:
        return
    text = f"Done before there was an IMOC: {'; '.join(done[-BRIEFED:])}"
    body = Body(text=text, people=(fact.person,), at=fact.at)
    yield effect_of(
        state, f"say:{state.sequence}:brief", Op.CHAT_SAY, THREAD, body=body, after=("announce",)
    )


def _to_do(state: IncidentState, fact: f.Fact) -> str:
    """Return the sentence with the one command that answers it."""
    if isinstance(fact, f.Requested):
        return f"{sentence(fact)}. Grants it: {fact.grant}"
    hint = {
        "confirmation_asked": f'muster severity {state.address} {state.severity} --reason "..."',
        "clock_stopped": f"muster reopen {state.address} --reason ...",
        "all_clear": f"muster resolve {state.address}",
    }.get(fact.kind)
    return f"{sentence(fact)}. {hint}" if hint else sentence(fact)


def _given_up(fact: f.Fact) -> bool:
    return isinstance(fact, f.EffectChanged) and fact.state is EffectState.ABANDONED


def on_record(state: IncidentState, fact: f.Fact) -> Iterator[Effect]:
    """Yield the tracker's note of a fact that matters to the record."""
    if fact.kind not in _ON_RECORD and not _given_up(fact):
        return
    body = Body(text=f"{fact.actor}: {sentence(fact)}", at=fact.at)
    yield effect_of(
        state,
        f"note:{state.sequence}",
        Op.TRACKER_NOTE,
        "tracker:notes",
        body=body,
        after=("issue",),
        patient=True,
    )
