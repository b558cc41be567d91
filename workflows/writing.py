"""Keeps what is outside as the state is: which projection is due, and what each effect writes when it begins."""

from collections.abc import Mapping
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from muster import names
    from muster.domain.effects import PROJECTIONS, Effect, EffectState, Receipt
    from muster.domain.keeping import READ, base_of, filled, projections
    from muster.domain.naming import key, name_of
    from muster.domain.outbox import Entry, Outbox
    from muster.domain.policy import Policy
    from muster.domain.state import IncidentState

_SHOWN_TWICE: Any = {"document": {"assignee"}}
"""The IMOC stands in the text as well. Digests outlive a run: what they are of is as in older versions."""
_OPENING = ("registration", "bridge", "channel", "issue")


class Writing:
    """Remembers by digest what each projection wrote last, so that only a change is written."""

    def __init__(self, outbox: Outbox, written: Mapping[str, str] | None = None) -> None:
        self._outbox = outbox
        self.written = dict(written or {})
        self._of: tuple[IncidentState, Policy, tuple[Receipt | None, ...]] | None = None
        self._digests: dict[str, str] = {}

    def project(self, state: IncidentState, policy: Policy) -> None:
        """Queue every projection that no longer shows the state."""
        if self._is_opening(state):
            return
        self._forget_digests(state, policy)
        for effect in projections(state, lambda name: self._find(state, name)):
            name = name_of(effect.key)
            if name not in self._digests:
                self._digests[name] = self._digest(effect, state, policy)
            if self.written.get(name) != self._digests[name]:
                self._outbox.project(effect, workflow.now())

    def _forget_digests(self, state: IncidentState, policy: Policy) -> None:
        """Let all digests be made anew, unless all that they are of is the same."""
        found = tuple(self._find(state, name) for name in READ)
        known = self._of
        if known and known[0] is state and known[1] is policy and known[2] == found:
            return
        self._of = (state, policy, found)
        self._digests.clear()

    def fill(self, entry: Entry, state: IncidentState, policy: Policy) -> None:
        """Give what is written from the state its content, at the moment when it begins."""
        effect = entry.effect
        content = filled(effect, state, policy, lambda name: self._find(state, name))
        if content is effect:
            return
        self._outbox.fill(content)
        base = base_of(name_of(effect.key))
        if effect.op in PROJECTIONS or (base is not None and not entry.begun):
            self.written[base or name_of(effect.key)] = self._digest(content, state, policy)

    def _is_opening(self, state: IncidentState) -> bool:
        """Tell whether bridge, channel and issue are just being opened: the card is edited once, not after each."""
        opened = (self._outbox.get(key(state, name)) for name in _OPENING)
        return any(entry is not None and entry.state is EffectState.PENDING for entry in opened)

    def _find(self, state: IncidentState, name: str) -> Receipt | None:
        return self._outbox.receipt(key(state, name))

    def _digest(self, effect: Effect, state: IncidentState, policy: Policy) -> str:
        nameless = policy.model_copy(update={"people": {}})
        body = filled(effect, state, nameless, lambda name: self._find(state, name)).body
        return names.digest(body.model_dump_json(exclude_defaults=True, exclude=_SHOWN_TWICE))
