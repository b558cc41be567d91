"""What an incident tells the ledger of itself."""

from typing import Any

from muster.domain.ledger import LedgerEntry, Registration
from muster.domain.policy import Policy
from muster.domain.state import IncidentState


def registration(state: IncidentState, policy: Policy) -> Registration:
    """Return what the incident asks the ledger for."""
    return Registration(
        workflow_id=state.workflow_id,
        **_named(state),
        probe=state.probe,
        drill=state.drill,
        severity=state.severity,
        key=state.key,
        declared_at=state.declared_at,
        window=policy.windows.upgrade,
        scope=policy.windows.upgrade_scope,
        first_run=state.first_run,
    )


def entry(state: IncidentState, policy: Policy, tracker: str | None = None) -> LedgerEntry:
    """Return the incident as the ledger keeps it."""
    return LedgerEntry(
        number=state.number or 0,
        workflow_id=state.workflow_id,
        **_named(state),
        severity=state.severity,
        phase=state.phase,
        drill=state.drill,
        declared_at=state.declared_at,
        tracker=tracker,
        window=policy.windows.upgrade,
        life=state.life,
        first_run=state.first_run,
    )


def _named(state: IncidentState) -> dict[str, Any]:
    """Return what everyone may read of the incident in a list."""
    if state.private:
        return {"private": True, "title": "", "service": None}
    return {"title": state.title, "service": state.service}
