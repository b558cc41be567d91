"""Rule 3: resolution, the stability wait and its clock, regression, reopening, closing."""

from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.commands import ClosingRecorded, Reopen, Resolve
from muster.domain.deciding import Context, Decision, Refusal, Verdict, after
from muster.domain.evolve import evolve
from muster.domain.foreign import listed
from muster.domain.lifecycle import Phase
from muster.domain.ratings import planned, rerated, upgrade
from muster.domain.severity import Severity
from muster.domain.state import IncidentState, Result

_LEDGER_FIRST = "it closes once the ledger has said whether it is an S2 by the 3-hour rule"


def resolve(state: IncidentState, command: Resolve, ctx: Context) -> Verdict:
    """Begin the wait, or close where none is owed; or set one firing alert aside in the wait."""
    aside = _set_aside(state, command, ctx)
    if isinstance(aside, Refusal):
        return aside
    if state.phase is Phase.RESOLVED and not aside:
        return Refusal("already_resolved", f"it is resolved already{_until(state)}")
    if state.phase is Phase.RESOLVED:
        return _answered(state, (*aside, *clock(after(state, aside), ctx)))
    settled = after(state, aside)
    resolved = ctx.fact(
        f.Resolved,
        message=command.message,
        firing=_names(settled.counting()),
        wait=ctx.policy.wait(settled.worst),
    )
    facts = (*aside, resolved)
    return _answered(state, (*facts, *due(after(state, facts), ctx)))


def _set_aside(
    state: IncidentState, command: Resolve, ctx: Context
) -> tuple[f.Fact, ...] | Refusal:
    if command.despite is None:
        return ()
    found = [
        alert for alert in state.counting() if command.despite in {alert.name, alert.fingerprint}
    ]
    if len(found) == 1:
        return (
            ctx.fact(
                f.AlertSetAside,
                fingerprint=found[0].fingerprint,
                name=found[0].name,
                reason=command.reason,
            ),
        )
    firing = listed(f"{alert.name} ({alert.fingerprint})" for alert in found or state.counting())
    problem = "is the name of several firing alerts" if found else "is no firing alert"
    return Refusal(
        "unknown_alert", f"{command.despite} {problem}; firing: {firing or 'none'}", "despite"
    )


def _answered(before: IncidentState, facts: tuple[f.Fact, ...]) -> Decision:
    state = after(before, facts)
    firing = state.counting()
    if not firing:
        return Decision(facts, Result(message=_LEDGER_FIRST if state.awaits_ledger else ""))
    still = listed(_names(firing))
    consequence = "" if state.phase is Phase.CLOSED else ": the wait begins when it stops"
    return Decision(facts, Result(message=f"still firing: {still}{consequence}"))


def _until(state: IncidentState) -> str:
    if state.closes_at is None:
        return f"; still firing: {listed(_names(state.counting()))}" if state.counting() else ""
    return f" and closes at {state.closes_at:%H:%M:%S} UTC if nothing happens"


def _names(alerts: tuple[Alert, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alert.name for alert in alerts))


def clock(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """Return the start of the clock where the wait stands still and nothing that counts fires any more."""
    if state.phase is not Phase.RESOLVED or state.clock_since is not None or state.counting():
        return ()
    started = ctx.rule(f.ClockStarted, wait=ctx.policy.wait(state.worst))
    return (started, *due(evolve(state, started), ctx))


def due(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """Return the closing where the wait is over; an incident that owes none does not wait for its alerts."""
    if state.phase is not Phase.RESOLVED:
        return ()
    owes_none = not ctx.policy.wait(state.worst) and not state.awaits_ledger
    over = state.closes_at is not None and ctx.now >= state.closes_at
    if not (owes_none or over):
        return ()
    return (ctx.rule(f.Closed, severity=state.severity),)


def longer_wait(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """Return the clock with the wait of a higher rating, counted from when it began."""
    wait = ctx.policy.wait(state.worst)
    if state.phase is not Phase.RESOLVED or wait <= state.wait:
        return ()
    return (ctx.rule(f.WaitLengthened, wait=wait),)


def regression(
    state: IncidentState, started: tuple[Alert, ...], ctx: Context
) -> tuple[f.Fact, ...]:
    """Return what alerts that have just started do to a wait: break it, or stop its clock and ask the IMOC."""
    if state.phase is not Phase.RESOLVED:
        return ()
    broken = tuple(
        alert
        for alert in started
        if alert.counts and alert.linked and _after_resolution(state, alert)
    )
    if broken:
        regressed = ctx.rule(f.Regressed, firing=_names(broken))
        return (regressed, *planned(evolve(state, regressed), ctx, state.severity))
    stopping = tuple(alert for alert in started if alert.counts)
    return (ctx.rule(f.ClockStopped, firing=_names(stopping)),) if stopping else ()


def _after_resolution(state: IncidentState, alert: Alert) -> bool:
    """Tell a regression from an alert that fired when ``resolve`` came and was only heard of later."""
    return state.resolved_at is None or alert.starts_at > state.resolved_at


def reopen(state: IncidentState, command: Reopen, ctx: Context) -> Verdict:
    """Take the incident back to active; an S3 that failed again after its closing becomes an S2."""
    was_closed = state.phase is Phase.CLOSED
    reopened = ctx.fact(
        f.Reopened,
        reason=command.reason,
        was_closed=was_closed,
        by_mistake=command.closed_by_mistake,
    )
    facts: tuple[f.Fact, ...] = (reopened,)
    if was_closed and not command.closed_by_mistake and state.severity is Severity.S3:
        failed = ctx.rule(f.Upgraded, previous=Severity.S3, predecessor=state.number, own=True)
        facts += (failed,)
    elif was_closed:
        facts += upgrade(after(state, facts), ctx)
    return Decision((*facts, *rerated(after(state, (reopened,)), facts[1:], ctx)))


def closing_recorded(state: IncidentState, command: ClosingRecorded, ctx: Context) -> Verdict:
    """Take over the ledger's time of the closing, unless the incident has been reopened since."""
    another = command.life not in {None, state.life}
    if state.phase is not Phase.CLOSED or state.closing_recorded or another:
        return Decision()
    confirmed = ctx.rule(
        f.ClosingConfirmed, closed_at=command.closed_at, unrecorded=command.unrecorded
    )
    return Decision((confirmed,))
