"""How an effect of an incident is named and built."""

from muster.domain.effects import Body, Effect, Op
from muster.domain.state import IncidentState

LEDGER, CHANNEL, THREAD = "ledger", "chat:channel", "chat:thread"
"""Destinations that several effects share."""


def key(state: IncidentState, name: str) -> str:
    """Return the business key of a named effect of this incident."""
    return f"{state.workflow_id}/{name}"


def name_of(effect_key: str) -> str:
    """Return the name in a business key, its inverse."""
    return effect_key.rpartition("/")[2]


def effect_of(
    state: IncidentState,
    name: str,
    op: Op,
    destination: str = "",
    *,
    body: Body | None = None,
    after: tuple[str, ...] = (),
    patient: bool = False,
) -> Effect:
    """Return an effect of this incident; without a destination it has one of its own."""
    return Effect(
        key=key(state, name),
        op=op,
        destination=destination or name,
        body=body or Body(),
        after=tuple(key(state, one) for one in after),
        patient=patient,
    )
