"""Rule 2: alerts as evidence, reported by the service that they fire on."""

from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.commands import ReportAlerts
from muster.domain.deciding import Context, Decision, Verdict, after
from muster.domain.lifecycle import OPEN, Phase
from muster.domain.policy import Regression
from muster.domain.state import IncidentState
from muster.domain.waiting import clock, regression


def report_alerts(state: IncidentState, command: ReportAlerts, ctx: Context) -> Verdict:
    """Take in what has changed; in the wait it may stop the clock, start it, or break the wait."""
    if state.phase not in OPEN:
        return _unheard(state, command, ctx)
    changed = tuple(_taken(state, alert, ctx) for alert in command.alerts if _is_news(state, alert))
    if not changed:
        return Decision()
    reported = ctx.fact(f.AlertsReported, alerts=changed)
    facts: tuple[f.Fact, ...] = (reported,)
    facts += regression(after(state, facts), tuple(one for one in changed if one.firing), ctx)
    facts += clock(after(state, facts), ctx)
    return Decision((*facts, *_all_clear(state, after(state, facts), ctx)))


def _unheard(state: IncidentState, command: ReportAlerts, ctx: Context) -> Verdict:
    """Give back to the service what began to fire and came too late: else nobody would have it."""
    alerts = tuple(one for one in command.alerts if one.firing and _is_news(state, one))
    return Decision((ctx.fact(f.AlertsUnheard, alerts=alerts),) if alerts else ())


def _is_news(state: IncidentState, alert: Alert) -> bool:
    """Tell whether the report is newer than what is known: deliveries are repeated and come out of order."""
    known = state.alerts.get(alert.fingerprint)
    if known is None:
        return True
    if alert.starts_at != known.starts_at:
        return alert.starts_at > known.starts_at
    return known.firing and not alert.firing


def _taken(state: IncidentState, alert: Alert, ctx: Context) -> Alert:
    """Return the alert as evidence of this incident; setting aside ends with the firing it was about."""
    known = state.alerts.get(alert.fingerprint)
    same = known is not None and known.starts_at == alert.starts_at
    return alert.model_copy(
        update={
            "linked": state.phase is Phase.ACTIVE or _is_linked(state, alert, ctx),
            "set_aside": known.set_aside if known and same else None,
            "set_aside_by": known.set_aside_by if known and same else None,
        }
    )


def _is_linked(state: IncidentState, alert: Alert, ctx: Context) -> bool:
    if ctx.policy.alerts.regression is Regression.ANY:
        return True
    return any(one.linked and one.name == alert.name for one in state.alerts.values())


def _all_clear(before: IncidentState, now: IncidentState, ctx: Context) -> tuple[f.Fact, ...]:
    cleared = now.phase is Phase.ACTIVE and before.counting() and not now.counting()
    return (ctx.rule(f.AllClear),) if cleared else ()
