"""An incident as others see it: the card in the chat, the issue in the tracker, the topic of its channel."""

from collections.abc import Callable

from muster.domain.deadlines import window_ends_at
from muster.domain.drills import bare, mark
from muster.domain.effects import Card, Document, Link, Receipt
from muster.domain.foreign import listed
from muster.domain.lifecycle import OPEN, Phase
from muster.domain.policy import Policy
from muster.domain.roles import Holder
from muster.domain.state import IncidentState

Find = Callable[[str], Receipt | None]
"""Gives the receipt of a named effect of the incident, once it is done."""

LINKS = (("bridge", "Bridge"), ("issue", "Issue"), ("channel", "Channel"))


def headline(state: IncidentState) -> str:
    """Return number, severity, phase and title in one line."""
    number = f"#{state.number} " if state.number is not None else ""
    return f"{mark(state)}{number}{state.severity} {state.phase}: {bare(state)}"


def public_headline(state: IncidentState) -> str:
    """Return what everyone may read in one line: nothing of what a private incident is about."""
    if not state.private:
        return headline(state)
    number = f"#{state.number} " if state.number is not None else ""
    return f"{mark(state)}{number}{state.severity} {state.phase}: private incident"


def _person(holder: Holder | None, policy: Policy) -> str:
    return policy.called(holder.person) if holder else "nobody yet"


def cover(state: IncidentState) -> str | None:
    """Return who owes the updates while no CMOC is named."""
    return state.imoc if state.roles.cmoc is None else None


def _cmoc(state: IncidentState, policy: Policy) -> str:
    covered = cover(state)
    return f"{policy.called(covered)} (covers)" if covered else _person(state.roles.cmoc, policy)


def card(state: IncidentState, policy: Policy, find: Find) -> Card:
    """Return the card of the announcement."""
    team = listed(policy.called(holder.person) for holder in state.roles.ocit)
    fields = (
        ("Service", listed(state.services)),
        ("Since", f"{state.since:%Y-%m-%d %H:%M} UTC"),
        ("Severity", state.severity_reason),
        ("IMOC", _person(state.roles.imoc, policy)),
        ("CMOC", _cmoc(state, policy)),
        ("OCIT", team or "nobody yet"),
        ("Meet at", "" if find("bridge") else policy.fallback.bridge or ""),
        ("Duplicate of", f"#{state.merged_into}" if state.merged_into else ""),
        ("Closes", _closing(state, policy)),
    )
    return Card(
        headline=headline(state),
        fields=tuple((label, value) for label, value in fields if value),
        links=links(find),
        footer=f"Not on the incident team? Reach the IMOC by {policy.chat.reach_imoc}.",
    )


def _closing(state: IncidentState, policy: Policy) -> str:
    if state.phase is Phase.RESOLVED:
        if state.closes_at is None:
            firing = listed(alert.name for alert in state.counting())
            return f"when nothing fires any more, after {firing}"
        return f"{state.closes_at:%H:%M:%S} UTC, if it stays stable"
    ends_at = window_ends_at(state, policy)
    return f"done; can be reopened until {ends_at:%H:%M} UTC" if ends_at else ""


def links(find: Find) -> tuple[Link, ...]:
    """Return where the incident's things are, as far as they stand."""
    found = ((title, find(name)) for name, title in LINKS)
    return tuple(Link(title=title, url=got.link) for title, got in found if got and got.link)


def document(state: IncidentState, policy: Policy, find: Find) -> Document:
    """Return the issue of the production tracker."""
    shown = card(state, policy, find)
    alerts = "\n".join(
        f"{alert.name} ({alert.fingerprint}) on {alert.service}: {alert.summary}"
        for alert in list(state.alerts.values())[:20]
    )
    facts = "\n".join(f"{label}: {value}" for label, value in shown.fields)
    where = "\n".join(f"{link.title}: {link.url}" for link in shown.links if link.title != "Issue")
    paragraphs = (("State", facts), ("Where", where), ("Alerts", alerts))
    return Document(
        title=f"{mark(state)}#{state.label} {bare(state)}",
        paragraphs=tuple((head, text) for head, text in paragraphs if text),
        labels=labels(state),
        confidential=state.private,
        assignee=state.imoc,
        closed=state.phase not in OPEN,
        opened_at=state.declared_at,
    )


def labels(state: IncidentState) -> tuple[str, ...]:
    """Return the tracker's labels; only words of ours."""
    drill = ("drill",) if state.drill else ()
    return ("incident", f"severity::{state.severity}", f"state::{state.phase}", *drill)


def topic(state: IncidentState) -> str:
    """Return the topic of the incident's own channel."""
    lead = f" | IMOC {state.imoc}" if state.imoc else ""
    return f"{headline(state)}{lead}"[:250]
