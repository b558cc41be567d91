"""One service: what fires on it, which incidents have to hear of it, when to declare one."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from muster.domain.alerts import Alert
from muster.domain.model import Record, Time
from muster.domain.severity import Severity
from muster.domain.sightings import Sightings, remember, tidy

KEPT_INCIDENTS: Final = 100
BATCH: Final = 100
_NAMES_SHOWN = 3
_TITLE = 200


class ServiceOp(StrEnum):
    """The activities that a service asks for."""

    DECLARE = "service.declare"
    REPORT = "service.report"


class Sender(Record):
    """Through which door alerts came, and whether that door knows its sender."""

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "alertmanager"
    authenticated: bool = False

    @property
    def actor(self) -> str:
        """Return the handle of the machine."""
        return f"automation:{self.source}"


ALERTMANAGER: Final = Sender()


class ServiceInput(Record):
    """What a service is started with."""

    service: str = ""
    signals_per_run: int = 2_000
    """After so many the workflow continues as new, if the server has not suggested it before."""


class Listener(Record):
    """An open incident of the service and since when it listens."""

    since: Time
    number: int | None = None


class State(Record):
    """Everything that a service remembers."""

    service: str
    origin: str = ""
    """The run that began this memory: command ids are built on it."""
    severity: Severity | None = None
    """The policy's starting severity, as the last delivery gave it."""
    sender: Sender = ALERTMANAGER
    """Of the last delivery."""
    alerts: Sightings = Sightings()
    incidents: dict[str, Listener] = {}
    """By workflow id: all that are open, whoever declared them."""
    over: tuple[str, ...] = ()
    """The last that have closed or gone: the ledger may not know it yet."""
    declaring: str | None = None
    """The key of the declaration under way."""
    episodes: int = 0
    reports: int = 0

    @property
    def is_quiet(self) -> bool:
        """Tell whether the service may be forgotten: nothing fires, nothing is open."""
        return not self.incidents and self.declaring is None and not self.alerts.firing()


class Declare(Record):
    """Declare an incident for these alerts, unless one of the service is open."""

    key: str
    service: str
    severity: Severity | None
    alerts: tuple[Alert, ...]
    over: tuple[str, ...] = ()
    """Incidents that are not open any more, whatever the ledger says."""
    at: Time
    sender: Sender = ALERTMANAGER

    @property
    def title(self) -> str:
        """Return what the incident is called until a human knows better."""
        names = tuple(dict.fromkeys(alert.name for alert in self.alerts))
        more = len(names) - _NAMES_SHOWN
        text = ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"


class Report(Record):
    """Tell an incident what has changed."""

    workflow_id: str
    command_id: str
    alerts: tuple[Alert, ...]
    news: bool = False
    """These have just changed; not so where an incident has asked for what is known."""
    sender: Sender = ALERTMANAGER


class Declared(Record):
    """What came of a declaration: the incidents of the service that are open now."""

    workflow_ids: tuple[str, ...] = ()
    fresh: bool = False
    """It is a new one, and has the alerts of the declaration."""


class Reported(Record):
    """What came of a report."""

    gone: bool = False
    """The incident does not run any more."""


Action: TypeAlias = Declare | Report
Step: TypeAlias = tuple[State, tuple[Action, ...]]


def observe(state: State, alerts: Iterable[Alert], now: Time) -> Step:
    """Take in a delivery; return what it gives to do: nothing for a repeated or outdated one."""
    sightings, changed = remember(state.alerts, (tidy(one, state.service) for one in alerts), now)
    state = state.model_copy(update={"alerts": sightings})
    if state.incidents:
        return _tell(state, tuple(state.incidents), changed, news=True)
    return _declare(state, tuple(alert for alert in changed if alert.firing), now)


def opened(
    state: State, workflow_id: str, number: int | None, now: Time, believed: tuple[Alert, ...] = ()
) -> Step:
    """Take in that an incident is open: one that is new here is told everything that fires.

    ``believed`` is what fires as far as it knows: what of that has ended, it may have missed before it was known here.
    """
    fires = () if workflow_id in state.incidents else state.alerts.firing()
    state = _with(state, workflow_id, number, now)
    return _tell(state, (workflow_id,), (*fires, *state.alerts.ended(believed)))


def asked(
    state: State, workflow_id: str, number: int | None, now: Time, believed: tuple[Alert, ...] = ()
) -> Step:
    """Take in that an incident asks: it is told what fires, and what has ended since it listens or of what it ``believed``."""
    state = _with(state, workflow_id, number, now)
    listener = state.incidents.get(workflow_id)
    known = state.alerts.since(listener.since) if listener else state.alerts.firing()
    told = {_sight(one): one for one in (*known, *state.alerts.ended(believed))}
    return _tell(state, (workflow_id,), tuple(told.values()), empty=True)


