"""What facts make to be done outside: the effects of each, with their keys, destinations and order."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.commands import Absorb
from muster.domain.drills import channels, marked
from muster.domain.effects import Body, Effect, EffectState, Op
from muster.domain.enrolment import entry, registration
from muster.domain.evolve import MACHINE
from muster.domain.model import Record, Time
from muster.domain.naming import CHANNEL, LEDGER, effect_of, name_of
from muster.domain.policy import Policy
from muster.domain.render import public_headline
from muster.domain.speech import PUBLIC, words
from muster.domain.state import IncidentState
from muster.domain.telling import in_thread, on_record
from muster.names import digest

ALERTS_TOLD = 100
"""So many alerts has one notice at most."""
_LISTENS = frozenset({"opened", "asked"})
CLOCK_SKEW = timedelta(minutes=5)
"""How far a vendor's clock may be behind ours."""


class Notice(Record):
    """What a service is told; the JSON of ``messages.IncidentNotice``."""

    service: str
    workflow_id: str
    number: int | None
    event: str
    at: Time
    alerts: tuple[Alert, ...] = ()


def plan(state: IncidentState, fact: f.Fact, policy: Policy) -> tuple[Effect, ...]:
    """Return the messages and one-time effects of one fact; ``state`` is the one after it."""
    if state.probe:
        return tuple(_asks(state, policy)) if fact.kind == "policy_adopted" else ()
    special = _PLANS.get(fact.kind)
    effects = tuple(special(state, fact, policy)) if special else ()
    every = (*effects, *in_thread(state, fact), *on_record(state, fact))
    return tuple(marked(state, effect) for effect in every) if state.drill else every


def _tell(
    state: IncidentState, fact: f.Fact, event: str, services: tuple[str, ...]
) -> Iterator[Effect]:
    for service in services if _is_heard_of(state) else ():
        notice = Notice(
            service=service,
            workflow_id=state.workflow_id,
            number=state.number,
            event=event,
            at=fact.at,
            alerts=_believed(state, service) if event in _LISTENS else (),
        )
        yield _notice(state, notice)


def _is_heard_of(state: IncidentState) -> bool:
    """Tell whether alerts are for it: of a private one a service must not know, and what fires is not for a drill."""
    return not state.private and not state.drill


def _believed(state: IncidentState, service: str) -> tuple[Alert, ...]:
    """Return what fires as far as the incident knows: it may have missed the end of what it took over from another."""
    firing = (one for one in state.alerts.values() if one.firing and one.service == service)
    lean = {"summary": "", "link": ""}
    return tuple(one.model_copy(update=lean) for one in islice(firing, ALERTS_TOLD))


def _notice(state: IncidentState, notice: Notice) -> Effect:
    body = Body(service=notice.service, event=notice.event, payload=notice.model_dump_json())
    name = f"tell:{state.sequence}:{notice.service}"
    return effect_of(state, name, Op.SERVICE_TELL, f"service:{notice.service}", body=body)


def _effect_changed(
    state: IncidentState, fact: f.EffectChanged, _policy: Policy
) -> Iterator[Effect]:
    """Tell the services without a number where the ledger is silent: alerts are not to declare another one."""
    silent = fact.state is EffectState.DEGRADED and name_of(fact.key) == "registration"
    yield from _tell(state, fact, "opened", state.services if silent else ())


def _asks(state: IncidentState, policy: Policy) -> Iterator[Effect]:
    asked = Body(payload=registration(state, policy).model_dump_json())
    yield effect_of(state, "registration", Op.LEDGER_REGISTER, LEDGER, body=asked)


def _begins(state: IncidentState, _fact: f.PolicyAdopted, policy: Policy) -> Iterator[Effect]:
    yield from _asks(state, policy)
    if not state.private:
        announced = Body(channel=policy.chat.announcements)
        yield effect_of(state, "announce", Op.CHAT_ANNOUNCE, body=announced)
    yield effect_of(state, "bridge", Op.CONFERENCE_OPEN, body=Body(name=public_headline(state)))


def _numbered(state: IncidentState, fact: f.NumberGiven, policy: Policy) -> Iterator[Effect]:
    yield effect_of(state, "issue", Op.TRACKER_OPEN, "tracker")
    if _has_channel(state, policy):
        yield from _own_channel(state, fact.number, policy)
    yield from _sweeps(state, policy)
    yield from _tell(state, fact, "opened", state.services)


