"""Who is let into a private incident: its people, and whom policy names."""

from collections.abc import Collection

from muster.domain.state import IncidentState


def is_open_to(state: IncidentState, who: str, releasers: Collection[str]) -> bool:
    """Tell whether its words are for this person, who is taken at their word; what is not private is for everyone."""
    return not state.private or who in {*state.people(), *releasers}
