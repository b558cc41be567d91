"""What facts make to be done outside: the effects of each, with their keys, destinations and order."""

from collections.abc import Callable, Iterator
from typing import Any

from muster.domain import facts as f
from muster.domain.commands import Absorb
from muster.domain.effects import Body, Card, Document, Effect, Link, Op
from muster.domain.ledger import LedgerEntry, Registration
from muster.domain.lifecycle import OPEN
from muster.domain.model import Record
from muster.domain.policy import Policy
from muster.domain.render import Find, card, document, headline, topic
from muster.domain.roles import Role
from muster.domain.speech import PUBLIC, words
from muster.domain.state import IncidentState
from muster.domain.timeline import sentence

LEDGER, TRACKER, CHANNEL, THREAD = "ledger", "tracker:issue", "chat:channel", "chat:thread"


class Notice(Record):
    """What a service is told; the JSON of ``messages.IncidentNotice``."""

    service: str
    workflow_id: str
    number: int | None
    event: str


def plan(state: IncidentState, fact: f.Fact, policy: Policy) -> tuple[Effect, ...]:
    """Return the messages and one-time effects of one fact; ``state`` is the one after it."""
    special = _PLANS.get(fact.kind)
    effects = tuple(special(state, fact, policy)) if special else ()
    return (*effects, *_thread(state, fact), *_note(state, fact))


def key(state: IncidentState, name: str) -> str:
    """Return the business key of a named effect of this incident."""
    return f"{state.workflow_id}/{name}"


def name_of(effect_key: str) -> str:
    """Return the name in a business key, its inverse."""
    return effect_key.rpartition("/")[2]


def _effect(
    state: IncidentState,
    name: str,
    op: Op,
    destination: str = "",
    *,
    body: Body | None = None,
    after: tuple[str, ...] = (),
) -> Effect:
    return Effect(
        key=key(state, name),
        op=op,
        destination=destination or name,
        body=body or Body(),
        after=tuple(key(state, one) for one in after),
    )


def _tell(
    state: IncidentState, sequence: int, event: str, services: tuple[str, ...]
) -> Iterator[Effect]:
    for service in services:
        notice = Notice(
            service=service, workflow_id=state.workflow_id, number=state.number, event=event
        )
        body = Body(service=service, event=event, payload=notice.model_dump_json())
        yield _effect(
            state, f"tell:{sequence}:{service}", Op.SERVICE_TELL, f"service:{service}", body=body
        )


def registration(state: IncidentState, policy: Policy) -> Registration:
    """Return what the incident asks the ledger for."""
    return Registration(
        workflow_id=state.workflow_id,
        title=state.title,
        severity=state.severity,
        service=state.service,
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
        title=state.title,
        severity=state.severity,
        phase=state.phase,
        service=state.service,
        declared_at=state.declared_at,
        tracker=tracker,
        window=policy.windows.upgrade,
        life=state.life,
        first_run=state.first_run,
    )


def _begins(state: IncidentState, _fact: f.PolicyAdopted, policy: Policy) -> Iterator[Effect]:
    asked = Body(payload=registration(state, policy).model_dump_json())
    yield _effect(state, "registration", Op.LEDGER_REGISTER, LEDGER, body=asked)
    yield _effect(state, "announce", Op.CHAT_ANNOUNCE, body=Body(channel=policy.chat.announcements))
    yield _effect(state, "bridge", Op.CONFERENCE_OPEN, body=Body(name=headline(state)))


def _numbered(state: IncidentState, fact: f.NumberGiven, policy: Policy) -> Iterator[Effect]:
    yield _effect(state, "issue", Op.TRACKER_OPEN, "tracker")
    if policy.chat.own_channel and state.phase in OPEN:
        yield from _own_channel(state, fact.number, policy)
    yield from _tell(state, state.sequence, "opened", state.services)


