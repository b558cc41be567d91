"""An incident's whole life on skipped time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from muster import names
from muster.converter import DATA_CONVERTER
from muster.domain.commands import Predecessor, Registered
from muster.domain.effects import EffectState, Op
from muster.domain.policy import Chat, Effects, Fallback, Policy
from muster.domain.severity import Severity
from muster.messages import Answer, Outcome
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, live_six_hours, working
from tests.workflows.world import World
from workflows.incident import Incident


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server for one life: what is left of another would hold its time back."""
    async with await time_skipping() as environment:
        yield environment


QUICK = Effects(first_leg="2s", settle="1s", http_timeout="1s", slowest_retry="30s", give_up="2d")


async def test_an_s1_closes_after_thirty_stable_minutes_and_stays_reopenable_for_three_hours(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env)
        await life.ask(names.RESOLVE)
        ended = await life.handle.result()
        resolved, closed = await life.at("resolved"), await life.at("closed")
        assert timedelta(minutes=30) <= closed - resolved < timedelta(minutes=30, seconds=2)
        window = await life.at("window_ended") - closed
        assert timedelta(hours=3) <= window < timedelta(hours=3, seconds=5)
        assert ended["phase"] == "closed"
        assert world.keys(Op.CONFERENCE_END) == ["bridge-end"]
        assert not await life.failed_tasks()


@pytest.mark.parametrize("severity", ["S3", "S4"])
async def test_an_s3_or_s4_closes_at_resolution_and_can_be_reopened(
    env: WorkflowEnvironment, severity: str
) -> None:
    async with working(env.client, World()):
        life = await declare(env, severity=severity)
        assert (await life.ask(names.RESOLVE)).phase == "closed"
        await life.passes(hours=2, minutes=59, seconds=50)
        await life.ask(names.ADD_NOTE, text="it was the cache")
        reopened = await life.ask(names.REOPEN, reason="down again")
        assert reopened.phase == "active"
        assert reopened.severity == ("S2" if severity == "S3" else "S4")


