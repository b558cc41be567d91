"""An incident as answers, queries and the Web UI show it."""

import re
from collections.abc import Iterator
from datetime import datetime

from muster import messages as m
from muster.domain.deadlines import Deadline, deadlines, overdue, window_ends_at
from muster.domain.drills import mark
from muster.domain.effects import EffectState, Op
from muster.domain.facts import Fact
from muster.domain.fallback import meanwhile
from muster.domain.foreign import in_code, listed
from muster.domain.lifecycle import Phase
from muster.domain.naming import key, name_of
from muster.domain.next_step import next_command
from muster.domain.outbox import Entry, Outbox
from muster.domain.policy import Policy
from muster.domain.render import cover, public_headline
from muster.domain.roles import Holder
from muster.domain.state import IncidentState, Result, newest
from muster.domain.timeline import is_claimed, lines
from muster.names import DRILL

_TITLES: dict[Op, str] = {
    Op.CHAT_ANNOUNCE: "announcement",
    Op.CHAT_EDIT: "card",
    Op.CHAT_SAY: "message",
    Op.CHAT_OPEN_CHANNEL: "channel",
    Op.CHAT_TOPIC: "topic",
    Op.CHAT_PIN: "pinned card",
    Op.CHAT_BOOKMARK: "bookmarks",
    Op.CHAT_INVITE: "invitation",
    Op.CHAT_ARCHIVE: "archiving",
    Op.CHAT_SWEEP: "search for doubled messages",
    Op.CONFERENCE_OPEN: "bridge",
    Op.CONFERENCE_SWEEP: "search for a doubled bridge",
    Op.CONFERENCE_END: "end of the bridge",
    Op.TRACKER_OPEN: "issue",
    Op.TRACKER_EDIT: "issue text",
    Op.TRACKER_NOTE: "issue note",
    Op.TRACKER_LINK: "issue link",
    Op.TRACKER_SWEEP: "search for a doubled issue",
    Op.STATUS_POST: "public post",
    Op.LEDGER_REGISTER: "number",
    Op.LEDGER_RECORD: "ledger entry",
    Op.LEDGER_CLOSE: "closing on the ledger",
    Op.LEDGER_REOPEN: "reopening on the ledger",
    Op.LEDGER_END: "end on the ledger",
    Op.SERVICE_TELL: "word to the service",
    Op.INCIDENT_ABSORB: "merge",
}

_OPENING = ("announce", "bridge", "issue", "channel")
"""The effects that open an incident, as the Web UI shows them."""
BAD_SHOWN = 5
"""So many others that are not as they should be the Web UI shows."""
_ADDRESS = re.compile(r"https?://[\w.~:/?#@&+,;=%-]{1,500}", re.ASCII)
"""Addresses without any sign that means something in Markdown, between angle brackets."""
SHOWN = 50
"""So many alerts a snapshot has at most, the latest."""
ROOM = 1_500_000
"""Bytes that the answer of a query has for the record; a payload ends at 2 MB."""

PRIVATE_TITLE = "private incident"
"""What stands for the title where it is not to be read."""

_QUIET = frozenset({Op.LEDGER_RECORD, Op.SERVICE_TELL})
_WORDLESS = frozenset(
    {"private", "crowded", "not_active", "already_merging", "wrong_incident", "drill"}
)
"""Codes of refusals whose message has nothing but numbers and phases."""


def effect_title(entry: Entry) -> str:
    """Return an effect in words; a message with the place that it goes to."""
    title = _TITLES[entry.effect.op]
    where = entry.effect.body.channel
    return f"{title} in {where}" if where else title


def answer(state: IncidentState, policy: Policy | None, result: Result) -> m.Answer:
    """Return what the sender of a command is told."""
    return m.Answer(
        outcome=m.Outcome(result.outcome),
        message=result.message,
        field=result.field,
        code=result.code,
        number=state.number,
        workflow_id=state.workflow_id,
        title=state.title,
        severity=state.severity,
        phase=state.phase,
        closes_at=state.closes_at,
        window_ends_at=window_ends_at(state, policy) if policy else None,
        predecessor=state.predecessor,
        others=tuple(m.OtherView(**other.model_dump()) for other in state.others),
        next_command=next_command(state),
    )


