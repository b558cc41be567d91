"""What facts make to be done outside: the effects of each, with their keys, destinations and order."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from muster.domain import facts as f
from muster.domain.commands import Absorb
from muster.domain.effects import Body, Effect, Op
from muster.domain.enrolment import entry, registration
from muster.domain.exporting import export
from muster.domain.lifecycle import OPEN
from muster.domain.model import Record, Time
from muster.domain.naming import CHANNEL, LEDGER, effect_of
from muster.domain.policy import Policy
from muster.domain.render import public_headline
from muster.domain.speech import PUBLIC, words
from muster.domain.state import IncidentState
from muster.domain.telling import in_thread, on_record
from muster.names import digest

CLOCK_SKEW = timedelta(minutes=5)
"""How far a vendor's clock may be behind ours."""
ID_SHOWN = 64
MACHINE = "automation:"
"""How the handles of machines begin."""


class Notice(Record):
    """What a service is told; the JSON of ``messages.IncidentNotice``."""

    service: str
    workflow_id: str
    number: int | None
    event: str
    at: Time


def plan(state: IncidentState, fact: f.Fact, policy: Policy) -> tuple[Effect, ...]:
    """Return the messages and one-time effects of one fact; ``state`` is the one after it."""
    special = _PLANS.get(fact.kind)
    effects = tuple(special(state, fact, policy)) if special else ()
    return (*effects, *in_thread(state, fact), *on_record(state, fact))


def _tell(
    state: IncidentState, fact: f.Fact, event: str, services: tuple[str, ...]
) -> Iterator[Effect]:
    for service in () if state.private else services:
        notice = Notice(
            service=service,
            workflow_id=state.workflow_id,
            number=state.number,
            event=event,
            at=fact.at,
        )
        body = Body(service=service, event=event, payload=notice.model_dump_json())
        yield effect_of(
            state,
            f"tell:{state.sequence}:{service}",
            Op.SERVICE_TELL,
            f"service:{service}",
            body=body,
        )


def _begins(state: IncidentState, _fact: f.PolicyAdopted, policy: Policy) -> Iterator[Effect]:
    asked = Body(payload=registration(state, policy).model_dump_json())
    yield effect_of(state, "registration", Op.LEDGER_REGISTER, LEDGER, body=asked)
    if not state.private:
        announced = Body(channel=policy.chat.announcements)
        yield effect_of(state, "announce", Op.CHAT_ANNOUNCE, body=announced)
    yield effect_of(state, "bridge", Op.CONFERENCE_OPEN, body=Body(name=public_headline(state)))


def _numbered(state: IncidentState, fact: f.NumberGiven, policy: Policy) -> Iterator[Effect]:
    yield effect_of(state, "issue", Op.TRACKER_OPEN, "tracker")
    if _has_channel(state, policy) and state.phase in OPEN:
        yield from _own_channel(state, fact.number, policy)
    yield from _sweeps(state, policy)
    yield from _tell(state, fact, "opened", state.services)


def _sweeps(state: IncidentState, policy: Policy) -> Iterator[Effect]:
    """Look for what a vendor has itself made twice of one request: just after the opening, and at each end."""
    stand = ("announce", "channel") if _has_channel(state, policy) else ("announce",)
    told = {
        channel
        for audience in state.told.values()
        for channel in policy.channels(audience.audience)
    }
    searched = Body(channels=tuple(sorted(told - {PUBLIC})), at=state.declared_at - CLOCK_SKEW)
    for name, op, after, body in (
        ("chat", Op.CHAT_SWEEP, stand, searched),
        ("bridge", Op.CONFERENCE_SWEEP, ("bridge",), None),
        ("issue", Op.TRACKER_SWEEP, ("issue",), None),
    ):
        yield effect_of(
            state,
            f"sweep-{name}:{state.sequence}",
            op,
            f"sweep:{name}",
            body=body,
            after=after,
            patient=True,
        )


def _own_channel(state: IncidentState, number: int, policy: Policy) -> Iterator[Effect]:
    named = Body(name=f"{policy.chat.channel_prefix}{number}", private=state.private)
    yield effect_of(state, "channel", Op.CHAT_OPEN_CHANNEL, body=named)
    # In private the pinned card is the announcement: there is no other, and its thread is the team's.
    card = "announce" if state.private else "pin"
    yield effect_of(
        state, card, Op.CHAT_PIN, "chat:channel:pin", after=("channel",), patient=not state.private
    )
    if people := _team(state):
        yield _invitation(state, people)


def _has_channel(state: IncidentState, policy: Policy) -> bool:
    return policy.chat.own_channel or state.private


def _team(state: IncidentState) -> tuple[str, ...]:
    """Return whom the channel is for; in private the one who declared it as well, who could not join."""
    people = state.people()
    joins = state.private and not state.declared_by.startswith(MACHINE)
    return people if joins else tuple(one for one in people if state.roles.held_by(one))


