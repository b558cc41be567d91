"""What the Web UI and Visibility show of an incident."""

from collections.abc import Iterator, Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair

with workflow.unsafe.imports_passed_through():
    from muster import views
    from muster.domain.outbox import Outbox
    from muster.domain.policy import Policy
    from muster.domain.state import IncidentState

_NUMBER = SearchAttributeKey.for_int("IncidentNumber")
_SEVERITY = SearchAttributeKey.for_keyword("IncidentSeverity")
_PHASE = SearchAttributeKey.for_keyword("IncidentPhase")
_SERVICE = SearchAttributeKey.for_keyword("IncidentService")
_MANAGER = SearchAttributeKey.for_keyword("IncidentManager")
_DECLARED_AT = SearchAttributeKey.for_datetime("IncidentDeclaredAt")


class Face:
    """Current details and search attributes; an upsert is made only of what has changed in this run."""

    def __init__(self) -> None:
        self._shown: dict[str, Any] = {}

    def show(
        self, state: IncidentState, outbox: Outbox, policy: Policy, registered: Sequence[str]
    ) -> bool:
        """Show the incident as it is now, with those search attributes that the server has; tell whether one changed."""
        workflow.set_current_details(views.details(state, outbox, policy))
        changed = [
            pair
            for pair in attributes(state)
            if pair.key.name in registered and self._shown.get(pair.key.name) != pair.value
        ]
        if changed:
            workflow.upsert_search_attributes([pair.key.value_set(pair.value) for pair in changed])
            self._shown |= {pair.key.name: pair.value for pair in changed}
        return bool(changed)


def attributes(state: IncidentState) -> Iterator[SearchAttributePair[Any]]:
    """Yield what Visibility shows: of a private incident neither what it is about nor who leads, of a probe nothing."""
    if state.probe:
        return
    yield SearchAttributePair(_SEVERITY, state.severity.value)
    yield SearchAttributePair(_PHASE, state.phase.value)
    yield SearchAttributePair(_DECLARED_AT, state.declared_at)
    if state.number is not None:
        yield SearchAttributePair(_NUMBER, state.number)
    if state.private:
        return
    if state.service is not None:
        yield SearchAttributePair(_SERVICE, state.service)
    if state.imoc is not None:
        yield SearchAttributePair(_MANAGER, state.imoc)