def _own_channel(state: IncidentState, number: int, policy: Policy) -> Iterator[Effect]:
    named = Body(name=f"{policy.chat.channel_prefix}{number}", text=headline(state))
    yield _effect(state, "channel", Op.CHAT_OPEN_CHANNEL, body=named)
    yield _effect(state, "pin", Op.CHAT_PIN, "chat:channel:pin", after=("channel",))
    for name, title in (("bridge", "Bridge"), ("issue", "Incident issue")):
        marked = Body(link=Link(title=title, url=""), link_key=key(state, name))
        yield _effect(
            state,
            f"bookmark:{name}",
            Op.CHAT_BOOKMARK,
            f"chat:channel:bookmark:{name}",
            body=marked,
            after=("channel", name),
        )
    people = tuple(
        dict.fromkeys(
            holder.person
            for holder in (state.roles.imoc, state.roles.cmoc, *state.roles.ocit)
            if holder
        )
    )
    if people:
        yield _invitation(state, people)


def _invitation(state: IncidentState, people: tuple[str, ...]) -> Effect:
    return _effect(
        state,
        f"invite:{state.sequence}",
        Op.CHAT_INVITE,
        "chat:channel:invite",
        body=Body(people=people),
        after=("channel",),
    )


def _upgraded(state: IncidentState, fact: f.Upgraded, _policy: Policy) -> Iterator[Effect]:
    if fact.predecessor != state.number:
        yield _related(state, fact.predecessor, "", "follows")


def _related(state: IncidentState, other: int, workflow_id: str, relation: str) -> Effect:
    body = Body(other=other, other_workflow=workflow_id, relation=relation)
    return _effect(
        state, f"link:{other}", Op.TRACKER_LINK, "tracker:link", body=body, after=("issue",)
    )


def _joined(state: IncidentState, fact: f.RoleAssigned, policy: Policy) -> Iterator[Effect]:
    if policy.chat.own_channel and state.number is not None:
        yield _invitation(state, (fact.person,))


def _updated(state: IncidentState, fact: f.UpdatePosted, policy: Policy) -> Iterator[Effect]:
    for audience in fact.to:
        for channel in policy.channels(audience):
            yield _post(state, fact, channel)


def _post(state: IncidentState, fact: f.UpdatePosted, channel: str) -> Effect:
    text = words(fact.message, fact)
    if channel == PUBLIC:
        body = Body(text=text, at=fact.at)
        return _effect(state, f"post:{fact.sequence}:{channel}", Op.STATUS_POST, PUBLIC, body=body)
    status = f" [{fact.status}]" if fact.status else ""
    body = Body(text=f"#{state.label} {state.severity}{status} {text}", channel=channel, at=fact.at)
    return _effect(
        state, f"post:{fact.sequence}:{channel}", Op.CHAT_SAY, f"chat:{channel}", body=body
    )


def _resolved(state: IncidentState, _fact: f.Resolved, _policy: Policy) -> Iterator[Effect]:
    yield from _tell(state, state.sequence, "asked", state.services)


def _closed(state: IncidentState, _fact: f.Closed, policy: Policy) -> Iterator[Effect]:
    body = Body(payload=entry(state, policy).model_dump_json())
    yield _effect(state, f"closing:{state.life}", Op.LEDGER_CLOSE, LEDGER, body=body)
    yield from _tell(state, state.sequence, "closed", state.services)


def _reopened(state: IncidentState, fact: f.Reopened, policy: Policy) -> Iterator[Effect]:
    if not fact.was_closed:
        return
    body = Body(payload=entry(state, policy).model_dump_json())
    yield _effect(state, f"reopening:{state.life}", Op.LEDGER_REOPEN, LEDGER, body=body)
    yield from _tell(state, state.sequence, "opened", state.services)


def _merge_asked(state: IncidentState, fact: f.MergeAsked, policy: Policy) -> Iterator[Effect]:
    absorb = Absorb(
        command_id=f"{state.workflow_id}/absorb/{fact.command_id}"[-200:],
        actor=fact.actor,
        source=fact.source,
        duplicate=state.number or 0,
        duplicate_workflow=state.workflow_id,
        severity=state.severity,
        declared_at=state.declared_at,
        wait_owed=bool(policy.wait(state.worst)),
        services=state.services,
        alerts=tuple(state.alerts.values())[:100],
    )
    body = Body(
        other=fact.into, other_workflow=fact.into_workflow, payload=absorb.model_dump_json()
    )
    yield _effect(state, f"absorb:{state.sequence}", Op.INCIDENT_ABSORB, "merge", body=body)


def _absorbed(state: IncidentState, fact: f.Absorbed, _policy: Policy) -> Iterator[Effect]:
    yield _related(state, fact.duplicate, "", "duplicate")
    yield from _tell(state, state.sequence, "opened", fact.services)


