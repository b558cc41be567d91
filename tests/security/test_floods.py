"""However much arrives, an incident stays small enough to go on, says what it has left out, and answers."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHandle
from temporalio.common import RawValue
from temporalio.testing import WorkflowEnvironment

from muster import messages as m
from muster import names
from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.decide import REFUSALS_AN_HOUR, entered, refuse
from muster.domain.deciding import Refusal
from muster.domain.effects import Body, Effect, EffectState, Op, Receipt
from muster.domain.evolve import ALERTS_ROOM, evolve
from muster.domain.outbox import TOGETHER, Outbox
from muster.domain.record import export
from muster.domain.severity import Severity
from muster.domain.state import RESULTS_ROOM, IncidentState
from tests.domain.life import START, Life, alert
from tests.workflows.incidents import Live, working
from tests.workflows.neighbours import until
from tests.workflows.world import World
from workflows.pace import CROWDED, TEXTS_ROOM, Pace, crowded

PAYLOAD = 2_000_000
"""Bytes of the largest payload that the server takes."""


def refusals(state: IncidentState, count: int, *, after: timedelta = timedelta(0)) -> IncidentState:
    """Let so many recorded commands be refused."""
    refusal = Refusal("wrong_phase", "it is active " + "x" * 5_000)
    for number in range(count):
        command = c.Reopen(command_id=f"{after}/{number}", actor="ana", reason="r")
        state = refuse(state, command, refusal, START + after)
    return state


def test_ten_thousand_refusals_are_a_hundred_entries_and_one_that_says_so() -> None:
    state = refusals(Life().state, 10_000)
    refused = [fact for fact in state.facts if isinstance(fact, f.Refused)]
    assert len(refused) == REFUSALS_AN_HOUR + 1
    assert refused[-1].code == "too_many"
    assert state.refusals > REFUSALS_AN_HOUR
    assert all(len(fact.reason) <= 300 for fact in refused)


def test_a_refusal_of_the_next_hour_is_on_record_again() -> None:
    state = refusals(Life().state, 500)
    state = refusals(state, 1, after=timedelta(hours=1))
    last = state.facts[-1]
    assert isinstance(last, f.Refused)
    assert (last.code, last.command_id) == ("wrong_phase", "1:00:00/0")


def test_the_record_of_a_flood_gives_the_state() -> None:
    state = Life().state
    for number in range(REFUSALS_AN_HOUR + 1):
        at = START + timedelta(seconds=number)
        state = entered(state, f.Refused(at=at, command="x", code="c", reason="r"))
    again = Life().state
    for fact in state.facts[again.sequence :]:
        again = evolve(again, fact)
    assert again == state


def test_what_became_of_commands_is_carried_as_far_as_there_is_room_the_newest_first() -> None:
    carried = refusals(Life().state, 3_000).trimmed(400_000)
    size = sum(len(key) + len(one.model_dump_json()) for key, one in carried.results.items())
    assert size <= RESULTS_ROOM
    assert list(carried.results)[-1] == "0:00:00/2999"


def storm(count: int, **fields: Any) -> Iterator[Alert]:
    """Yield so many different alerts with long words."""
    for number in range(count):
        long = {"summary": "ü" * 300, "link": "https://runbooks.example/" + "y" * 400}
        yield alert(fingerprint=f"f{number:05}").model_copy(update=long | fields)


def test_a_storm_of_alerts_loses_words_first_and_still_fires() -> None:
    life = Life()
    alerts = tuple(storm(1_000))
    for start in range(0, 1_000, 100):
        life.report(*alerts[start : start + 100])
    assert len(life.state.counting()) == 1_000
    assert life.state.alerts_weight <= ALERTS_ROOM
    assert life.state.alerts_weight == sum(one.weight for one in life.state.alerts.values())


def test_what_has_ended_makes_room_for_what_fires() -> None:
    life = Life()
    for start in range(0, 5_000, 100):
        first = tuple(alert(fingerprint=f"f{number:05}") for number in range(start, start + 100))
        life.report(*first)
        life.report(*(one.model_copy(update={"firing": False}) for one in first))
    life.report(alert(fingerprint="last"))
    assert [one.fingerprint for one in life.state.counting()] == ["last"]
    assert life.state.alerts_weight <= ALERTS_ROOM


def test_what_is_forgotten_on_reopening_takes_no_room() -> None:
    life = Life(Severity.S4)
    life.report(alert("a"), alert("b"))
    life.must(c.Resolve)
    life.must(c.Reopen, reason="too early", closed_by_mistake=True)
    assert life.state.alerts_weight == sum(one.weight for one in life.state.alerts.values())


def test_no_declaration_sets_an_alert_aside() -> None:
    life = Life(alerts=(alert().model_copy(update={"set_aside": "not mine"}),))
    assert len(life.state.counting()) == 1


def test_a_team_has_an_end() -> None:
    life = Life()
    for number in range(100):
        life.must(c.AssignRole, role="ocit", person=f"p{number}")
    assert life.refused(c.AssignRole, role="ocit", person="one-more").code == "team_full"


def test_what_cannot_wait_for_the_tracker_is_said_to_be_missing() -> None:
    life = Life()
    for _ in range(100):
        life.must(c.AddNote, text="x" * 4_000)
    notes = [effect.body.text for effect in export(life.state, room=300_000)]
    assert sum(map(len, notes)) <= 300_500
    first = notes[-1].split()[2]
    assert notes[-1].startswith(f"Record from {first} to {life.state.sequence - 1} is not here")
    assert first == str(sum(len(note.splitlines()) - 1 for note in notes[:-1]))


def test_no_message_of_several_outgrows_the_vendor_and_none_is_lost() -> None:
    texts = [f"{number} " + "x" * 4_000 for number in range(30)]
    outbox = Outbox()
    outbox.queue(
        [
            Effect(
                key=str(place),
                op=Op.CHAT_SAY,
                destination="thread",
                body=Body(text=text),
                patient=True,
            )
            for place, text in enumerate(texts)
        ],
        START,
    )
    assert outbox.weight > 120_000
    sent = []
    while outbox.unsettled():
        (entry,) = outbox.ready(START + timedelta(minutes=1))
        begun, _ = outbox.begin(entry.effect.key)
        sent.append(begun.effect.body.text)
        outbox.settle(entry.effect.key, EffectState.DONE, Receipt())
    assert max(map(len, sent)) <= TOGETHER + 1_000
    assert [text in "\n".join(sent) for text in texts] == [True] * 30
    assert outbox.weight == 0


@pytest.mark.parametrize(
    ("taken", "waiting", "refused"),
    [
        (0, 0, set()),
        (0, TEXTS_ROOM, {"note"}),
        (0, CROWDED, {"note", "resolve"}),
        (CROWDED, 0, {"note", "resolve"}),
    ],
)
def test_texts_are_refused_first_and_what_our_workflows_report_never(
    taken: int, waiting: int, refused: set[str]
) -> None:
    given = {
        "note": c.AddNote(command_id="1", actor="ana", text="x"),
        "resolve": c.Resolve(command_id="2", actor="ana"),
        "alerts": c.ReportAlerts(command_id="3", actor="ana", alerts=()),
    }
    found = {name for name, command in given.items() if crowded(command, taken, waiting)}
    assert found == refused


def test_a_storm_of_alerts_ends_the_run_sooner_and_takes_no_room_from_people() -> None:
    pace = Pace()
    args = [RawValue(Payload(data=b"x" * 40_000))]
    alerts = c.ReportAlerts(command_id="a", actor="ana", alerts=())
    resolve = c.Resolve(command_id="r", actor="ana")
    for _ in range(50):
        pace.take(alerts, args)
    assert pace.is_spent
    assert crowded(resolve, pace.taken, 0) is None
    for _ in range(50):
        pace.take(resolve, args)
    assert crowded(resolve, pace.taken, 0) is not None


# On a real server, while no worker runs.


def command(number: int, **fields: Any) -> dict[str, Any]:
    return {"command_id": f"flood-{number}", "actor": "ana", **fields}


def flood() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield signals that together are several payloads."""
    for number in range(600):
        yield names.REOPEN, command(number, reason="r" * 900)
    for number in range(200):
        yield names.ADD_NOTE, command(10_000 + number, text="日" * 3_900)
    for number in range(100):
        yield f"\x1b[31m{number}", {"x": number}
    for number in range(40):
        one = {"name": "HighErrorRate", "service": "web", "firing": True, "summary": "ü" * 290}
        at = {"starts_at": "2026-01-01T00:00:00Z"}
        alerts = [{"fingerprint": f"{number}-{part}", **one, **at} for part in range(100)]
        yield names.REPORT_ALERTS, command(20_000 + number, alerts=alerts)


