"""The one place where a command becomes facts or a refusal: pure and total."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from muster.domain import alarms, endings, people, ratings, speech, waiting
from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.authority import needs_imoc
from muster.domain.deadlines import tick
from muster.domain.deciding import Context, Decision, Refusal, Verdict, after, context
from muster.domain.evolve import HOUR, evolve
from muster.domain.foreign import listed
from muster.domain.lifecycle import OPEN, Phase
from muster.domain.permissions import Permission, denied, needed
from muster.domain.policy import Policy
from muster.domain.privacy import not_let_in
from muster.domain.state import IncidentState, Result

REFUSALS_AN_HOUR = 100
"""So many refusals of an hour go on record: nobody reads more, and a flood must not push out the rest."""
REASON_KEPT = 300

Decider = Callable[[IncidentState, Any, Context], Verdict]

ACTIVE, RESOLVED, CLOSED = Phase.ACTIVE, Phase.RESOLVED, Phase.CLOSED
_ALLOWED: dict[type, frozenset[Phase]] = {
    c.AssignRole: frozenset({ACTIVE, RESOLVED}),
    c.PostUpdate: frozenset({ACTIVE, RESOLVED, CLOSED}),
    c.AddNote: frozenset({ACTIVE, RESOLVED, CLOSED}),
    c.ChangeSeverity: frozenset({ACTIVE, RESOLVED}),
    c.Resolve: frozenset({ACTIVE, RESOLVED}),
    c.Reopen: frozenset({RESOLVED, CLOSED}),
    c.Merge: frozenset({ACTIVE}),
    c.Cancel: frozenset({ACTIVE}),
}
"""The phases in which each command of a person makes sense; what is not here is never refused for the phase."""

_WHY = {
    Phase.ACTIVE: "it is active",
    Phase.RESOLVED: "it is resolved and waits out its stability; reopen it first if it is not over",
    Phase.CLOSED: "it is closed; reopen it first if it is not over",
    Phase.CANCELLED: "it has ended: cancelled as a false alarm",
    Phase.MERGED: "it has ended: merged into another incident",
}


def decide(state: IncidentState, command: object, policy: Policy, now: datetime) -> Verdict:
    """Return what the command makes happen, or why it must not. Asked again with the same id: nothing, and the same answer."""
    ctx = context(command, policy, now)
    if isinstance(command, c.Command):
        return (
            _answered_before(state, command)
            or not_let_in(state, command, policy)
            or _not_permitted(command, policy)
            or _refused(state, command)
            or _asked(state, command, ctx)
        )
    return _DECIDERS[type(command)](state, command, ctx)


def _answered_before(state: IncidentState, command: c.Command) -> Verdict | None:
    result = state.results.get(command.command_id)
    if result is None:
        return None
    if result.outcome == "refused":
        return Refusal(result.code, result.message, result.field)
    return Decision(result=result)


def not_permitted(declared: f.Declared, policy: Policy) -> str | None:
    """Return why policy does not let this be declared; None where it does."""
    kinds = (Permission.DECLARE, Permission.PRIVATE) if declared.private else (Permission.DECLARE,)
    return next(filter(None, (denied(policy.permissions, one, declared) for one in kinds)), None)


def _not_permitted(command: c.Command, policy: Policy) -> Refusal | None:
    permission = needed(command)
    why = denied(policy.permissions, permission, command) if permission else None
    return Refusal("not_permitted", why, "actor") if why else None


def _refused(state: IncidentState, command: c.Command) -> Refusal | None:
    if command.number is not None and state.number is not None and command.number != state.number:
        return Refusal(
            "wrong_incident", f"this is #{state.number}, not #{command.number}", "number"
        )
    if state.probe and not isinstance(command, c.Cancel):
        return Refusal("probe", "it is a probe: it can only be cancelled")
    allowed = _ALLOWED.get(type(command))
    if allowed is None:
        return None
    if state.window_ended:
        return Refusal("ended", "it has ended: the time to reopen it is over")
    if state.merging is not None and isinstance(command, _WITHHELD_IN_A_MERGE):
        return Refusal("already_merging", f"it is being merged into #{state.merging.into}")
    if state.phase in allowed:
        return None
    return Refusal("ended" if state.ended else "wrong_phase", _WHY[state.phase])


def _asked(state: IncidentState, command: c.Command, ctx: Context) -> Verdict:
    """Decide; what only the IMOC does is a request from anyone else, and done where there is no IMOC."""
    verdict = _DECIDERS[type(command)](state, command, ctx)
    authority = needs_imoc(state, command)
    if isinstance(verdict, Refusal) or authority is None:
        return verdict
    if authority.request:
        requested = ctx.fact(f.Requested, what=authority.what, grant=authority.grant)
        message = f"only the IMOC does this: {state.imoc or 'the next one'} is asked. Grants it: {authority.grant}"
        return Decision((requested,), Result(outcome="requested", message=message))
    done = ctx.fact(f.DoneWithoutImoc, what=authority.what)
    return Decision((*verdict.facts, done), verdict.result)


def _change_severity(state: IncidentState, command: c.ChangeSeverity, ctx: Context) -> Verdict:
    verdict = ratings.change_severity(state, command, ctx)
    if isinstance(verdict, Refusal):
        return verdict
    longer = waiting.longer_wait(after(state, verdict.facts), ctx)
    return Decision((*verdict.facts, *longer), verdict.result)


def _registered(state: IncidentState, command: c.Registered, ctx: Context) -> Verdict:
    """Take the number and the ledger's word on the upgrade window; a probe only hears that there is an answer."""
    if state.registered:
        return Decision()
    if state.probe:
        return Decision((ctx.rule(f.ProbeAnswered, next_number=command.number),))
    if command.known_as is not None:
        known = ctx.rule(f.KnownAlready, number=command.number, workflow_id=command.known_as)
        return Decision((known,))
    given = ctx.rule(
        f.NumberGiven,
        number=command.number,
        predecessor=command.predecessor,
        others=command.others,
    )
    if state.phase not in OPEN:
        return Decision((given,))
    facts: tuple[f.Fact, ...] = (given, *ratings.upgrade(evolve(state, given), ctx))
    if len(facts) > 1:
        facts += ratings.rerated(state, facts, ctx)
        facts += waiting.longer_wait(after(state, facts), ctx)
    return Decision((*facts, *waiting.due(after(state, facts), ctx)))