EXPORT_CHUNK = 100
"""Facts in one note of the record."""


def export(state: IncidentState) -> Iterator[Effect]:
    """Yield the record since the last export as notes of the tracker, one JSON object a line."""
    facts = state.unexported()
    for start in range(0, len(facts), EXPORT_CHUNK):
        part = facts[start : start + EXPORT_CHUNK]
        first = state.sequence - len(facts) + start
        text = "\n".join(fact.model_dump_json(exclude_defaults=False) for fact in part)
        body = Body(text=f"Record from {first}\n{text}", at=part[-1].at)
        yield _effect(
            state, f"record:{first}", Op.TRACKER_NOTE, "tracker:record", body=body, after=("issue",)
        ).model_copy(update={"alone": True})


def _over(state: IncidentState, _fact: f.Fact, policy: Policy) -> Iterator[Effect]:
    body = Body(payload=entry(state, policy).model_dump_json())
    if state.known_as is None:
        yield _effect(state, "ending", Op.LEDGER_END, LEDGER, body=body, after=("registration",))
        yield from _tell(state, state.sequence, "closed", state.services)
    yield from _packed_up(state, policy)
    if state.known_as is None:
        yield from export(state)


def _ends(state: IncidentState, _fact: f.WindowEnded, policy: Policy) -> Iterator[Effect]:
    yield from _packed_up(state, policy)
    yield from export(state)


def _packed_up(state: IncidentState, policy: Policy) -> Iterator[Effect]:
    yield _effect(state, "bridge-end", Op.CONFERENCE_END, "bridge", after=("bridge",))
    if policy.chat.own_channel and state.number is not None and state.known_as is None:
        yield _effect(state, "archive", Op.CHAT_ARCHIVE, CHANNEL, after=("channel", "pin"))


_PLANS: dict[str, Callable[[IncidentState, Any, Policy], Iterator[Effect]]] = {
    "policy_adopted": _begins,
    "number_given": _numbered,
    "upgraded": _upgraded,
    "role_assigned": _joined,
    "update_posted": _updated,
    "resolved": _resolved,
    "closed": _closed,
    "reopened": _reopened,
    "merge_asked": _merge_asked,
    "absorbed": _absorbed,
    "known_already": _over,
    "merged": _over,
    "cancelled": _over,
    "window_ended": _ends,
}

_FOR_IMOC = frozenset(
    {
        "confirmation_asked",
        "trying_late",
        "update_late",
        "clock_stopped",
        "all_clear",
        "requested",
    }
)
_IN_THREAD = _FOR_IMOC | {
    "upgraded",
    "rated",
    "role_assigned",
    "role_freed",
    "update_posted",
    "noted",
    "resolved",
    "regressed",
    "reopened",
    "closed",
    "absorbed",
    "merged",
    "cancelled",
}
_ON_RECORD = frozenset(
    {
        "upgraded",
        "rated",
        "role_assigned",
        "role_freed",
        "update_posted",
        "noted",
        "resolved",
        "clock_started",
        "clock_stopped",
        "regressed",
        "alert_set_aside",
        "reopened",
        "closed",
        "absorbed",
        "merged",
        "cancelled",
        "done_without_imoc",
    }
)


def _thread(state: IncidentState, fact: f.Fact) -> Iterator[Effect]:
    if fact.kind not in _IN_THREAD:
        return
    people = (state.imoc,) if fact.kind in _FOR_IMOC and state.imoc else ()
    body = Body(text=f"{_to_do(state, fact)} ({fact.actor})", people=people, at=fact.at)
    yield _effect(
        state, f"say:{state.sequence}", Op.CHAT_SAY, THREAD, body=body, after=("announce",)
    )
    if isinstance(fact, f.RoleAssigned) and fact.role is Role.IMOC:
        yield from _briefing(state, fact)


def _briefing(state: IncidentState, fact: f.RoleAssigned) -> Iterator[Effect]:
    """Tell the new IMOC what was done without one."""
    done = [one.what for one in state.facts if isinstance(one, f.DoneWithoutImoc)]
    if not done or fact.replaced:
        return
    body = Body(
        text="Done before there was an IMOC: " + "; ".join(done), people=(fact.person,), at=fact.at
    )
    yield _effect(
        state, f"say:{state.sequence}:brief", Op.CHAT_SAY, THREAD, body=body, after=("announce",)
    )