def closed(state: State, workflow_id: str) -> State:
    """Take in that an incident is over: it hears of nothing any more."""
    left = {key: listener for key, listener in state.incidents.items() if key != workflow_id}
    over = (*(one for one in state.over if one != workflow_id), workflow_id)[-KEPT_INCIDENTS:]
    return state.model_copy(update={"incidents": left, "over": over})


def over(state: State, workflow_id: str, at: Time | None, now: Time) -> Step:
    """Take in that an incident ended at that time: what began to fire since, it has not heard."""
    state = closed(state, workflow_id)
    if at is None or state.incidents:
        return state, ()
    return _declare(state, state.alerts.begun_since(at), now)


def unheard(state: State, workflow_id: str, alerts: tuple[Alert, ...], now: Time) -> Step:
    """Take back what fired and reached an incident only after its end: who is open now has it, or one is declared."""
    state = closed(state, workflow_id)
    if state.incidents:
        who = tuple(state.incidents)
        state, fired = _tell(state, who, alerts, news=True)
        state, ended = _tell(state, who, state.alerts.ended(alerts), news=True)
        return state, (*fired, *ended)
    return _declare(state, alerts, now)


def declared(state: State, action: Declare, answer: Declared, now: Time) -> Step:
    """Take in which incidents stand after a declaration; each is told what it does not have yet."""
    has = {_sight(alert) for alert in action.alerts} if answer.fresh else set()
    # What was declared may have ended long before: it went to an incident first that was over.
    known = (*state.alerts.since(action.at), *state.alerts.ended(action.alerts))
    owed = tuple({_sight(one): one for one in known if _sight(one) not in has}.values())
    unheard = tuple(one for one in answer.workflow_ids if one not in state.incidents)
    state = state.model_copy(update={"declaring": None})
    for workflow_id in unheard:
        state = _with(state, workflow_id, None, now)
    return _tell(state, unheard, owed, news=True)


def is_needed(state: State, action: Action) -> bool:
    """Tell whether an action that has waited its turn still has its reason."""
    if isinstance(action, Declare):
        return not state.incidents
    return action.workflow_id in state.incidents


def passed_over(state: State, action: Action, now: Time) -> Step:
    """Take in that an action found nobody; news that no incident has heard are declared."""
    if isinstance(action, Declare):
        return state.model_copy(update={"declaring": None}), ()
    state = closed(state, action.workflow_id)
    if state.incidents or not action.news:
        return state, ()
    return _declare(state, tuple(one for one in action.alerts if one.firing), now)


def catch_up(state: State, workflow_ids: Iterable[str]) -> Step:
    """Tell these incidents all that has changed since they listen, for reports that were let go."""
    actions: tuple[Action, ...] = ()
    for workflow_id in workflow_ids:
        listener = state.incidents.get(workflow_id)
        if listener is not None:
            known = state.alerts.since(listener.since)
            state, more = _tell(state, (workflow_id,), known, news=True)
            actions += more
    return state, actions


def _declare(state: State, started: tuple[Alert, ...], now: Time) -> Step:
    if state.declaring is not None or not started:
        return state, ()
    count = state.episodes + 1
    key = f"alerts:{_short(state.service)}:{started[0].starts_at.isoformat()}:{count}"
    state = state.model_copy(update={"declaring": key, "episodes": count})
    first = Declare(
        key=key,
        service=state.service,
        severity=state.severity,
        alerts=started[:BATCH],
        over=state.over,
        at=now,
        sender=state.sender,
    )
    return state, (first,)


def _short(service: str) -> str:
    """Return the name, or what stands for a long one: a key has at most 200 characters."""
    return service if len(service) <= BATCH else hashlib.sha256(service.encode()).hexdigest()[:26]


def _tell(
    state: State,
    who: tuple[str, ...],
    alerts: tuple[Alert, ...],
    *,
    news: bool = False,
    empty: bool = False,
) -> Step:
    batches = [alerts[at : at + BATCH] for at in range(0, len(alerts), BATCH)]
    if empty and not batches:
        batches = [()]
    reports = tuple(
        Report(
            workflow_id=workflow_id,
            command_id=f"alerts-{state.origin}-{serial}",
            alerts=batch,
            news=news,
            sender=state.sender,
        )
        for serial, (workflow_id, batch) in enumerate(
            ((one, batch) for one in who for batch in batches), state.reports + 1
        )
    )
    return state.model_copy(update={"reports": state.reports + len(reports)}), reports


def _with(state: State, workflow_id: str, number: int | None, now: Time) -> State:
    known = state.incidents.get(workflow_id)
    if known is None and len(state.incidents) >= KEPT_INCIDENTS:
        return state
    listener = known or Listener(since=now)
    if number is not None:
        listener = listener.model_copy(update={"number": number})
    over = tuple(one for one in state.over if one != workflow_id)
    incidents = {**state.incidents, workflow_id: listener}
    return state.model_copy(update={"incidents": incidents, "over": over})


def _sight(alert: Alert) -> tuple[str, Time, bool]:
    return alert.fingerprint, alert.starts_at, alert.firing