def redacted_answer(told: m.Answer) -> m.Answer:
    """Return what others may be told of a command to a private incident: what became of it, and no word of anyone's."""
    return m.Answer(
        outcome=told.outcome,
        message=told.message if told.code in _WORDLESS else "",
        field=told.field,
        code=told.code,
        number=told.number,
        workflow_id=told.workflow_id,
        title=DRILL * told.title.startswith(DRILL) + PRIVATE_TITLE,
        severity=told.severity,
        phase=told.phase,
        closes_at=told.closes_at,
        window_ends_at=told.window_ends_at,
    )


def _role(holder: Holder | None) -> m.RoleView | None:
    return m.RoleView(person=holder.person, accepted=holder.accepted) if holder else None


def _roles(state: IncidentState) -> m.RolesView:
    return m.RolesView(
        imoc=_role(state.roles.imoc),
        cmoc=_role(state.roles.cmoc),
        ocit=tuple(
            m.RoleView(person=one.person, accepted=one.accepted) for one in state.roles.ocit
        ),
        covered_by=cover(state),
    )


def _effect(entry: Entry, policy: Policy) -> m.EffectView:
    return m.EffectView(
        key=entry.effect.key,
        state=entry.state,
        title=effect_title(entry),
        link=entry.receipt.link if entry.receipt else None,
        reason=entry.reason or None,
        since=entry.since,
        meanwhile=_meanwhile(entry, policy) or None,
    )


def _meanwhile(entry: Entry, policy: Policy) -> str:
    return meanwhile(entry.effect.op, policy.fallback) if entry.state in _BAD else ""


def _refusals(state: IncidentState) -> tuple[str, ...]:
    refused = (text for fact, text in lines(state) if fact.kind == "refused")
    return tuple(reversed(tuple(refused)[-5:]))


def _closing_pending(state: IncidentState) -> bool:
    return state.phase is Phase.CLOSED and not state.closing_recorded


def snapshot(state: IncidentState, outbox: Outbox, policy: Policy | None) -> m.Snapshot:
    """Return the incident at this instant."""
    known = policy or Policy()
    due = deadlines(state, known) if policy else ()
    return m.Snapshot(
        number=state.number,
        workflow_id=state.workflow_id,
        title=state.title,
        severity=state.severity,
        phase=state.phase,
        service=state.service,
        services=state.services,
        declared_at=state.declared_at,
        declared_by=state.declared_by,
        since=state.since,
        severity_reason=state.severity_reason,
        private=state.private,
        probe=state.probe,
        drill=state.drill,
        roles=_roles(state),
        predecessor=state.predecessor,
        merged_into=state.merged_into,
        resolved_at=state.resolved_at,
        closes_at=state.closes_at,
        stopped_by=_stopped_by(state),
        closed_at=state.closed_at,
        closing_recorded=not _closing_pending(state),
        window_ends_at=window_ends_at(state, known),
        alerts=tuple(_alert(alert) for alert in list(state.alerts.values())[-SHOWN:]),
        updates=tuple(m.UpdateView(**told.model_dump()) for told in state.told.values()),
        trying=tuple(
            m.TryingView(text=one.text, by=one.by, until=one.until) for one in state.trying
        ),
        deadlines=tuple(m.DeadlineView(kind=one.kind, at=one.at, text=one.text) for one in due),
        late=tuple(one.text for one in overdue(state)),
        requests=state.requests,
        refusals=_refusals(state),
        effects=tuple(_effect(entry, known) for entry in outbox.entries()),
        degraded=outbox.degraded(),
        reach_imoc=known.chat.reach_imoc,
        next_command=next_command(state),
        policy_digest=state.policy_digest,
    )


def redacted(state: IncidentState, shown: m.Snapshot) -> m.Snapshot:
    """Return what everyone may read of a private incident: that there is one, how severe, how far, and what kind is late."""
    return m.Snapshot(
        number=shown.number,
        workflow_id=shown.workflow_id,
        title=mark(state) + PRIVATE_TITLE,
        severity=shown.severity,
        phase=shown.phase,
        service=None,
        declared_at=shown.declared_at,
        declared_by="",
        since=shown.declared_at,
        private=True,
        redacted=True,
        drill=shown.drill,
        roles=m.RolesView(),
        closes_at=shown.closes_at,
        closed_at=shown.closed_at,
        window_ends_at=shown.window_ends_at,
        deadlines=tuple(one.model_copy(update={"text": one.kind}) for one in shown.deadlines),
        late=tuple(dict.fromkeys(one.kind for one in overdue(state))),
    )


