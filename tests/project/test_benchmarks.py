"""What the benchmarks measure against is made honestly; what they measure is no assertion."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import REACH
from benchmarks.control import KINDS
from benchmarks.script import BEGUN, ID, NUMBER, SERVICE, Event, Reading, Script, counts
from muster.domain.effects import Body, EffectCall, Op
from tests.replay.shelf import SHELF, shown, text

LIFE, PLACE = "incident-1", "service-1-"
CALL = EffectCall(
    key=f"{LIFE}/closing:0",
    op=Op.LEDGER_CLOSE,
    body=Body(payload=f'{{"number":7,"service":"{PLACE}"}}'),
    incident=LIFE,
    number=7,
)


def history(*kinds: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"eventId": str(index), "eventType": f"EVENT_TYPE_{kind}", "anyAttributes": details}
        for index, (kind, details) in enumerate(kinds, start=1)
    ]


def scheduled(call: EffectCall) -> tuple[str, dict[str, Any]]:
    data = b64encode(call.model_dump_json().encode()).decode()
    return "ACTIVITY_TASK_SCHEDULED", {
        "activityType": {"name": call.op.value},
        "input": {"payloads": [{"data": data}]},
        "taskQueue": {"name": "muster"},
        "scheduleToCloseTimeout": "15s",
        "startToCloseTimeout": "15s",
        "heartbeatTimeout": "5s",
    }


EVENTS = history(
    ("WORKFLOW_TASK_COMPLETED", {}),
    ("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", {"searchAttributes": {"indexedFields": {"A": {}}}}),
    scheduled(CALL),
    ("WORKFLOW_TASK_COMPLETED", {}),
    ("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", {}),
    ("TIMER_STARTED", {"timerId": "1", "startToFireTimeout": "2.500s"}),
    ("ACTIVITY_TASK_COMPLETED", {"scheduledEventId": "3"}),
    ("WORKFLOW_TASK_COMPLETED", {}),
    ("TIMER_CANCELED", {"timerId": "1"}),
)
LIVES = sorted((SHELF / "next").glob("incident-[1-6]-*.json.gz"))
"""Incidents from their first run's beginning."""
COMMANDS = {
    "activity_task_scheduled": "activity",
    "timer_started": "timer",
    "timer_canceled": "cancel",
    "upsert_workflow_search_attributes": "upsert",
}
"""Events that a workflow's commands leave, and the steps that stand for them."""


def saved_events(path: Path) -> list[Event]:
    events: list[Event] = json.loads(text(path))["events"]
    return events


def read(events: list[Event]) -> Script:
    own = events[0]["workflowExecutionStartedEventAttributes"]["workflowId"]
    return Reading(events, own, "web").script()


def commands(events: list[Event]) -> dict[str, int]:
    """Return how many commands of each kind a history tells of, named as the steps that stand for them."""
    found = counts(events)
    return {step: found[event] for event, step in COMMANDS.items() if event in found}


def test_the_control_gives_each_command_after_what_the_incident_gave_it_after() -> None:
    upsert, activity, timer, cancel = Reading(EVENTS, LIFE, PLACE).script().steps
    assert (upsert.upsert, upsert.after) == (("A",), (BEGUN,))
    assert activity.after == (BEGUN,)
    assert (timer.timer, timer.after) == (2.5, (BEGUN, "update:1"))
    assert (cancel.cancels, cancel.after) == (timer.name, (activity.name, f"set:{timer.name}"))


def test_the_control_gives_as_many_commands_as_the_incident() -> None:
    steps = Reading(EVENTS, LIFE, PLACE).script().names()
    found = counts(EVENTS)
    assert steps == {"upsert": 1, "activity": 1, "timer": 1, "cancel": 1}
    assert (found["timer_started"], found["timer_canceled"]) == (1, 1)
    assert found["all events"] == len(EVENTS)


def test_a_script_has_marks_where_each_life_has_its_own() -> None:
    call = Reading(EVENTS, LIFE, PLACE).script().steps[1].call
    assert call is not None
    assert call.key == f"{ID}/closing:0"
    assert call.body.payload == f'{{"number":{NUMBER},"service":"{SERVICE}"}}'


def test_the_lives_are_on_the_shelf() -> None:
    assert len(LIVES) == 6


@pytest.mark.parametrize("path", LIVES, ids=shown)
def test_of_a_saved_life_the_control_gives_every_command(path: Path) -> None:
    events = saved_events(path)
    assert read(events).names() == commands(events)


@pytest.mark.parametrize("path", LIVES, ids=shown)
def test_a_saved_life_begins_with_the_policy_as_an_activity_without_input(path: Path) -> None:
    first = read(saved_events(path)).steps[0]
    assert (first.activity, first.call, first.after) == ("adopt_policy", None, (BEGUN,))


@pytest.mark.parametrize("path", LIVES, ids=shown)
def test_each_step_of_a_saved_life_waits_for_what_comes(path: Path) -> None:
    steps = read(saved_events(path)).steps
    known = {BEGUN} | {step.name for step in steps} | {f"set:{step.name}" for step in steps}
    waited = {cause for step in steps for cause in step.after}
    assert all(one in known or one.startswith(("update:", "signal:")) for one in waited)


def test_an_event_of_an_unknown_kind_gives_no_script() -> None:
    with pytest.raises(KeyError, match="MARKER_RECORDED"):
        Reading(history(("MARKER_RECORDED", {})), LIFE, PLACE).script()


def test_the_control_knows_every_kind_of_command() -> None:
    assert set(KINDS) == set(COMMANDS.values())


def test_every_figure_says_what_it_is_to_reach() -> None:
    source = "".join(
        file.read_text()
        for file in Path("benchmarks").glob("*.py")
        if file.name not in {"__main__.py", "__init__.py"}
    )
    assert all(name in source for name in REACH)
