"""Rules 3 and 4 at full length: incidents and the real ledger on skipped time, judged by the times recorded inside."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from muster import names
from muster.messages import Snapshot
from tests.workflows.edges import WINDOW, closed, office
from tests.workflows.incidents import declare

WAIT = timedelta(minutes=30)
SOON = timedelta(seconds=2)
"""Timers fire on whole seconds, and a test's own calls take a little."""


async def declared(env: WorkflowEnvironment, **fields: object) -> Snapshot:
    return await (await declare(env, **fields)).shown()


@pytest.mark.parametrize(
    ("after", "severity", "predecessor"),
    [
        (timedelta(seconds=1), "S2", 1),
        (WINDOW - SOON, "S2", 1),
        (WINDOW + SOON, "S3", None),
    ],
)
async def test_an_s3_after_a_closed_one_is_an_s2_for_three_hours(
    after: timedelta, severity: str, predecessor: int | None
) -> None:
    async with office() as env:
        closed_at = await closed(await declare(env, severity="S3"))
        await env.sleep(closed_at + after - await env.get_current_time())
        second = await declared(env, severity="S3")
        assert (second.severity, second.predecessor) == (severity, predecessor)
        inside = second.declared_at - closed_at <= WINDOW
        assert inside is (severity == "S2")


async def test_the_last_instant_of_a_wait_is_not_its_end() -> None:
    async with office() as env:
        life = await declare(env, severity="S1")
        await life.ask(names.RESOLVE)
        begun = await life.at("resolved")
        await env.sleep(begun + WAIT - SOON - await env.get_current_time())
        assert (await life.shown()).phase == "resolved"
        await life.passes(seconds=3)
        assert (await life.shown()).phase == "closed"
        assert WAIT <= await life.at("closed") - begun < WAIT + SOON


async def test_a_chain_of_three_each_opens_a_window_of_its_own() -> None:
    async with office() as env:
        first = await declare(env, severity="S3")
        await closed(first)
        for before in (1, 2):
            await env.sleep(timedelta(hours=2))
            life = await declare(env, severity="S3")
            seen = await life.shown()
            assert (seen.severity, seen.predecessor) == ("S2", before)
            await closed(life)
        await env.sleep(WINDOW + SOON)
        assert (await declared(env, severity="S3")).severity == "S3"


async def test_two_at_once_at_the_edge_have_different_numbers_and_the_same_right_answer() -> None:
    async with office() as env:
        closed_at = await closed(await declare(env, severity="S3"))
        await env.sleep(closed_at + WINDOW - SOON - await env.get_current_time())
        both = await asyncio.gather(*(declared(env, severity="S3") for _ in range(2)))
        assert {one.number for one in both} == {2, 3}
        for one in both:
            inside = one.declared_at - closed_at <= WINDOW
            assert (one.severity, one.predecessor) == (("S2", 1) if inside else ("S3", None))


async def test_reopening_ends_the_window_and_closing_again_opens_another() -> None:
    async with office() as env:
        first = await declare(env, severity="S3")
        await closed(first)
        await env.sleep(WINDOW - timedelta(minutes=10))
        await first.ask(names.REOPEN, reason="the wrong one", closed_by_mistake=True)
        await first.passes(seconds=5)
        assert (await declared(env, severity="S3")).severity == "S3"
        await closed(first)
        await env.sleep(timedelta(hours=2))
        third = await declared(env, severity="S3")
        assert (third.severity, third.predecessor) == ("S2", 1)


async def test_a_drill_neither_opens_a_window_nor_is_upgraded_in_one() -> None:
    async with office() as env:
        drill = await declare(env, severity="S3", drill=True)
        await closed(drill)
        real = await declare(env, severity="S3")
        seen = await real.shown()
        assert (seen.number, seen.severity, seen.drill) == (2, "S3", False)
        await closed(real)
        again = await declared(env, severity="S3", drill=True)
        assert (again.severity, again.title, again.drill) == ("S3", "DRILL api errors", True)


async def test_an_s4_raised_to_s3_later_is_judged_by_when_it_was_declared() -> None:
    async with office() as env:
        await closed(await declare(env, severity="S3"))
        life = await declare(env, severity="S4")
        assert (await life.shown()).severity == "S4"
        await life.passes(hours=5)
        raised = await life.ask(names.CHANGE_SEVERITY, severity="S3", reason="more of them")
        assert (raised.severity, raised.predecessor) == ("S2", 1)