async def send(handle: WorkflowHandle[Any, Any], signals: list[tuple[str, Any]]) -> None:
    async with asyncio.TaskGroup() as group:
        for start in range(50):
            group.create_task(_send(handle, signals[start::50]))


async def _send(handle: WorkflowHandle[Any, Any], signals: list[tuple[str, Any]]) -> None:
    for name, payload in signals:
        await handle.signal(name, payload)


async def runs(handle: WorkflowHandle[Any, Any], env: WorkflowEnvironment) -> list[list[Any]]:
    """Return the events of every run, the first first."""
    found, run = [], handle.first_execution_run_id
    while run:
        history = env.client.get_workflow_handle(handle.id, run_id=run).fetch_history_events()
        events = [event async for event in history]
        found.append(events)
        run = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


async def said(world: World, words: str) -> str:
    """Return all that the tracker was told, once these words are in it."""
    told = "\n".join(world.texts(Op.TRACKER_NOTE))
    return told if words in told else ""


@pytest.mark.asyncio(loop_scope="module")
async def test_a_flood_while_no_worker_runs_neither_wedges_nor_fails_an_incident(
    server: WorkflowEnvironment,
) -> None:
    handle = await server.client.start_workflow(
        names.INCIDENT,
        {"title": "api errors", "severity": "S2", "service": "web"},
        id=names.incident_id(None),
        task_queue=names.TASK_QUEUE,
    )
    await send(handle, list(flood()))
    world = World()
    async with working(server.client, world):
        live = Live(server, server.client.get_workflow_handle(handle.id))
        await live.ask(names.ASSIGN_ROLE, role="imoc", person="ana")
        async with asyncio.timeout(60):
            while len(found := await runs(handle, server)) < 2:
                await asyncio.sleep(0.2)
        await live.ask(names.CHANGE_SEVERITY, severity="S1", reason="it goes on")
        shown = await live.shown()
        record = await until(lambda: said(world, "the others of it are not recorded"))
    assert (shown.severity, shown.roles.imoc) == ("S1", m.RoleView(person="ana"))
    assert "\x1b" not in record
    failed = [event.workflow_task_failed_event_attributes for run in found for event in run]
    assert {one.failure.message for one in failed if one.failure.message} <= {"UnhandledCommand"}
    carried = found[0][-1].workflow_execution_continued_as_new_event_attributes.input.payloads
    assert sum(len(payload.data) for payload in carried) < PAYLOAD
