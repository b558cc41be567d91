"""What each fact makes of the state: pure and total."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from muster.domain import facts as f
from muster.domain.alerts import Alert, bounded
from muster.domain.audiences import Status
from muster.domain.authority import unrated
from muster.domain.commands import NoteKind
from muster.domain.effects import EffectState
from muster.domain.lifecycle import ENDED, Phase
from muster.domain.severity import Severity, highest
from muster.domain.state import IncidentState, Merging, Promise, Told, Trying

Change = dict[str, Any]
MACHINE = "automation:"
"""How the handles of machines begin."""

_ANSWERED: Change = {"confirm_asked": False, "unconfirmed_since": None}
"""Nobody owes an answer on the rating any more: it was given, or who comes next is asked anew."""

ALERTS_ROOM = 1_200_000
"""Bytes for the alerts of one incident: for all that a service knows to fire, without their words; a carrier packs them."""
SERVICES_KEPT = 50
HOUR = timedelta(hours=1)


def evolve(state: IncidentState, fact: f.Fact) -> IncidentState:
    """Return the state after this fact."""
    change = _CHANGES.get(fact.kind, _nothing)(state, fact)
    always = {
        "facts": (*state.facts, fact),
        "sequence": state.sequence + 1,
        "touched": state.touched or not fact.actor.startswith(MACHINE),
    }
    return state.model_copy(update=change | always)


def born(fact: f.Declared) -> IncidentState:
    """Return the state that begins with this declaration."""
    severity = fact.severity or Severity.S2
    state = IncidentState(
        workflow_id=fact.workflow_id,
        title=fact.title,
        private=fact.private,
        probe=fact.probe,
        drill=fact.drill,
        severity=severity,
        worst=severity,
        services=(fact.service,) if fact.service else (),
        key=fact.key,
        declared_at=fact.at,
        declared_by=fact.actor,
        source=fact.source,
        since=fact.since,
    )
    alerts = _with_alerts(state, _linked(tuple(map(_evidence, fact.alerts))))
    return evolve(state.model_copy(update=alerts), fact)


def _linked(alerts: tuple[Alert, ...]) -> dict[str, Alert]:
    return {alert.fingerprint: alert.model_copy(update={"linked": True}) for alert in alerts}


def _evidence(alert: Alert) -> Alert:
    """Return an alert of a declaration: only a person sets one aside, and by a command."""
    return alert.model_copy(update={"set_aside": None, "set_aside_by": None})


def _nothing(_state: IncidentState, _fact: Any) -> Change:
    return {}


def _policy_adopted(_state: IncidentState, fact: f.PolicyAdopted) -> Change:
    return {
        "policy_digest": fact.digest,
        "severity": fact.severity,
        "worst": fact.severity,
        "severity_defaulted": fact.defaulted,
    }


def _number_given(state: IncidentState, fact: f.NumberGiven) -> Change:
    return {
        "number": fact.number,
        "housed": state.phase not in ENDED,
        "window": fact.predecessor,
        "others": fact.others,
    }


def _probe_answered(_state: IncidentState, _fact: f.ProbeAnswered) -> Change:
    return {"probe_answered": True}


def _known_already(_state: IncidentState, fact: f.KnownAlready) -> Change:
    return {
        "number": fact.number,
        "known_as": fact.workflow_id,
        "merged_into": fact.number,
        "phase": Phase.MERGED,
    }


def _upgraded(state: IncidentState, fact: f.Upgraded) -> Change:
    cause = "failed again" if fact.own else f"after #{fact.predecessor}"
    return {
        "severity": Severity.S2,
        "worst": highest(state.worst, Severity.S2),
        "severity_reason": f"S2 by the 3-hour rule, {cause}",
        "predecessor": state.predecessor if fact.own else fact.predecessor,
    }


def _rated(state: IncidentState, fact: f.Rated) -> Change:
    return {
        "severity": fact.severity,
        "worst": highest(state.worst, fact.severity),
        "severity_reason": fact.reason,
        "lowered": fact.previous.above(fact.severity),
        "severity_defaulted": False,
        **_ANSWERED,
        "requests": unrated(state.requests),
    }


def _effect_changed(state: IncidentState, fact: f.EffectChanged) -> Change:
    others = tuple(key for key in state.stuck if key != fact.key)
    stuck = fact.state in {EffectState.NEEDS_HUMAN, EffectState.ABANDONED}
    return {"stuck": (*others, fact.key) if stuck else others}


def _rating_confirmed(_state: IncidentState, _fact: f.RatingConfirmed) -> Change:
    return {"severity_defaulted": False, **_ANSWERED}


def _confirmation_asked(state: IncidentState, fact: f.ConfirmationAsked) -> Change:
    late = state.unconfirmed_since or (fact.at if fact.unanswered else None)
    return {"confirm_asked": True, "unconfirmed_since": late}


def _confirmation_planned(_state: IncidentState, fact: f.ConfirmationPlanned) -> Change:
    return {"confirm_at": fact.due}


def _role_assigned(state: IncidentState, fact: f.RoleAssigned) -> Change:
    told = {"for_next_imoc": (), **_ANSWERED} if fact.role == "imoc" else {}
    return {"roles": state.roles.with_holder(fact.role, fact.person), **told}


def _role_freed(state: IncidentState, _fact: f.RoleFreed) -> Change:
    return {"roles": state.roles.without_cmoc()}


def _update_posted(state: IncidentState, fact: f.UpdatePosted) -> Change:
    told = {
        audience.value: Told(
            audience=audience, at=fact.at, by=fact.actor, text=fact.message, status=fact.status
        )
        for audience in fact.to
    }
    kept = {name: promise for name, promise in state.promises.items() if name not in told}
    if fact.next_at is not None:
        kept |= {
            audience.value: Promise(audience=audience, at=fact.next_at) for audience in fact.to
        }
    return {
        "told": state.told | told,
        "promises": kept,
        "status": fact.status or state.status,
    }


def _update_late(state: IncidentState, fact: f.UpdateLate) -> Change:
    late = Promise(audience=fact.audience, at=fact.promised, late=True)
    return {"promises": state.promises | {fact.audience.value: late}}


def _noted(state: IncidentState, fact: f.Noted) -> Change:
    if fact.note is NoteKind.TRIED:
        return {"trying": tuple(one for one in state.trying if one.by != fact.by)}
    if fact.note is not NoteKind.TRYING:
        return {}
    trying = Trying(sequence=fact.sequence, text=fact.text, by=fact.by, until=fact.until)
    return {"trying": (*state.trying, trying)[-10:]}


def _trying_late(state: IncidentState, fact: f.TryingLate) -> Change:
    return {
        "trying": tuple(
            one.model_copy(update={"late": True}) if one.sequence == fact.sequence else one
            for one in state.trying
        )
    }


def _resolved(state: IncidentState, fact: f.Resolved) -> Change:
    return {
        "phase": Phase.RESOLVED,
        "resolved_at": fact.at,
        "clock_since": None if state.counting() else fact.at,
        "wait": fact.wait,
        "waited": state.waited or bool(fact.wait),
        "clear_since": None,
        "status": Status.MONITORING,
        "confirm_at": None,
        **_ANSWERED,
        "requests": (),
        "trying": (),
    }


def _clock_started(_state: IncidentState, fact: f.ClockStarted) -> Change:
    return {"clock_since": fact.at, "wait": fact.wait}


def _wait_lengthened(_state: IncidentState, fact: f.WaitLengthened) -> Change:
    return {"wait": fact.wait}


def _clock_stopped(_state: IncidentState, _fact: f.ClockStopped) -> Change:
    return {"clock_since": None}


def _active_again(_state: IncidentState, _fact: f.Regressed) -> Change:
    return {
        "phase": Phase.ACTIVE,
        "resolved_at": None,
        "clock_since": None,
        "closed_at": None,
        "closing_recorded": False,
        "status": Status.INVESTIGATING,
    }


def _alerts_reported(state: IncidentState, fact: f.AlertsReported) -> Change:
    again = any(alert.firing for alert in fact.alerts)
    told = _with_alerts(state, {alert.fingerprint: alert for alert in fact.alerts})
    return {**told, "clear_since": None if again else state.clear_since}


def _with_alerts(state: IncidentState, new: dict[str, Alert]) -> Change:
    alerts, weight = bounded(state.alerts, state.alerts_weight, new, ALERTS_ROOM)
    return {"alerts": alerts, "alerts_weight": weight}


def _all_clear(_state: IncidentState, fact: f.AllClear) -> Change:
    return {"clear_since": fact.at}


def _alert_set_aside(state: IncidentState, fact: f.AlertSetAside) -> Change:
    alert = state.alerts[fact.fingerprint].model_copy(
        update={"set_aside": fact.reason, "set_aside_by": fact.actor}
    )
    return {"alerts": state.alerts | {fact.fingerprint: alert}}


def _reopened(state: IncidentState, fact: f.Reopened) -> Change:
    change = _active_again(state, f.Regressed(at=fact.at, firing=()))
    if not fact.was_closed:
        return change | {"alerts": {key: _fired(one) for key, one in state.alerts.items()}}
    # Of what stopped while it was closed it has not heard: its services tell anew what fires.
    quiet = {key: one for key, one in state.alerts.items() if not one.firing}
    another = {"life": state.life + 1, "worst": state.severity, "waited": False}
    return (
        change
        | another
        | {"alerts": quiet, "alerts_weight": sum(one.weight for one in quiet.values())}
    )


def _fired(alert: Alert) -> Alert:
    """Return the alert as part of the incident that was reopened while it fired."""
    return alert.model_copy(update={"linked": alert.linked or alert.firing})


def _closed(_state: IncidentState, fact: f.Closed) -> Change:
    return {
        "phase": Phase.CLOSED,
        "closed_at": fact.at,
        "closing_recorded": False,
        "clock_since": None,
        "promises": {},
    }


def _closing_confirmed(_state: IncidentState, fact: f.ClosingConfirmed) -> Change:
    return {"closed_at": fact.closed_at, "closing_recorded": True}


def _merge_asked(_state: IncidentState, fact: f.MergeAsked) -> Change:
    merging = Merging(into=fact.into, into_workflow=fact.into_workflow, command_id=fact.command_id)
    return {"merging": merging}


def _merge_denied(_state: IncidentState, _fact: f.MergeDenied) -> Change:
    return {"merging": None}


def _over(phase: Phase) -> Change:
    return {
        "phase": phase,
        "merging": None,
        "confirm_at": None,
        **_ANSWERED,
        "promises": {},
        "trying": (),
        "requests": (),
        "clock_since": None,
    }


def _merged(_state: IncidentState, fact: f.Merged) -> Change:
    return {**_over(Phase.MERGED), "merged_into": fact.into}


def _cancelled(_state: IncidentState, _fact: f.Cancelled) -> Change:
    return _over(Phase.CANCELLED)


def _absorbed(state: IncidentState, fact: f.Absorbed) -> Change:
    joined = tuple(service for service in fact.services if service not in state.services)
    linked = _linked(fact.alerts)
    unknown = {key: alert for key, alert in linked.items() if key not in state.alerts}
    return {
        "severity": fact.severity,
        "worst": fact.worst,
        "declared_at": fact.declared_at,
        "waited": state.waited or fact.waited,
        "since": min(state.since, fact.declared_at),
        "services": (*state.services, *joined)[:SERVICES_KEPT],
        **_with_alerts(state, unknown),
    }


def _requested(state: IncidentState, fact: f.Requested) -> Change:
    return {"requests": (*(one for one in state.requests if one != fact.grant), fact.grant)[-5:]}


def _done_without_imoc(state: IncidentState, fact: f.DoneWithoutImoc) -> Change:
    return {"for_next_imoc": (*state.for_next_imoc, f"{fact.actor}: {fact.what}")[-10:]}


def _refused(state: IncidentState, fact: f.Refused) -> Change:
    since = state.refusals_since
    if since is None or fact.at - since >= HOUR:
        return {"refusals_since": fact.at, "refusals": 1}
    return {"refusals": state.refusals + 1}


def _exported(_state: IncidentState, fact: f.Exported) -> Change:
    return {"exported": fact.upto}


def _window_ended(_state: IncidentState, _fact: f.WindowEnded) -> Change:
    return {"window_ended": True}


_CHANGES: dict[str, Callable[[IncidentState, Any], Change]] = {
    "policy_adopted": _policy_adopted,
    "number_given": _number_given,
    "probe_answered": _probe_answered,
    "known_already": _known_already,
    "upgraded": _upgraded,
    "effect_changed": _effect_changed,
    "rated": _rated,
    "rating_confirmed": _rating_confirmed,
    "confirmation_asked": _confirmation_asked,
    "confirmation_planned": _confirmation_planned,
    "role_assigned": _role_assigned,
    "role_freed": _role_freed,
    "update_posted": _update_posted,
    "update_late": _update_late,
    "noted": _noted,
    "trying_late": _trying_late,
    "resolved": _resolved,
    "clock_started": _clock_started,
    "clock_stopped": _clock_stopped,
    "wait_lengthened": _wait_lengthened,
    "regressed": _active_again,
    "alerts_reported": _alerts_reported,
    "all_clear": _all_clear,
    "alert_set_aside": _alert_set_aside,
    "reopened": _reopened,
    "closed": _closed,
    "closing_confirmed": _closing_confirmed,
    "merge_asked": _merge_asked,
    "merge_denied": _merge_denied,
    "merged": _merged,
    "cancelled": _cancelled,
    "absorbed": _absorbed,
    "requested": _requested,
    "done_without_imoc": _done_without_imoc,
    "refused": _refused,
    "exported": _exported,
    "window_ended": _window_ended,
}
