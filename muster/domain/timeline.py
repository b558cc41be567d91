"""The timeline: every fact that people care about, in one sentence each."""

from collections.abc import Callable, Iterator
from typing import Any

from muster.domain import facts as f
from muster.domain.commands import NoteKind
from muster.domain.foreign import listed
from muster.domain.severity import Severity
from muster.domain.spans import written
from muster.domain.state import IncidentState

Telling = Callable[[Any], str]


def lines(state: IncidentState) -> Iterator[tuple[f.Fact, str]]:
    """Yield each fact of the timeline with its sentence, the oldest first."""
    for fact in state.facts:
        if text := sentence(fact):
            yield fact, text


def sentence(fact: f.Fact) -> str:
    """Return the fact in words; empty for bookkeeping."""
    tell = _TELLINGS.get(fact.kind)
    return tell(fact) if tell else ""


def is_claimed(fact: f.Happened) -> bool:
    """Tell whether nobody vouches for the actor; what follows by rule is ours, whatever name a command gives itself."""
    by_rule = fact.actor == f.MUSTER and not fact.command_id and not isinstance(fact, f.Declared)
    return not fact.authenticated and not by_rule


def _declared(fact: f.Declared) -> str:
    rating = f"{fact.severity} " if fact.severity else ""
    place = f" on {fact.service}" if fact.service else ""
    alerts = f", alerts: {listed(alert.name for alert in fact.alerts)}" if fact.alerts else ""
    return f"declared {rating}{fact.title}{place}{alerts}"


def _policy_adopted(fact: f.PolicyAdopted) -> str:
    return f"{fact.severity} by policy, for the IMOC to confirm" if fact.defaulted else ""


def _upgraded(fact: f.Upgraded) -> str:
    becomes = "" if fact.previous is Severity.S2 else f"{fact.previous} becomes "
    cause = "it has failed again" if fact.own else f"after #{fact.predecessor}"
    return f"{becomes}S2 by the 3-hour rule, {cause}"


def _confirmation_asked(fact: f.ConfirmationAsked) -> str:
    before = "not confirmed, it stands; " if fact.unanswered else ""
    return f"{before}IMOC asked whether it is still {fact.severity} ({fact.cause})"


def _role_assigned(fact: f.RoleAssigned) -> str:
    replaced = f", instead of {fact.replaced}" if fact.replaced else ""
    return f"{fact.person} is {fact.role.upper()}{replaced}"


def _update_posted(fact: f.UpdatePosted) -> str:
    status = f" [{fact.status}]" if fact.status else ""
    correction = " (correction)" if fact.correction else ""
    return f"update to {listed(fact.to)}{status}{correction}: {fact.message}"


def _noted(fact: f.Noted) -> str:
    kind = "" if fact.note is NoteKind.NOTE else f"{fact.note}: "
    by = f" ({fact.by})" if fact.by != fact.actor else ""
    until = f", until {fact.until:%H:%M} UTC" if fact.until else ""
    return f"{kind}{fact.text}{by}{until}"


def _resolved(fact: f.Resolved) -> str:
    message = f": {fact.message}" if fact.message else ""
    firing = f"; still firing: {listed(fact.firing)}" if fact.firing else ""
    wait = f"; stability wait {written(fact.wait)}" if fact.wait else ""
    return f"resolved{message}{firing}{wait}"


def _alerts_reported(fact: f.AlertsReported) -> str:
    firing = [alert.name for alert in fact.alerts if alert.firing]
    quiet = [alert.name for alert in fact.alerts if not alert.firing]
    parts = (("firing", firing), ("stopped", quiet))
    return "; ".join(f"{word}: {_counted(found)}" for word, found in parts if found)


def _counted(found: list[str]) -> str:
    counts = {name: found.count(name) for name in dict.fromkeys(found)}
    return listed(name if count == 1 else f"{name} x{count}" for name, count in counts.items())


def _reopened(fact: f.Reopened) -> str:
    mistake = " (closed by mistake)" if fact.by_mistake else ""
    return f"reopened{mistake}: {fact.reason}"


def _absorbed(fact: f.Absorbed) -> str:
    raised = (
        f"; {fact.previous} becomes {fact.severity}" if fact.severity is not fact.previous else ""
    )
    return f"#{fact.duplicate} is a duplicate of this{raised}"


def _effect_changed(fact: f.EffectChanged) -> str:
    reason = f": {fact.reason}" if fact.reason else ""
    return f"{fact.title} {fact.state.replace('_', ' ')}{reason}"


def _closing_confirmed(fact: f.ClosingConfirmed) -> str:
    if fact.unrecorded:
        return "the ledger has not recorded the closing; the time to reopen it runs all the same"
    return f"closing recorded at {fact.closed_at:%H:%M:%S} UTC"


_TELLINGS: dict[str, Telling] = {
    "declared": _declared,
    "policy_adopted": _policy_adopted,
    "number_given": lambda fact: f"is #{fact.number}",
    "known_already": lambda fact: f"is a second start of #{fact.number}",
    "upgraded": _upgraded,
    "rated": lambda fact: f"{fact.previous} becomes {fact.severity}: {fact.reason}",
    "rating_confirmed": lambda fact: f"{fact.severity} confirmed: {fact.reason}",
    "confirmation_asked": _confirmation_asked,
    "role_assigned": _role_assigned,
    "role_freed": lambda fact: f"{fact.person} is no longer {fact.role.upper()}: {fact.reason}",
    "update_posted": _update_posted,
    "update_late": lambda fact: (
        f"update to {fact.audience} is late: promised for {fact.promised:%H:%M} UTC"
    ),
    "noted": _noted,
    "trying_late": lambda fact: f"what came of it? {fact.by} was trying: {fact.text}",
    "resolved": _resolved,
    "clock_started": lambda fact: f"nothing fires any more: stability wait {written(fact.wait)}",
    "clock_stopped": lambda fact: (
        f"stability wait stopped by {listed(fact.firing)}: reopen, or set it aside"
    ),
    "wait_lengthened": lambda fact: f"stability wait is now {written(fact.wait)}",
    "regressed": lambda fact: f"active again: {listed(fact.firing)} fires in the stability wait",
    "alerts_reported": _alerts_reported,
    "all_clear": lambda _: "all clear: no alert fires any more; is it resolved?",
    "alert_set_aside": lambda fact: f"{fact.name} set aside: {fact.reason}",
    "reopened": _reopened,
    "closed": lambda fact: f"closed as {fact.severity}",
    "closing_confirmed": _closing_confirmed,
    "merge_asked": lambda fact: f"#{fact.into} is asked to take it over",
    "merge_denied": lambda fact: f"not merged: {fact.reason}",
    "merged": lambda fact: f"is a duplicate of #{fact.into}",
    "absorbed": _absorbed,
    "cancelled": lambda fact: f"cancelled as a false alarm: {fact.reason}",
    "requested": lambda fact: f"asks the IMOC to {fact.what}",
    "done_without_imoc": lambda fact: f"done with no IMOC assigned: {fact.what}",
    "refused": lambda fact: f"{fact.command} refused: {fact.reason}",
    "effect_changed": _effect_changed,
    "window_ended": lambda _: "can no longer be reopened",
}