def _sweeps(state: IncidentState, policy: Policy, *, last: bool = False) -> Iterator[Effect]:
    """Look for what a vendor has itself made twice of one request: just after the opening, and at each end."""
    told = {
        channel
        for audience in state.told.values()
        for channel in channels(state, policy, audience.audience)
    }
    searched = Body(channels=tuple(sorted(told - {PUBLIC})), at=state.declared_at - CLOCK_SKEW)
    for name, op, after, body in (
        ("chat", Op.CHAT_SWEEP, _kept_by_sweeps(state, policy), searched),
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
        ).model_copy(update={"last": last})


def _kept_by_sweeps(state: IncidentState, policy: Policy) -> tuple[str, ...]:
    """Return what is still edited, and so must stay as its receipt names it; of all else the oldest stays."""
    if not _has_channel(state, policy):
        return ("announce",)
    return ("announce", "channel") if state.private else ("announce", "channel", "pin")


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
    """Tell whether a channel of its own was asked for: its name has the number, which may come after the end."""
    return state.housed and (policy.chat.own_channel or state.private)


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
    if not fact.own and fact.predecessor is not None:
        yield _related(state, fact.predecessor, "", "follows")


def _related(state: IncidentState, other: int, workflow_id: str, relation: str) -> Effect:
    body = Body(other=other, other_workflow=workflow_id, relation=relation)
    return effect_of(
        state, f"link:{other}", Op.TRACKER_LINK, "tracker:link", body=body, after=("issue",)
    )


def _joined(state: IncidentState, fact: f.RoleAssigned, policy: Policy) -> Iterator[Effect]:
    if _has_channel(state, policy):
        yield _invitation(state, (fact.person,))


def _updated(state: IncidentState, fact: f.UpdatePosted, policy: Policy) -> Iterator[Effect]:
    for audience in fact.to:
        for channel in channels(state, policy, audience):
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
        command_id=f"{state.workflow_id}/absorb/{digest(fact.command_id)}",
        actor=fact.actor,
        source=fact.source,
        authenticated=fact.authenticated,
        number=fact.into,
        duplicate=state.number or 0,
        duplicate_workflow=state.workflow_id,
        severity=state.severity,
        declared_at=state.declared_at,
        wait_owed=bool(policy.wait(state.worst)),
        waited=state.waited,
        private=state.private,
        drill=state.drill,
        services=state.services,
        alerts=tuple(sorted(state.alerts.values(), key=lambda one: not one.firing))[:100],
    )
    body = Body(
        other=fact.into,
        other_workflow=fact.into_workflow,
        payload=absorb.model_dump_json(),
        command_id=fact.command_id,
    )
    yield effect_of(state, f"absorb:{state.sequence}", Op.INCIDENT_ABSORB, "merge", body=body)


def _absorbed(state: IncidentState, fact: f.Absorbed, _policy: Policy) -> Iterator[Effect]:
    yield _related(state, fact.duplicate, "", "duplicate")
    yield from _tell(state, fact, "opened", fact.services)


def _unheard(state: IncidentState, fact: f.AlertsUnheard, _policy: Policy) -> Iterator[Effect]:
    services = tuple(dict.fromkeys(alert.service for alert in fact.alerts))
    for service in services if _is_heard_of(state) else ():
        notice = Notice(
            service=service,
            workflow_id=state.workflow_id,
            number=state.number,
            event="unheard",
            at=fact.at,
            alerts=tuple(one for one in fact.alerts if one.service == service),
        )
        yield _notice(state, notice)


def _over(state: IncidentState, fact: f.Fact, policy: Policy) -> Iterator[Effect]:
    body = Body(payload=entry(state, policy).model_dump_json())
    if state.known_as is None:
        yield effect_of(state, "ending", Op.LEDGER_END, LEDGER, body=body, after=("registration",))
        yield from _tell(state, fact, "closed", state.services)
    yield from _packed_up(state, policy)


def _ends(state: IncidentState, _fact: f.WindowEnded, policy: Policy) -> Iterator[Effect]:
    yield from _packed_up(state, policy)


def _packed_up(state: IncidentState, policy: Policy) -> Iterator[Effect]:
    if state.known_as is None:
        yield from _sweeps(state, policy, last=True)
    yield effect_of(state, "bridge-end", Op.CONFERENCE_END, "bridge", after=("bridge",))
    if _has_channel(state, policy) and state.known_as is None:
        # Nothing can be retired in an archived channel any more.
        after = ("channel", f"sweep-chat:{state.sequence}")
        archive = effect_of(state, "archive", Op.CHAT_ARCHIVE, CHANNEL, after=after)
        yield archive.model_copy(update={"last": True})


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
    "alerts_unheard": _unheard,
    "effect_changed": _effect_changed,
    "known_already": _over,
    "merged": _over,
    "cancelled": _over,
    "window_ended": _ends,
}