def _invitation(state: IncidentState, people: tuple[str, ...]) -> Effect:
    return effect_of(
        state,
        f"invite:{state.sequence}",
        Op.CHAT_INVITE,
        "chat:channel:invite",
        body=Body(people=people),
        after=("channel",),
        patient=True,
    )


def _upgraded(state: IncidentState, fact: f.Upgraded, _policy: Policy) -> Iterator[Effect]:
    if fact.predecessor != state.number:
        yield _related(state, fact.predecessor, "", "follows")


def _related(state: IncidentState, other: int, workflow_id: str, relation: str) -> Effect:
    body = Body(other=other, other_workflow=workflow_id, relation=relation)
    return effect_of(
        state, f"link:{other}", Op.TRACKER_LINK, "tracker:link", body=body, after=("issue",)
    )


def _joined(state: IncidentState, fact: f.RoleAssigned, policy: Policy) -> Iterator[Effect]:
    if _has_channel(state, policy) and state.number is not None:
        yield _invitation(state, (fact.person,))


def _updated(state: IncidentState, fact: f.UpdatePosted, policy: Policy) -> Iterator[Effect]:
    for audience in fact.to:
        for channel in policy.channels(audience):
            yield _post(state, fact, channel)


def _post(state: IncidentState, fact: f.UpdatePosted, channel: str) -> Effect:
    text = words(fact.message, fact)
    if channel == PUBLIC:
        body = Body(text=text, at=fact.at)
        return effect_of(
            state, f"post:{fact.sequence}:{channel}", Op.STATUS_POST, PUBLIC, body=body
        )
    status = f" [{fact.status}]" if fact.status else ""
    body = Body(text=f"#{state.label} {state.severity}{status} {text}", channel=channel, at=fact.at)
    return effect_of(
        state, f"post:{fact.sequence}:{channel}", Op.CHAT_SAY, f"chat:{channel}", body=body
    )


def _resolved(state: IncidentState, fact: f.Resolved, _policy: Policy) -> Iterator[Effect]:
    yield from _tell(state, fact, "asked", state.services)


def _closed(state: IncidentState, fact: f.Closed, policy: Policy) -> Iterator[Effect]:
    body = Body(payload=entry(state, policy).model_dump_json())
    yield effect_of(state, f"closing:{state.life}", Op.LEDGER_CLOSE, LEDGER, body=body)
    yield from _sweeps(state, policy)
    yield from _tell(state, fact, "closed", state.services)


def _reopened(state: IncidentState, fact: f.Reopened, policy: Policy) -> Iterator[Effect]:
    if not fact.was_closed:
        return
    body = Body(payload=entry(state, policy).model_dump_json())
    yield effect_of(state, f"reopening:{state.life}", Op.LEDGER_REOPEN, LEDGER, body=body)
    yield from _tell(state, fact, "opened", state.services)


def _merge_asked(state: IncidentState, fact: f.MergeAsked, policy: Policy) -> Iterator[Effect]:
    absorb = Absorb(
        command_id=f"{state.workflow_id}/absorb/{_short(fact.command_id)}",
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
        other=fact.into,
        other_workflow=fact.into_workflow,
        event=fact.command_id,
        payload=absorb.model_dump_json(),
    )
    yield effect_of(state, f"absorb:{state.sequence}", Op.INCIDENT_ABSORB, "merge", body=body)


def _short(command_id: str) -> str:
    """Return the id, or what stands for a long one."""
    return command_id if len(command_id) <= ID_SHOWN else digest(command_id)


def _absorbed(state: IncidentState, fact: f.Absorbed, _policy: Policy) -> Iterator[Effect]:
    yield _related(state, fact.duplicate, "", "duplicate")
    yield from _tell(state, fact, "opened", fact.services)


def _over(state: IncidentState, fact: f.Fact, policy: Policy) -> Iterator[Effect]:
    body = Body(payload=entry(state, policy).model_dump_json())
    if state.known_as is None:
        yield effect_of(state, "ending", Op.LEDGER_END, LEDGER, body=body, after=("registration",))
        yield from _tell(state, fact, "closed", state.services)
    yield from _packed_up(state, policy)
    if state.known_as is None:
        yield from export(state)


def _ends(state: IncidentState, _fact: f.WindowEnded, policy: Policy) -> Iterator[Effect]:
    yield from _packed_up(state, policy)
    yield from export(state)


def _packed_up(state: IncidentState, policy: Policy) -> Iterator[Effect]:
    if state.known_as is None:
        yield from _sweeps(state, policy)
    yield effect_of(state, "bridge-end", Op.CONFERENCE_END, "bridge", after=("bridge",))
    if _has_channel(state, policy) and state.number is not None and state.known_as is None:
        card = "announce" if state.private else "pin"
        yield effect_of(state, "archive", Op.CHAT_ARCHIVE, CHANNEL, after=("channel", card))


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
