"""What the benchmarks measure against is made honestly; what they measure is no assertion."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from benchmarks.__main__ import REACH
from benchmarks.script import BEGUN, ID, NUMBER, SERVICE, Reading, counts
from muster.domain.effects import Body, EffectCall, Op

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
        "input": {"payloads": [{"data": data}]},
        "taskQueue": {"name": "muster"},
        "scheduleToCloseTimeout": "15s",
        "startToCloseTimeout": "15s",
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


def test_the_control_gives_each_command_after_what_the_incident_gave_it_after() -> None:
    upsert, activity, timer, cancel = Reading(EVENTS, LIFE, PLACE).script().steps
    assert (upsert.upsert, upsert.after) == (("A",), (BEGUN,))
    assert activity.after == (BEGUN,)
    assert (timer.timer, timer.after) == (2.5, (BEGUN, "update:1"))
    assert (cancel.cancels, cancel.after) == (timer.name, (activity.name, f"set:{timer.name}"))


def test_the_control_gives_as_many_commands_as_the_incident() -> None:
    given = Reading(EVENTS, LIFE, PLACE).script().names()
    found = counts(EVENTS)
    assert given == {"upsert": 1, "activity": 1, "timer": 1, "cancel": 1}
    assert (found["timer_started"], found["timer_canceled"]) == (1, 1)
    assert found["all events"] == len(EVENTS)


def test_a_script_has_marks_where_each_life_has_its_own() -> None:
    call = Reading(EVENTS, LIFE, PLACE).script().steps[1].call
    assert call is not None
    assert call.key == f"{ID}/closing:0"
    assert call.body.payload == f'{{"number":{NUMBER},"service":"{SERVICE}"}}'


def test_every_figure_says_what_it_is_to_reach() -> None:
    source = "".join(
        file.read_text()
        for file in Path("benchmarks").glob("*.py")
        if file.name not in {"__main__.py", "__init__.py"}
    )
    assert all(name in source for name in REACH)
