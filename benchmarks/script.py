"""What one life of an incident asked of Temporal, read from its history so that the control asks for the same."""

import os
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from muster.domain.effects import EffectCall

VARIABLE = "MUSTER_BENCH_SCRIPT"
"""The environment variable with the file from which the control's worker reads its script."""
BEGUN = "begun"
"""What has happened once the life is there."""
ID, NUMBER, SERVICE = "@id@", "@number@", "@service@"
"""What stands in a script where a life has its own."""
_EVENT = "EVENT_TYPE_"

Event = Mapping[str, Any]


class Step(BaseModel):
    """One command to the server, and what must have happened before it is given."""

    name: str
    after: tuple[str, ...]
    activity: str = ""
    """An activity: its name, its input if it takes one, its task queue and its timeouts in seconds, 0 being none."""
    call: EffectCall | None = None
    queue: str = ""
    schedule_to_close: float = 0
    start_to_close: float = 0
    heartbeat: float = 0
    timer: float = 0
    """A timer of so many seconds."""
    cancels: str = ""
    """The timer that is cancelled."""
    upsert: tuple[str, ...] = ()
    """The search attributes that are written."""

    @property
    def kind(self) -> str:
        """Return which command it is: the first word of its name."""
        return self.name.partition(":")[0]


class Script(BaseModel):
    """All commands of a life, in their order."""

    steps: tuple[Step, ...] = ()

    def names(self) -> dict[str, int]:
        """Return how many commands of each kind there are."""
        return dict(Counter(step.kind for step in self.steps))


@cache
def given() -> Script:
    """Return the script of this worker."""
    return Script.model_validate_json(Path(os.environ[VARIABLE]).read_text())


def counts(events: Sequence[Event]) -> dict[str, int]:
    """Return how many events of each type a history has, and in all."""
    found = Counter(str(one["eventType"]).removeprefix(_EVENT).lower() for one in events)
    return {"all events": len(events)} | dict(sorted(found.items()))


class Reading:
    """One pass over a history: each command comes after what its workflow task has brought.

    An event of a kind that is not in the table is a KeyError: it may be work of which the control would not have its part.
    """

    def __init__(self, events: Sequence[Event], workflow_id: str, service: str) -> None:
        self._events = events
        self._life = (workflow_id, service)
        self._news: list[str] = []
        self._causes: tuple[str, ...] = ()
        self._scheduled: dict[str, str] = {}
        self._updates = self._signals = 0
        self._firsts: dict[str, str] = {}

    def script(self) -> Script:
        """Return what the control is to do."""
        steps = [step for event in self._events for step in self._read(event)]
        return Script(steps=tuple(steps))

    def _read(self, event: Event) -> Iterator[Step]:
        kind = str(event["eventType"]).removeprefix(_EVENT)
        details: Event = next(
            (value for key, value in event.items() if key.endswith("Attributes")), {}
        )
        yield from _READERS[kind](self, str(event["eventId"]), details)

    def _nothing(self, _event_id: str, _details: Event) -> Iterator[Step]:
        """Pass over it."""
        yield from ()

    def _task(self, _event_id: str, _details: Event) -> Iterator[Step]:
        """Take all that has come since the last task as the cause of what this one commands."""
        self._causes, self._news = tuple(self._news) or self._causes or (BEGUN,), []
        yield from ()

    def _update(self, _event_id: str, _details: Event) -> Iterator[Step]:
        self._updates += 1
        self._causes = (*self._causes, f"update:{self._updates}")
        yield from ()

    def _signal(self, _event_id: str, _details: Event) -> Iterator[Step]:
        self._signals += 1
        self._news.append(f"signal:{self._signals}")
        yield from ()

    def _done(self, _event_id: str, details: Event) -> Iterator[Step]:
        self._news.append(self._scheduled[str(details["scheduledEventId"])])
        yield from ()

    def _fired(self, _event_id: str, details: Event) -> Iterator[Step]:
        self._news.append(f"timer:{details['timerId']}")
        yield from ()

    def _activity(self, event_id: str, details: Event) -> Iterator[Step]:
        activity = str(details["activityType"]["name"])
        call = self._input(details)
        name = call.key.rpartition("/")[2] if call else activity
        step = f"activity:{event_id}:{name}"
        self._scheduled[event_id] = step
        self._firsts.setdefault(name, step)
        before = [self._firsts[key.rpartition("/")[2]] for key in (call.refs if call else ())]
        yield Step(
            name=step,
            after=tuple(dict.fromkeys((*self._causes, *before))),
            activity=activity,
            call=call,
            queue=details["taskQueue"]["name"],
            schedule_to_close=_seconds(details["scheduleToCloseTimeout"]),
            start_to_close=_seconds(details["startToCloseTimeout"]),
            heartbeat=_seconds(details["heartbeatTimeout"]),
        )

    def _input(self, details: Event) -> EffectCall | None:
        """Return what the activity was given; that which adopts the policy takes nothing."""
        given = details.get("input", {}).get("payloads", ())
        return _template(given[0]["data"], *self._life) if given else None

    def _timer(self, _event_id: str, details: Event) -> Iterator[Step]:
        name = f"timer:{details['timerId']}"
        span = _seconds(details["startToFireTimeout"])
        yield Step(name=name, after=self._causes, timer=span)

    def _cancel(self, event_id: str, details: Event) -> Iterator[Step]:
        timer = f"timer:{details['timerId']}"
        after = tuple(dict.fromkeys((*self._causes, f"set:{timer}")))
        yield Step(name=f"cancel:{event_id}", after=after, cancels=timer)

    def _upsert(self, event_id: str, details: Event) -> Iterator[Step]:
        wanted = tuple(sorted(details["searchAttributes"]["indexedFields"]))
        yield Step(name=f"upsert:{event_id}", after=self._causes, upsert=wanted)


