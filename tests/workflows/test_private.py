"""A private incident: its people see it, others learn that there is one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activities.services import Relay
from muster import names
from muster.domain.effects import EffectCall, Op
from muster.domain.evolve import born
from muster.domain.facts import Declared
from muster.domain.ledger import LedgerEntry, Registration
from muster.domain.permissions import Grant, Permissions
from muster.domain.policy import Policy, Private
from muster.domain.severity import Severity
from muster.messages import Snapshot
from tests.servers import time_skipping
from tests.workflows.incidents import Live, declare, working
from tests.workflows.world import World
from workflows.face import attributes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "leak of customer data"
POLICY = Policy(private=Private(releasers=("cem",), audiences=("estaff",)))


@pytest_asyncio.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server for one life."""
    async with await time_skipping() as environment:
        yield environment


async def declared(env: WorkflowEnvironment) -> Live:
    return await declare(
        env, title=SECRET, severity="S1", service="billing", private=True, declared_by="ana"
    )


async def seen(life: Live, reader: str) -> Snapshot:
    found: Snapshot = await life.handle.query(names.SNAPSHOT, reader, result_type=Snapshot)
    return found


def outside(world: World, *ops: Op) -> list[EffectCall]:
    return [call for call in world.done if call.op in ops]


async def test_it_has_a_private_channel_and_a_confidential_issue_and_nothing_in_public(
    env: WorkflowEnvironment,
) -> None:
    world = World(POLICY)
    async with working(env.client, world):
        life = await declared(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        await life.ask(names.ADD_NOTE, text="found the hole")
        await life.passes(minutes=1)
        assert not outside(world, Op.CHAT_ANNOUNCE, Op.SERVICE_TELL)
        assert [call.body.private for call in outside(world, Op.CHAT_OPEN_CHANNEL)] == [True]
        invited = {who for call in outside(world, Op.CHAT_INVITE) for who in call.body.people}
        assert invited == {"ana", "ben"}
        for call in outside(world, Op.TRACKER_OPEN, Op.TRACKER_EDIT):
            assert call.body.document
            assert call.body.document.confidential
        assert all(SECRET not in call.body.name for call in world.done)
        assert any("found the hole" in text for text in world.texts(Op.CHAT_SAY))


async def test_the_ledger_has_neither_its_title_nor_its_service(env: WorkflowEnvironment) -> None:
    world = World(POLICY)
    async with working(env.client, world):
        life = await declared(env)
        await life.passes(minutes=1)
        asked = Registration.model_validate_json(outside(world, Op.LEDGER_REGISTER)[0].body.payload)
        kept = LedgerEntry.model_validate_json(outside(world, Op.LEDGER_RECORD)[0].body.payload)
        for one in (asked, kept):
            assert (one.private, one.title, one.service) == (True, "", None)


async def test_only_its_people_read_it(env: WorkflowEnvironment) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        for reader in ("ana", "ben", "cem"):
            assert (await seen(life, reader)).title == SECRET
            assert await life.handle.query(names.TIMELINE, reader)
        for reader in ("", "eve"):
            shown = await seen(life, reader)
            assert (shown.title, shown.service, shown.roles.imoc) == (
                "private incident",
                None,
                None,
            )
            assert (shown.number, shown.severity, shown.phase) == (1, "S1", "active")
            assert not await life.handle.query(names.TIMELINE, reader)
            assert not await life.handle.query(names.RECORD, reader)


def wordless(answer: dict[str, Any]) -> bool:
    """Tell whether an answer says that there is an incident, and nothing of what it is about."""
    known = (answer["title"], answer["number"], answer["severity"], answer["phase"])
    assert known == ("private incident", 1, "S1", "active")
    return not any(word in str(answer) for word in (SECRET, "billing", "ana", "ben"))


@pytest.mark.parametrize(
    ("asked_by", "told"),
    [(["ana"], True), (["cem"], True), (["eve"], False), ([], False), ([{"a": 1}], False)],
)
async def test_only_its_people_are_told_what_has_got_a_number(
    env: WorkflowEnvironment, asked_by: list[object], *, told: bool
) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        answer = await life.handle.execute_update(names.REGISTERED, args=asked_by)
        assert (answer["title"] == SECRET) is told
        assert told or wordless(answer)


async def test_no_answer_and_no_refusal_has_words_for_others(env: WorkflowEnvironment) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        known = await life.refused(names.RETRY_EFFECT, key=SECRET)
        assert (known.details[0]["title"], known.details[0]["code"]) == (SECRET, "not_stuck")
        refused = await life.refused(names.RETRY_EFFECT, key="billing", actor="eve")
        assert wordless(refused.details[0])
        assert refused.message == "it is private: its people can ask"


async def test_others_do_not_let_themselves_in_and_its_people_see_that_they_tried(
    env: WorkflowEnvironment,
) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.signal(names.ASSIGN_ROLE, role="imoc", person="eve", actor="eve")
        await life.refused(names.ASSIGN_ROLE, role="ocit", person="eve", actor="eve")
        assert (await seen(life, "eve")).title == "private incident"
        assert (await seen(life, "ana")).refusals == (
            "assign_role refused: it is private: its people can ask",
        )


async def test_a_name_that_nobody_vouches_for_opens_nothing_where_policy_says_so(
    env: WorkflowEnvironment,
) -> None:
    policy = POLICY.model_copy(update={"private": Private(authenticated=True)})
    async with working(env.client, World(policy)):
        life = await declared(env)
        refused = await life.refused(names.ADD_NOTE, text="it is ana", actor="ana")
        assert refused.details[0]["code"] == "private"
        assert wordless(refused.details[0])
        answer = await life.ask(names.ADD_NOTE, text="it is ana", authenticated=True)
        assert answer.title == SECRET


async def test_who_has_left_is_told_that_it_is_done_and_nothing_else(
    env: WorkflowEnvironment,
) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        left = life.payload(actor="ben", role="imoc", person="dora")
        for _ in range(2):
            answer = await life.handle.execute_update(names.ASSIGN_ROLE, left)
            assert answer["outcome"] == "applied"
            assert wordless(answer)


async def test_what_it_ends_with_has_nothing_of_it(env: WorkflowEnvironment) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.ask(names.CANCEL, reason="no leak")
        answer = await life.handle.result()
        assert (answer["title"], answer["phase"]) == ("private incident", "cancelled")
        assert SECRET not in str(answer)


async def test_the_auditor_sees_that_an_audience_waits_and_no_more(
    env: WorkflowEnvironment,
) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        soon = ((await life.shown()).declared_at + timedelta(minutes=5)).isoformat()
        await life.ask(names.POST_UPDATE, message="we look", to=["estaff"], next_at=soon)
        await life.passes(minutes=6)
        assert (await life.shown()).late == ("update",)
        (late,) = (await seen(life, "ana")).late
        assert late.startswith("update to estaff promised for")


async def test_what_the_web_ui_shows_has_nothing_of_it(env: WorkflowEnvironment) -> None:
    async with working(env.client, World(POLICY)):
        life = await declared(env)
        await life.ask(names.ASSIGN_ROLE, role="imoc", person="ben")
        details = str(await life.handle.query("__temporal_workflow_metadata"))
        assert "private incident" in details
        for word in (SECRET, "billing", "ben"):
            assert word not in details


def test_search_knows_how_severe_it_is_and_nothing_else() -> None:
    state = born(
        Declared(
            at=NOW,
            actor="ana",
            workflow_id="incident-1",
            title=SECRET,
            private=True,
            severity=Severity.S1,
            service="billing",
            key=None,
            since=NOW,
        )
    )
    shown = {pair.key.name for pair in attributes(state)}
    assert shown == {"IncidentSeverity", "IncidentPhase", "IncidentDeclaredAt"}


async def test_words_go_out_only_to_whom_policy_names_or_a_named_person_releases(
    env: WorkflowEnvironment,
) -> None:
    world = World(POLICY)
    async with working(env.client, world):
        life = await declared(env)
        for audience in ("end-users", "employees", "support"):
            refused = await life.refused(names.POST_UPDATE, message="x", to=[audience])
            assert refused.details[0]["code"] == "private"
        await life.ask(names.POST_UPDATE, message="we look", to=["estaff"])
        await life.ask(names.POST_UPDATE, message="released", to=["employees"], actor="cem")
        await life.passes(minutes=1)
        said = [call.body.channel for call in outside(world, Op.CHAT_SAY) if call.body.channel]
        assert sorted(said) == ["#employees", "#estaff"]


async def test_policy_says_who_may_declare_one(env: WorkflowEnvironment) -> None:
    policy = Policy(permissions=Permissions(private=Grant(actors=("security-*",))))
    async with working(env.client, World(policy)):
        payload = {"title": SECRET, "private": True, "declared_by": "eve"}
        handle = await env.client.start_workflow(
            names.INCIDENT, payload, id="incident-eve", task_queue=names.TASK_QUEUE
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert "policy lets eve not private" in str(failed.value.cause)


@pytest.mark.parametrize("private", [True, False])
async def test_it_is_not_merged_with_what_is_not_private(
    env: WorkflowEnvironment, *, private: bool
) -> None:
    given = {"severity": "S3", "declared_by": "ana"}
    async with working(env.client, World(POLICY), real=[Relay(env.client).absorb]):
        survivor = await declare(env, private=not private, **given)
        life = await declare(env, private=private, **given)
        into = {"into": 1, "into_workflow": survivor.handle.id}
        refused = await life.refused(names.MERGE, **into)
        assert refused.details[0]["code"] == "merge_denied"
        assert refused.message.startswith("#1 is not private" if private else "#1 is private")
        assert (await seen(life, "ana")).phase == "active"
        kinds = [fact["kind"] for fact in await survivor.handle.query(names.RECORD, "ana")]
        assert "absorbed" not in kinds
