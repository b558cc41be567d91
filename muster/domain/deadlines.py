"""What is due when: every deadline of an incident stands in its state, and one function decides all that have passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from muster.domain import facts as f
from muster.domain.commands import Tick
from muster.domain.deciding import Context, Decision, Verdict, after
from muster.domain.lifecycle import Phase
from muster.domain.policy import Policy
from muster.domain.ratings import ask_confirmation
from muster.domain.severity import WAITS
from muster.domain.state import IncidentState
from muster.domain.waiting import due as closing_due

PROBE_LASTS = timedelta(minutes=2)
"""So long after its declaration a probe ends by itself, should nobody have cancelled it."""


@dataclass(frozen=True)
class Deadline:
    """One thing that is due."""

    kind: str
    at: datetime
    text: str


def deadlines(state: IncidentState, policy: Policy) -> tuple[Deadline, ...]:
    """Return what is still ahead or overdue and not yet dealt with, the soonest first."""
    return tuple(sorted(_deadlines(state, policy), key=lambda deadline: deadline.at))


def _deadlines(state: IncidentState, policy: Policy) -> Iterator[Deadline]:
    if state.closes_at is not None:
        yield Deadline("stability", state.closes_at, "closes, if it stays stable")
    if (ends_at := window_ends_at(state, policy)) is not None and not state.window_ended:
        yield Deadline("window", ends_at, "can no longer be reopened")
    if state.phase is Phase.ACTIVE and state.probe:
        yield Deadline("probe", state.declared_at + PROBE_LASTS, "the probe ends by itself")
    if state.phase is Phase.ACTIVE and state.confirm_at is not None:
        asked = "IMOC is asked" if state.confirm_asked else "IMOC"
        yield Deadline("confirm", state.confirm_at, f"{asked}: is it still {state.severity}?")
    if (quiet_at := resolves_at(state, policy)) is not None:
        yield Deadline("all clear", quiet_at, "resolves by itself: no person has touched it")
    for one in state.trying:
        if one.until is not None and not one.late:
            yield Deadline("trying", one.until, f"{one.by}: {one.text}")
    for promise in state.promises.values():
        if not promise.late:
            yield Deadline("update", promise.at, f"update promised to {promise.audience}")


def overdue(state: IncidentState) -> tuple[Deadline, ...]:
    """Return what was due, did not come, and is still wanted, the oldest first."""
    return tuple(sorted(_overdue(state), key=lambda deadline: deadline.at))


def _overdue(state: IncidentState) -> Iterator[Deadline]:
    for one in state.trying:
        if one.late and one.until is not None:
            yield Deadline("trying", one.until, f"{one.by} was trying: {one.text}")
    for promise in state.promises.values():
        if promise.late:
            text = f"update to {promise.audience} promised for {promise.at:%H:%M} UTC"
            yield Deadline("update", promise.at, text)
    if state.unconfirmed_since is not None:
        text = f"IMOC has not confirmed {state.severity}"
        yield Deadline("confirm", state.unconfirmed_since, text)


def window_ends_at(state: IncidentState, policy: Policy) -> datetime | None:
    """Return until when a closed incident can be reopened; None while it is open."""
    if state.phase is not Phase.CLOSED or state.closed_at is None:
        return None
    return state.closed_at + policy.windows.upgrade


def resolves_at(state: IncidentState, policy: Policy) -> datetime | None:
    """Return when what only machines have touched resolves by itself, where policy lets it."""
    delay = policy.alerts.resolve_after
    machines_alone = state.phase is Phase.ACTIVE and not state.touched
    if delay is None or state.clear_since is None or not machines_alone or state.severity in WAITS:
        return None
    return state.clear_since + delay


def tick(state: IncidentState, _command: Tick, ctx: Context) -> Verdict:
    """Deal with everything that is due, each thing once."""
    facts: tuple[f.Fact, ...] = ()
    for deal in (_end_probe, _resolve, _close, _end_window, _confirm, _trying, _promises):
        facts += deal(after(state, facts), ctx)
    return Decision(facts)


def _resolve(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    at = resolves_at(state, ctx.policy)
    if at is None or ctx.now < at:
        return ()
    resolved = ctx.rule(
        f.Resolved,
        message="all clear, and no person has touched it",
        wait=ctx.policy.wait(state.worst),
    )
    return (resolved,)


def _end_probe(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    over = state.probe and ctx.now >= state.declared_at + PROBE_LASTS
    if not over or state.phase is not Phase.ACTIVE:
        return ()
    return (ctx.rule(f.Cancelled, reason="nobody has cancelled the probe"),)


def _close(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    return closing_due(state, ctx)


def _end_window(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    """End the time to reopen, inclusive of its last instant and never before the ledger has recorded the closing."""
    ends_at = window_ends_at(state, ctx.policy)
    over = ends_at is not None and ctx.now > ends_at
    if not over or not state.closing_recorded or state.window_ended:
        return ()
    return (ctx.rule(f.WindowEnded),)


def _confirm(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    if state.phase is not Phase.ACTIVE or state.confirm_at is None or ctx.now < state.confirm_at:
        return ()
    return ask_confirmation(state, ctx, "time has passed")


def _trying(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    return tuple(
        ctx.rule(f.TryingLate, sequence=one.sequence, text=one.text, by=one.by)
        for one in state.trying
        if one.until is not None and not one.late and ctx.now >= one.until
    )


def _promises(state: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    return tuple(
        ctx.rule(f.UpdateLate, audience=promise.audience, promised=promise.at)
        for promise in state.promises.values()
        if not promise.late and ctx.now >= promise.at
    )
