"""Rule 1 and rule 4: how an incident is rated, confirmed, raised, lowered and upgraded."""

from datetime import datetime

from muster.domain import facts as f
from muster.domain.commands import ChangeSeverity
from muster.domain.deciding import Context, Decision, Verdict
from muster.domain.evolve import evolve
from muster.domain.lifecycle import Phase
from muster.domain.roles import Role, cmoc_loses_place
from muster.domain.severity import OPENS_WINDOW, Severity
from muster.domain.state import IncidentState, Result


def change_severity(state: IncidentState, command: ChangeSeverity, ctx: Context) -> Verdict:
    """Rate the incident; the same severity confirms it."""
    if command.severity is state.severity:
        confirmed = ctx.fact(f.RatingConfirmed, severity=state.severity, reason=command.reason)
        return Decision(
            (confirmed, *planned(state, ctx, state.severity)), Result(message="confirmed")
        )
    rated = ctx.fact(
        f.Rated, severity=command.severity, previous=state.severity, reason=command.reason
    )
    facts: tuple[f.Fact, ...] = (rated,)
    if not state.severity.above(command.severity):
        facts += upgrade(evolve(state, rated), ctx)
    return Decision((*facts, *rerated(state, facts, ctx)))


def upgrade(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """Return the upgrade of an S2 or S3 that was declared in an open window and does not know it yet."""
    if state.window is None or state.predecessor is not None or state.severity not in OPENS_WINDOW:
        return ()
    if state.lowered:
        return ()  # a person has rated it since, and that stays
    return (ctx.rule(f.Upgraded, previous=state.severity, predecessor=state.window.number),)


def rerated(before: IncidentState, facts: tuple[f.Fact, ...], ctx: Context) -> tuple[f.Fact, ...]:
    """Return what follows from another severity: a dedicated CMOC, and the sooner of the deadlines."""
    state = before
    for fact in facts:
        state = evolve(state, fact)
    return (*freed(state, ctx), *planned(before, ctx, state.severity))


def freed(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """Return the CMOC's leaving where the severity needs a dedicated one and this one has another role."""
    dedicated = ctx.policy.definition(state.severity).dedicated_cmoc
    cmoc = state.roles.cmoc
    if cmoc is None or not cmoc_loses_place(state.roles, dedicated_cmoc=dedicated):
        return ()
    reason = f"{state.severity} needs a CMOC who holds no other role"
    return (ctx.rule(f.RoleFreed, role=Role.CMOC, person=cmoc.person, reason=reason),)


def planned(state: IncidentState, ctx: Context, severity: Severity) -> tuple[f.Fact, ...]:
    """Return when the rating is to be confirmed next: after an answer the whole interval, on a raise the sooner."""
    if state.phase is not Phase.ACTIVE:
        return ()
    every = ctx.policy.definition(severity).confirm
    fresh = ctx.now + every if every else None
    raised = severity.above(state.severity)
    due = _sooner(state.confirm_at, fresh) if raised else fresh
    return (ctx.rule(f.ConfirmationPlanned, due=due),)


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [at for at in (one, other) if at is not None]
    return min(known) if known else None


def same_one(state: IncidentState) -> str:
    """Return the question whether it is the same one as an S2 that waits out its stability; empty where there is none."""
    if state.severity is not Severity.S3 or state.number is None:
        return ""
    waits = [one for one in state.others if one.phase == "resolved" and one.severity is Severity.S2]
    if not waits:
        return ""
    other = waits[0].number
    return (
        f"#{other} is an S2 in its stability wait: the same one? muster reopen {other} "
        f'--reason "..." and muster merge {state.number} --into {other}'
    )


def _is_over(at: datetime | None, now: datetime) -> bool:
    return at is not None and now >= at


def ask_confirmation(state: IncidentState, ctx: Context, cause: str) -> tuple[f.Fact, ...]:
    """Return the question to the IMOC and the time of the next one."""
    asked = ctx.rule(
        f.ConfirmationAsked,
        severity=state.severity,
        cause=cause,
        unanswered=state.confirm_asked and _is_over(state.confirm_at, ctx.now),
    )
    return (asked, *planned(state, ctx, state.severity))