async def test_after_the_window_the_incident_has_ended(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        life = await declare(env, severity="S4")
        await life.ask(names.RESOLVE)
        await life.handle.result()
        description = await life.handle.describe()
        assert description.status is not None
        assert description.status.name == "COMPLETED"


async def test_a_regression_at_minute_29_starts_the_wait_anew(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        now = await env.get_current_time()
        one = _alert(now - timedelta(minutes=5))
        life = await declare(env, alerts=[one])
        await life.signal(names.REPORT_ALERTS, alerts=[{**one, "firing": False}])
        await life.ask(names.RESOLVE)
        await life.passes(minutes=29)
        again = await env.get_current_time()
        await life.signal(names.REPORT_ALERTS, alerts=[_alert(again)])
        assert (await life.shown()).phase == "active"
        await life.passes(hours=2)
        assert (await life.shown()).phase == "active"
        await life.signal(names.REPORT_ALERTS, alerts=[{**_alert(again), "firing": False}])
        await life.ask(names.RESOLVE)
        await life.passes(minutes=29, seconds=55)
        assert (await life.shown()).phase == "resolved"
        await life.passes(seconds=10)
        assert (await life.shown()).phase == "closed"


def _alert(at: datetime) -> dict[str, Any]:
    return {
        "fingerprint": "f1",
        "name": "HighErrorRate",
        "service": "web",
        "firing": True,
        "starts_at": at.isoformat(),
    }


async def test_the_ledgers_word_makes_an_s3_an_s2_and_says_why(env: WorkflowEnvironment) -> None:
    world = World()
    closed = datetime(2026, 1, 1, tzinfo=UTC)
    before = Predecessor(number=41, severity=Severity.S3, closed_at=closed)
    world.registered = Registered(number=42, predecessor=before)
    async with working(env.client, world):
        life = await declare(env, severity="S3")
        snapshot = await life.shown()
        assert (snapshot.severity, snapshot.predecessor) == ("S2", 41)
        assert "after #41" in snapshot.severity_reason
        await life.passes(minutes=1)
        assert "link:41" in world.keys(Op.TRACKER_LINK)


async def test_a_known_key_ends_at_once_with_its_number_and_opens_nothing(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    world.registered = Registered(number=7, known_as="incident-of-before")
    async with working(env.client, world):
        life = await declare(env, key="deploy-17")
        ended = await life.handle.result()
        assert ended["number"] == 7
        assert {call.op for call in world.done} == {Op.LEDGER_REGISTER}


async def test_what_only_the_imoc_does_is_a_request_and_a_fixing_imoc_is_refused(
    env: WorkflowEnvironment,
) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ana")
        refusal = await life.refused(names.ASSIGN_ROLE, role="ocit", person="ana")
        assert refusal.type == "Refused"
        assert "never does the technical fix" in refusal.message
        asked = await life.ask(names.RESOLVE, actor="ben")
        assert asked.outcome is Outcome.REQUESTED
        assert (await life.shown()).requests == ("muster resolve 1",)
        assert (await life.ask(names.RESOLVE)).phase == "resolved"


async def test_a_refused_signal_is_on_record_and_the_update_of_its_id_gets_the_same_answer(
    env: WorkflowEnvironment,
) -> None:
    async with working(env.client, World()):
        life = await declare(env)
        payload = life.payload(reason="not over")
        await life.handle.signal(names.REOPEN, payload)
        assert "refused" in await life.kinds()
        with pytest.raises(Exception, match="Workflow update failed") as caught:
            await life.handle.execute_update(names.REOPEN, payload)
        cause = caught.value.__cause__ or getattr(caught.value, "cause", None)
        assert isinstance(cause, ApplicationError)
        assert cause.message == "it is active"


async def test_a_command_sent_as_update_and_signal_counts_once(env: WorkflowEnvironment) -> None:
    world = World()
    async with working(env.client, world):
        life = await declare(env)
        payload = life.payload(message="we look", to=["support"])
        await life.handle.execute_update(names.POST_UPDATE, payload)
        await life.handle.signal(names.POST_UPDATE, payload)
        await life.passes(minutes=5)
        assert len(world.texts(Op.CHAT_SAY, "#support")) == 1


async def test_signals_before_any_worker_are_applied_in_order_when_one_is_back(
    env: WorkflowEnvironment,
) -> None:
    handle = await env.client.start_workflow(
        names.INCIDENT,
        {"title": "x", "severity": "S3"},
        id=names.incident_id(None),
        task_queue=names.TASK_QUEUE,
    )
    for index in range(10):
        command = {"command_id": f"n{index}", "actor": "ana", "text": f"note {index}"}
        await handle.signal(names.ADD_NOTE, command)
    async with working(env.client, World()):
        await handle.execute_update(names.REGISTERED)
        lines = await handle.query(names.TIMELINE)
    assert [line["text"] for line in lines if line["kind"] == "noted"] == [
        f"note {index}" for index in range(10)
    ]


async def test_a_dead_provider_holds_back_nothing_else_and_is_caught_up_with(
    env: WorkflowEnvironment,
) -> None:
    meanwhile = Fallback(bridge="+1 555 0100", channel="irc #ops")
    world = World(Policy(effects=QUICK, fallback=meanwhile))
    world.broken[Op.CHAT_ANNOUNCE] = ApplicationError("slack is down", type="NotSent")
    async with working(env.client, world):
        life = await declare(env)
        await life.passes(seconds=10)
        for text in ("first", "second", "third"):
            await life.ask(names.ADD_NOTE, text=text)
        snapshot = await life.shown()
        states = {one.title: one.state for one in snapshot.effects}
        assert states["announcement in #incident"] is EffectState.DEGRADED
        assert states["bridge"] is EffectState.DONE
        assert snapshot.degraded
        bad = next(one for one in snapshot.effects if one.state is EffectState.DEGRADED)
        assert bad.reason
        assert "slack is down" in bad.reason
        assert bad.since is not None
        assert bad.meanwhile == "talk in irc #ops"
        del world.broken[Op.CHAT_ANNOUNCE]
        await life.passes(minutes=3)
        assert not (await life.shown()).degraded
        said = "\n".join(world.texts(Op.CHAT_SAY))
        assert said.index("first") < said.index("second") < said.index("third")
        assert said.count("second") == 1


async def test_what_needs_a_human_is_shown_and_re_armed_by_a_command(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    world.broken[Op.TRACKER_OPEN] = ApplicationError("401", type="Forbidden", non_retryable=True)
    async with working(env.client, world):
        life = await declare(env)
        await life.passes(seconds=5)
        issue = next(one for one in (await life.shown()).effects if one.title == "issue")
        assert issue.state is EffectState.NEEDS_HUMAN
        del world.broken[Op.TRACKER_OPEN]
        await life.ask(names.RETRY_EFFECT, key=issue.key)
        await life.passes(minutes=1)
        issue = next(one for one in (await life.shown()).effects if one.title == "issue")
        assert issue.state is EffectState.DONE


async def test_what_nobody_mends_is_abandoned_after_the_policys_time(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    world.broken[Op.TRACKER_OPEN] = ApplicationError("401", type="Forbidden", non_retryable=True)
    async with working(env.client, world):
        life = await declare(env, severity="S4")
        await life.passes(days=2, minutes=1)
        issue = next(one for one in (await life.shown()).effects if one.title == "issue")
        assert issue.state is EffectState.ABANDONED
        assert any(line.text.startswith("issue abandoned") for line in await life.timeline())


async def test_continue_as_new_takes_along_state_ids_and_effects_under_way(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(effects=QUICK))
    world.held[Op.STATUS_POST] = gate = asyncio.Event()
    async with working(env.client, world):
        life = await declare(env)
        world.policy = Policy()  # of the worker from now on
        first_run = (await life.handle.describe()).run_id
        await life.ask(names.POST_UPDATE, message="we look", to=["end-users"])
        repeated = life.payload(text="note 0")
        try:
            await life.handle.signal(names.ADD_NOTE, repeated)
            for index in range(1, 520):
                await life.signal(names.ADD_NOTE, text=f"note {index}")
            await _until_another_run(life, first_run)
            await life.handle.signal(names.ADD_NOTE, repeated)
        finally:
            gate.set()
        await _until_posted(world)
        lines = [line.text for line in await life.timeline() if line.kind == "noted"]
        assert lines == [f"note {index}" for index in range(520)]
        posted = [call for call in world.done if call.op is Op.STATUS_POST]
        assert all(call.maybe_sent for call in posted[1:])
        assert world.keys(Op.CHAT_ANNOUNCE) == ["announce"]
        assert (await life.shown()).policy_digest == Policy(effects=QUICK).digest()
        assert not await life.failed_tasks()


async def _until_posted(world: World) -> None:
    async with asyncio.timeout(20):
        while not any(call.op is Op.STATUS_POST and call.maybe_sent for call in world.done):
            await asyncio.sleep(0.05)


async def _until_another_run(life: Live, first_run: str | None) -> None:
    async with asyncio.timeout(20):
        while (await life.handle.describe()).run_id == first_run:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "payloads",
    [
        [],
        [None],
        [1, 2],
        ["text"],
        [{"title": ""}],
        [{"title": "x" * 10_000}],
        [{"title": "nul\x00"}],
        [{"title": "x", "severity": "S9"}],
        [{"title": "x", "severty": "S1"}],
        [{"carrier": {}}],
        [b"\xff\xfe"],
    ],
)
async def test_a_malformed_declaration_fails_by_itself_and_leaves_no_failed_task(
    env: WorkflowEnvironment, payloads: list[Any]
) -> None:
    async with working(env.client, World()):
        handle = await env.client.start_workflow(
            names.INCIDENT, args=payloads, id=names.incident_id(None), task_queue=names.TASK_QUEUE
        )
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "BadInput"
        history = await handle.fetch_history()
        assert not any(
            one.HasField("workflow_task_failed_event_attributes") for one in history.events
        )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("nonsense", [{"a": 1}]),
        (names.RESOLVE, []),
        (names.RESOLVE, [{}, {}]),
        (names.RESOLVE, [b"\x00\xff"]),
        (names.CHANGE_SEVERITY, [{"command_id": "x", "actor": "ana", "severity": 9}]),
        (names.ADD_NOTE, ["text"]),
        ("__temporal_x", [None]),
    ],
)
async def test_a_signal_of_any_shape_is_refused_on_record(
    env: WorkflowEnvironment, name: str, args: list[Any]
) -> None:
    async with working(env.client, World()):
        life = await declare(env)
        await life.handle.signal(name, args=args)
        await life.ask(names.ADD_NOTE, text="still alive")
        assert not await life.failed_tasks()


async def test_a_merge_waits_for_the_survivors_word(env: WorkflowEnvironment) -> None:
    world = World()
    world.absorbs = [
        Answer(outcome=Outcome.REFUSED, message="#9 is closed"),
        Answer(outcome=Outcome.APPLIED),
    ]
    async with working(env.client, world):
        life = await declare(env)
        refusal = await life.refused(names.MERGE, into=9, into_workflow="incident-9")
        assert refusal.message == "#9 is closed"
        merged = await life.ask(names.MERGE, into=9, into_workflow="incident-9")
        assert merged.phase == "merged"
        assert world.keys(Op.LEDGER_CLOSE) == []


async def test_an_own_channel_is_opened_pinned_marked_and_archived(
    env: WorkflowEnvironment,
) -> None:
    world = World(Policy(chat=Chat(own_channel=True)))
    async with working(env.client, world):
        life = await declare(env, severity="S3")
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ana")
        await life.ask(names.RESOLVE)
        await life.handle.result()
        for op in (Op.CHAT_OPEN_CHANNEL, Op.CHAT_PIN, Op.CHAT_ARCHIVE, Op.CHAT_INVITE):
            assert len(world.keys(op)) == 1, op
        assert world.keys(Op.CHAT_BOOKMARK) == ["bookmarks"]
        # Of what Slack makes twice, the one that is edited later must stay.
        swept = [call for call in world.done if call.op is Op.CHAT_SWEEP]
        assert len(swept) == 3
        for call in swept:
            assert {key.rpartition("/")[2] for key in call.refs} == {"announce", "channel", "pin"}


async def test_a_six_hour_s1_with_a_broken_wait(env: WorkflowEnvironment) -> None:
    async with working(env.client, World()):
        life = await declare(env)
        await live_six_hours(life)
        kinds = await life.kinds()
        assert kinds.count("resolved") == 2
        assert kinds.count("closed") == 1
        assert kinds.count("confirmation_asked") >= 10


async def test_histories_replay(env: WorkflowEnvironment) -> None:
    world = World(Policy(chat=Chat(own_channel=True)))
    async with working(env.client, world):
        life = await declare(env, severity="S2")
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ana")
        await life.ask(names.POST_UPDATE, message="we look", to=["end-users", "support"])
        await life.ask(names.RESOLVE)
        await life.handle.result()
        history = await life.handle.fetch_history()
    replayer = Replayer(workflows=[Incident], data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)