def _template(data: str, workflow_id: str, service: str) -> EffectCall:
    """Return an activity's input with marks where each life has its own."""
    text = b64decode(data).decode().replace(workflow_id, ID).replace(service, SERVICE)
    call = EffectCall.model_validate_json(text)
    payload = re.sub(rf'("number":){call.number}\b', rf"\g<1>{NUMBER}", call.body.payload)
    return call.model_copy(update={"body": call.body.model_copy(update={"payload": payload})})


def _seconds(span: str) -> float:
    return float(span.removesuffix("s"))


_Reader = Callable[[Reading, str, Event], Iterator[Step]]
_SILENT = (
    "WORKFLOW_EXECUTION_STARTED",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_TASK_SCHEDULED",
    "WORKFLOW_TASK_STARTED",
    "WORKFLOW_TASK_TIMED_OUT",
    "WORKFLOW_TASK_FAILED",
    "ACTIVITY_TASK_STARTED",
    "ACTIVITY_TASK_FAILED",
    "ACTIVITY_TASK_TIMED_OUT",
    # The incident's pulse: a busy server brings fewer of them, and the control would have more than what it is held against.
    "WORKFLOW_PROPERTIES_MODIFIED",
)
"""Events that are no command and bring none, and a command that the control is spared."""
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(_SILENT, Reading._nothing),  # noqa: SLF001 - the class's own table
    "WORKFLOW_TASK_COMPLETED": Reading._task,  # noqa: SLF001 - as above
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": Reading._update,  # noqa: SLF001 - as above
    "WORKFLOW_EXECUTION_SIGNALED": Reading._signal,  # noqa: SLF001 - as above
    "ACTIVITY_TASK_SCHEDULED": Reading._activity,  # noqa: SLF001 - as above
    "ACTIVITY_TASK_COMPLETED": Reading._done,  # noqa: SLF001 - as above
    "TIMER_STARTED": Reading._timer,  # noqa: SLF001 - as above
    "TIMER_FIRED": Reading._fired,  # noqa: SLF001 - as above
    "TIMER_CANCELED": Reading._cancel,  # noqa: SLF001 - as above
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": Reading._upsert,  # noqa: SLF001 - as above
}