def _alert(alert: object) -> m.AlertView:
    return m.AlertView.model_validate(alert, from_attributes=True)


def _stopped_by(state: IncidentState) -> tuple[str, ...]:
    if state.phase is not Phase.RESOLVED:
        return ()
    return tuple(dict.fromkeys(alert.name for alert in state.counting()))[:SHOWN]


def timeline(state: IncidentState) -> list[m.TimelineEntry]:
    """Return every line of the timeline, the oldest first."""
    entries = [
        m.TimelineEntry(
            at=fact.at,
            actor=fact.actor,
            kind=fact.kind,
            text=text,
            claimed=is_claimed(fact),
        )
        for fact, text in lines(state)
    ]
    return list(newest(entries, ROOM))


def record(state: IncidentState) -> list[Fact]:
    """Return the facts, the oldest first: all, or the newest that an answer has room for."""
    return list(newest(state.facts, ROOM))


def details(state: IncidentState, outbox: Outbox, policy: Policy) -> str:
    """Return the current details of the Web UI, in Markdown; foreign words stand in code spans."""
    if state.private:
        return f"**{in_code(public_headline(state))}**"
    roles = _roles(state)
    team = listed(one.person for one in roles.ocit) or "nobody yet"
    imoc = roles.imoc.person if roles.imoc else "nobody yet"
    cmoc = roles.cmoc.person if roles.cmoc else (f"{imoc} covers" if roles.imoc else "nobody yet")
    parts = [
        f"**{in_code(public_headline(state))}**",
        f"IMOC {in_code(imoc)}, CMOC {in_code(cmoc)}, OCIT {in_code(team)}",
        *(f"- {_due(one)}" for one in deadlines(state, policy)[:3]),
        *(f"- {line}" for line in _effects_shown(state, outbox, policy)),
        f"{sum(entry.state is EffectState.DONE for entry in outbox.entries())} effects done",
    ]
    return "\n\n".join(parts)


def _effects_shown(state: IncidentState, outbox: Outbox, policy: Policy) -> Iterator[str]:
    """Yield what the incident opens, each with its state and link, then what else is not as it should be."""
    opening = [entry for name in _OPENING if (entry := outbox.get(key(state, name)))]
    bad = [one for one in outbox.entries() if one.state in _BAD and one not in opening]
    for entry in (*opening, *bad[:BAD_SHOWN]):
        yield _trouble(entry, policy) if entry.state in _BAD else _standing(entry)
    if len(bad) > BAD_SHOWN:
        yield f"and {len(bad) - BAD_SHOWN} more that are not done"


def _standing(entry: Entry) -> str:
    link = (entry.receipt.link if entry.receipt else None) or ""
    leads = f": <{link}>" if _ADDRESS.fullmatch(link) else ""
    return f"{in_code(effect_title(entry))} {entry.state}{leads}"


def _trouble(entry: Entry, policy: Policy) -> str:
    since = f" since {entry.since:%H:%M} UTC" if entry.since else ""
    todo = _meanwhile(entry, policy)
    return f"{in_code(effect_title(entry))} {entry.state}{since}: {in_code(entry.reason)}" + (
        f"; meanwhile {in_code(todo)}" if todo else ""
    )


_BAD = frozenset({EffectState.DEGRADED, EffectState.NEEDS_HUMAN, EffectState.ABANDONED})


def _due(deadline: Deadline) -> str:
    return f"{deadline.at:%H:%M:%S} UTC: {in_code(deadline.text)}"


def static_summary(service: str | None, at: datetime) -> str:
    """Return the summary that the workflow list shows: no title, no words of others but the service's name."""
    return f"Incident on {service or 'no service'}, {at:%Y-%m-%d %H:%M} UTC"


__all__ = [
    "answer",
    "details",
    "effect_title",
    "key",
    "name_of",
    "record",
    "redacted",
    "redacted_answer",
    "snapshot",
    "static_summary",
    "timeline",
]
