"""The ends beside closing: a duplicate that is merged, a false alarm that is cancelled."""

from muster.domain import facts as f
from muster.domain.commands import Absorb, Cancel, Merge, MergeAnswered
from muster.domain.deciding import Context, Decision, Refusal, Verdict, after
from muster.domain.lifecycle import Phase
from muster.domain.privacy import counts_as, is_open_to
from muster.domain.ratings import ask_confirmation, freed, rerated, upgrade
from muster.domain.severity import Severity, highest
from muster.domain.state import IncidentState, Result

_APART = {
    True: "#{} is private: only what is private too is merged into it",
    False: "#{} is not private: what is private is not merged into it",
}
"""Why a survivor, private or not, does not take what is the other: its words would be for others than they were."""

_REAL = {
    True: "#{} is a drill: nothing real is merged into it",
    False: "#{} is real: no drill is merged into it",
}


def cancel(state: IncidentState, command: Cancel, ctx: Context) -> Verdict:
    """End a false alarm; what has been resolved once and owed a wait was none."""
    if state.waited:
        message = "a stability wait has begun: it is resolved and closed, not cancelled"
        return Refusal("wait_begun", message)
    return Decision((ctx.fact(f.Cancelled, reason=command.reason),))


def merge(state: IncidentState, command: Merge, ctx: Context) -> Verdict:
    """Ask the other incident to take this one over; it answers."""
    if command.into == state.number or command.into_workflow == state.workflow_id:
        return Refusal("into_itself", "an incident cannot be merged into itself", "into")
    if state.number is None:
        return Refusal("no_number", "it has no number yet; try again in a moment")
    if state.merging is not None:
        return Refusal("already_merging", f"it is being merged into #{state.merging.into} already")
    asked = ctx.fact(f.MergeAsked, into=command.into, into_workflow=command.into_workflow)
    return Decision((asked,), Result(outcome="pending", message=f"#{command.into} is asked"))


def merge_answered(state: IncidentState, command: MergeAnswered, ctx: Context) -> Verdict:
    """Become a duplicate, or stay, as the survivor has decided."""
    merging = state.merging
    if merging is None or merging.command_id != command.command_id:
        return Decision()
    if command.refused is not None:
        return Decision((ctx.rule(f.MergeDenied, into=merging.into, reason=command.refused),))
    return Decision((ctx.rule(f.Merged, into=merging.into),))


def absorb(state: IncidentState, command: Absorb, ctx: Context) -> Verdict:
    """Take a duplicate over: the higher severity, the older time, its alerts, and the wait that it owed."""
    if state.private is not command.private:
        return Refusal("private", _APART[state.private].format(state.label), "into")
    if state.drill is not command.drill:
        return Refusal("drill", _REAL[state.drill].format(state.label), "into")
    if not is_open_to(state, counts_as(command, ctx.policy), ctx.policy.private.releasers):
        message = f"#{state.label} is private: only its people merge into it"
        return Refusal("private", message, "into")
    if state.phase is not Phase.ACTIVE:
        message = f"#{state.label} is {state.phase}: a duplicate goes into an active incident"
        return Refusal("not_active", message, "into")
    if state.merging is not None:
        message = f"#{state.label} is itself being merged into #{state.merging.into}"
        return Refusal("already_merging", message, "into")
    owed = Severity.S2 if command.wait_owed else command.severity
    taken = ctx.fact(
        f.Absorbed,
        duplicate=command.duplicate,
        severity=highest(state.severity, command.severity),
        worst=highest(state.worst, command.severity, owed),
        previous=state.severity,
        declared_at=min(state.declared_at, command.declared_at),
        waited=command.waited,
        services=command.services,
        alerts=command.alerts,
    )
    facts: tuple[f.Fact, ...] = (taken,)
    facts += upgrade(after(state, facts), ctx)
    if not set(command.services) - set(state.services):
        return Decision((*facts, *rerated(state, facts, ctx)))
    now = after(state, facts)
    asked = ask_confirmation(now, ctx, "a service has joined")
    return Decision((*facts, *freed(now, ctx), *asked))