def _to_do(state: IncidentState, fact: f.Fact) -> str:
    """Return the sentence with the one command that answers it."""
    if isinstance(fact, f.Requested):
        return f"{sentence(fact)}. Grants it: {fact.grant}"
    hint = {
        "confirmation_asked": f'muster severity {state.label} {state.severity} --reason "..."',
        "clock_stopped": f"muster reopen {state.label} --reason ...",
        "all_clear": f"muster resolve {state.label}",
    }.get(fact.kind)
    return f"{sentence(fact)}. {hint}" if hint else sentence(fact)


def _note(state: IncidentState, fact: f.Fact) -> Iterator[Effect]:
    if fact.kind not in _ON_RECORD:
        return
    body = Body(text=f"{fact.actor}: {sentence(fact)}", at=fact.at)
    yield _effect(
        state,
        f"note:{state.sequence}",
        Op.TRACKER_NOTE,
        "tracker:notes",
        body=body,
        after=("issue",),
    )


_KEPT = (
    ("card", Op.CHAT_EDIT, "chat:card", "announce"),
    ("pinned", Op.CHAT_EDIT, "chat:pinned", "pin"),
    ("document", Op.TRACKER_EDIT, "tracker:document", "issue"),
    ("topic", Op.CHAT_TOPIC, CHANNEL, "channel"),
    ("record", Op.LEDGER_RECORD, LEDGER, "registration"),
)
"""What is kept current: its name, op, destination, and the effect that creates it."""


def projections(state: IncidentState, find: Find) -> Iterator[Effect]:
    """Yield what is to be kept current now."""
    gone = {"topic": state.ended, "pinned": state.ended, "record": state.phase not in OPEN}
    for name, op, destination, base in _KEPT:
        if find(base) and not gone.get(name, False):
            yield _effect(state, name, op, destination, after=(base,))


def filled(effect: Effect, state: IncidentState, policy: Policy, find: Find) -> Effect:
    """Return the effect with what it is to write now; a message has its words already."""
    render = _RENDERED.get(effect.op)
    if render is None:
        return _numbered_entry(state, effect)
    field, content = render(state, policy, find)
    return effect.model_copy(update={"body": effect.body.model_copy(update={field: content})})


def _card(state: IncidentState, policy: Policy, find: Find) -> tuple[str, Card]:
    return "card", card(state, policy, find)


def _document(state: IncidentState, policy: Policy, find: Find) -> tuple[str, Document]:
    return "document", document(state, policy, find)


def _topic(state: IncidentState, _policy: Policy, _find: Find) -> tuple[str, str]:
    return "text", topic(state)


def _ledger_entry(state: IncidentState, policy: Policy, find: Find) -> tuple[str, str]:
    issue = find("issue")
    return "payload", entry(state, policy, issue.link if issue else None).model_dump_json()


def _numbered_entry(state: IncidentState, effect: Effect) -> Effect:
    """Return an effect on the ledger with the number, which was not known when it was planned."""
    if effect.op not in _ON_LEDGER or state.number is None:
        return effect
    known = LedgerEntry.model_validate_json(effect.body.payload)
    payload = known.model_copy(update={"number": state.number}).model_dump_json()
    return effect.model_copy(update={"body": effect.body.model_copy(update={"payload": payload})})


_ON_LEDGER = frozenset({Op.LEDGER_CLOSE, Op.LEDGER_REOPEN, Op.LEDGER_END})
_RENDERED: dict[Op, Callable[[IncidentState, Policy, Find], tuple[str, Card | Document | str]]] = {
    Op.CHAT_ANNOUNCE: _card,
    Op.CHAT_PIN: _card,
    Op.CHAT_EDIT: _card,
    Op.TRACKER_OPEN: _document,
    Op.TRACKER_EDIT: _document,
    Op.CHAT_TOPIC: _topic,
    Op.LEDGER_RECORD: _ledger_entry,
}
"""What is written from the state of the moment in which the effect begins."""


def base_of(op: Op) -> str | None:
    """Return the name of the projection that keeps current what this effect has created."""
    return {Op.CHAT_ANNOUNCE: "card", Op.CHAT_PIN: "pinned", Op.TRACKER_OPEN: "document"}.get(op)