def _retry_effect(state: IncidentState, command: c.RetryEffect, _ctx: Context) -> Verdict:
    """Re-arming itself concerns the outbox alone."""
    if command.key not in state.stuck:
        stuck = listed(state.stuck) or "none does now"
        return Refusal("not_stuck", f"it does not wait for a human; these do: {stuck}", "key")
    return Decision(result=Result(message=f"{command.key} is tried again"))


_WITHHELD_IN_A_MERGE = c.Resolve | c.Cancel | c.ChangeSeverity
"""What is to be told to the survivor, which has taken the severity and the wait as they were when it was asked."""

_DECIDERS: dict[type, Decider] = {
    c.AssignRole: people.assign_role,
    c.PostUpdate: speech.post_update,
    c.AddNote: speech.add_note,
    c.ChangeSeverity: _change_severity,
    c.Resolve: waiting.resolve,
    c.Reopen: waiting.reopen,
    c.Merge: endings.merge,
    c.Cancel: endings.cancel,
    c.RetryEffect: _retry_effect,
    c.ReportAlerts: alarms.report_alerts,
    c.Absorb: endings.absorb,
    c.MergeAnswered: endings.merge_answered,
    c.Registered: _registered,
    c.ClosingRecorded: waiting.closing_recorded,
    c.Tick: tick,
}


def apply(state: IncidentState, command: object, decision: Decision) -> IncidentState:
    """Return the state after a decision, with the command's answer kept by its id."""
    state = after(state, decision.facts)
    if not isinstance(command, c.Command):
        return _settle_merge(state, command, decision)
    if command.command_id in state.results:
        return state
    return _with_result(state, command.command_id, decision.result)


def _settle_merge(state: IncidentState, command: object, decision: Decision) -> IncidentState:
    if not isinstance(command, c.MergeAnswered) or not decision.facts:
        return state
    if command.refused is None:
        return _with_result(state, command.command_id, Result(message="merged"))
    refused = Result(outcome="refused", code="merge_denied", message=command.refused, field="into")
    return _with_result(state, command.command_id, refused)


def refuse(
    state: IncidentState, command: c.Command, refusal: Refusal, now: datetime
) -> IncidentState:
    """Return the state in which a recorded command was refused: nothing but one entry and the answer kept."""
    entry = f.Refused(
        at=now,
        actor=command.actor,
        source=command.source,
        authenticated=command.authenticated,
        command_id=command.command_id,
        command=command.message_name(),
        code=refusal.code,
        reason=refusal.message[:REASON_KEPT],
    )
    return _with_result(entered(state, entry), command.command_id, refused(refusal))


def entered(state: IncidentState, entry: f.Refused) -> IncidentState:
    """Return the state with the entry of a refusal; of a flood the first of an hour, and one that says so."""
    since = state.refusals_since
    within = state.refusals if since is not None and entry.at - since < HOUR else 0
    if within < REFUSALS_AN_HOUR:
        return evolve(state, entry)
    if within > REFUSALS_AN_HOUR:
        return state.model_copy(update={"refusals": within + 1})
    more = f"more than {REFUSALS_AN_HOUR} within an hour: the others of it are not recorded"
    return evolve(state, f.Refused(at=entry.at, command="all", code="too_many", reason=more))


def refused(refusal: Refusal) -> Result:
    """Return the answer that a refusal is."""
    return Result(
        outcome="refused", code=refusal.code, message=refusal.message, field=refusal.field
    )


def _with_result(state: IncidentState, command_id: str, result: Result) -> IncidentState:
    return state.model_copy(update={"results": state.results | {command_id: result}})
