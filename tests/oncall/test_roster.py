"""The roster: layers, overrides and services laid out; a calendar that cannot be had is its last good copy, and said."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muster.domain.policy import PersonRecord, Policy
from muster.domain.roles import Role
from muster.domain.stand_ins import Arranged
from muster.oncall import unfolding
from muster.oncall.checking import problems
from muster.oncall.feeds import Copies, Feeds
from muster.oncall.roster import Roster, load
from tests.oncall.calendars import calendar, event
from tests.oncall.feed_server import answering, serving

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = {"ana": {"name": "Ana Alves"}, "bo": {}, "cy": {"email": "cy@example.com"}}
WEEKLY = {"members": ["ana", "bo"], "start": "2026-01-05 09:00", "every": "FREQ=WEEKLY"}
LONG = event("Ana Alves", ":20260101T000000Z", ":20270101T000000Z")


def policy(**rotations: object) -> Policy:
    return Policy.model_validate({"people": PEOPLE, "oncall": rotations})


def laid(
    found: Policy,
    addresses: Mapping[str, str] | None = None,
    at: datetime = NOW,
    stand_ins: Sequence[Arranged] = (),
) -> Roster:
    return asyncio.run(load(found, Feeds(addresses or {}, Copies()), at, stand_ins))


def test_layers_are_in_order_and_a_service_has_its_own_on_call() -> None:
    found = policy(
        imoc={"turns": [{**WEEKLY, "layer": 2}, {"members": ["cy"]}]},
        ocit={"turns": [{"members": ["bo"]}]},
        services={"api": {"turns": [{"members": ["ana"]}]}},
    )
    roster = laid(found)
    assert roster.on_call(Role.IMOC, "api", NOW) == (("cy",), ("ana",))
    assert roster.on_call(Role.OCIT, "api", NOW) == (("ana",),)
    assert (
        roster.on_call(Role.OCIT, "web", NOW) == roster.on_call(Role.OCIT, None, NOW) == (("bo",),)
    )
    assert roster.on_call(Role.CMOC, "api", NOW) == ()


def test_an_override_stands_in_on_its_layer_by_the_rotations_clock() -> None:
    override = {"person": "cy", "begins": "2026-07-01 09:00", "ends": "2026-07-01 17:00"}
    berlin = {"timezone": "Europe/Berlin", "overrides": [override]}
    roster = laid(
        policy(imoc={**berlin, "turns": [{"members": ["ana"]}, {"members": ["bo"], "layer": 2}]})
    )
    seven = datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert roster.on_call(Role.IMOC, None, seven) == (("cy",), ("bo",))
    assert roster.on_call(Role.IMOC, None, seven - timedelta(seconds=1)) == (("ana",), ("bo",))


def test_who_stands_in_is_on_call_and_what_the_policy_has_lost_since_is_said() -> None:
    one = Arranged(
        id="1",
        by="ana",
        rotation="imoc",
        layer=1,
        person="cy",
        begins=NOW,
        ends=NOW + timedelta(hours=1),
    )
    elsewhere = one.model_copy(update={"rotation": "cmoc", "person": "bo"})
    high = one.model_copy(update={"layer": 2})
    found = policy(imoc={"turns": [{"members": ["ana"]}]})
    imoc = laid(found, stand_ins=[one, elsewhere, high]).rotations["imoc"]
    assert (imoc.at(NOW), imoc.at(one.ends)) == ((("cy",),), (("ana",),))
    assert [problem.text for problem in imoc.problems] == [
        "cy stands in on layer 2, which it has no more"
    ]
    without_cy = found.model_copy(update={"people": {"ana": PersonRecord()}})
    (problem,) = laid(without_cy, stand_ins=[one]).rotations["imoc"].problems
    assert problem.text == "cy stands in and is not in [people] any more"


def test_a_calendar_that_cannot_be_had_is_its_last_good_copy_with_its_age(tmp_path: Path) -> None:
    asyncio.run(_copied(tmp_path))


async def _copied(directory: Path) -> None:
    found = policy(imoc={"turns": [{"feed": "imoc"}]})
    async with serving(calendar(LONG)) as server:
        feeds = Feeds({"imoc": server.url}, Copies(directory), private=True)
        first = (await load(found, feeds, NOW)).rotations["imoc"]
        assert (first.at(NOW), first.problems) == ((("ana",),), ())
        server.instead = answering(503)
        # A process that has just started knows the copy too.
        feeds = Feeds({"imoc": server.url}, Copies(directory), private=True)
        second = (await load(found, feeds, NOW)).rotations["imoc"]
    assert second.at(NOW) == (("ana",),)
    assert second.fed_at == first.fed_at
    (problem,) = second.problems
    assert problem.text.startswith("feed imoc: the server answers 503; what it said at ")
    assert [one.stat().st_mode & 0o077 for one in directory.iterdir()] == [0]


def test_one_bad_calendar_takes_no_other_rotation_with_it(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.ics", tmp_path / "good.ics"
    bad.write_text("<html>")
    good.write_text(calendar(LONG))
    found = policy(imoc={"turns": [{"feed": "bad"}]}, cmoc={"turns": [{"feed": "good"}]})
    roster = laid(found, {"bad": str(bad), "good": str(good)})
    assert roster.on_call(Role.CMOC, None, NOW) == (("ana",),)
    assert roster.rotations["imoc"].problems[0].text.startswith("feed bad: is no iCalendar text")


def said(found: Policy, roster: Roster) -> list[str]:
    return [
        f"{one.rotation}: {one.text}" for one in problems(found, roster, NOW, timedelta(weeks=8))
    ]


def test_gaps_clashes_and_overrides_that_are_over_are_found_ahead(tmp_path: Path) -> None:
    feed = tmp_path / "cmoc.ics"
    here = event("Ana Alves", ":20260301T000000Z", ":20260310T000000Z")
    strange = event("Zoe", ":20260310T000000Z", ":20260312T000000Z", uid="2")
    cy = event(
        "x", ":20260312T000000Z", ":20270101T000000Z", "ATTENDEE:mailto:CY@example.com", uid="3"
    )
    feed.write_text(calendar(here, strange, cy))
    past = {"person": "bo", "begins": "2026-02-01 00:00", "ends": "2026-02-02 00:00"}
    found = policy(
        imoc={"turns": [{"members": ["ana"]}], "overrides": [past]},
        cmoc={"turns": [{"feed": "cmoc"}]},
        ocit={"turns": [{"feed": "unset"}]},
    )
    assert said(found, laid(found, {"cmoc": str(feed)})) == [
        'cmoc: feed cmoc: "Zoe" names nobody of [people]',
        "cmoc: layer 1 has nobody from 2026-03-10 00:00 UTC to 2026-03-12 00:00 UTC",
        "ocit: feed unset: MUSTER_FEED_UNSET is not set",
        "ocit: layer 1 has nobody from 2026-03-02 12:00 UTC to 2026-04-27 12:00 UTC",
        "cmoc: ana is up for IMOC too from 2026-03-02 12:00 UTC to 2026-03-10 00:00 UTC",
        "imoc: the override to bo is over since 2026-02-02 00:00 UTC",
    ]


def test_where_all_is_well_nothing_is_said() -> None:
    found = policy(imoc={"turns": [WEEKLY]}, cmoc={"turns": [{"members": ["cy"]}]})
    assert said(found, laid(found)) == []


def test_many_gaps_are_counted() -> None:
    found = policy(imoc={"turns": [{**WEEKLY, "every": "FREQ=DAILY", "lasts": "8h"}]})
    texts = said(found, laid(found))
    assert len(texts) == 21
    assert texts[-1] == "imoc: and 36 more of these"


def test_a_name_that_two_people_have_is_nobodys(tmp_path: Path) -> None:
    feed = tmp_path / "imoc.ics"
    feed.write_text(calendar(LONG))
    found = policy(imoc={"turns": [{"feed": "imoc"}]})
    people = {**found.people, "zoe": PersonRecord(name="ana alves")}
    found = found.model_copy(update={"people": people})
    roster = laid(found, {"imoc": str(feed)})
    assert roster.on_call(Role.IMOC, None, NOW) == ((),)
    assert '"Ana Alves" names nobody' in roster.rotations["imoc"].problems[0].text


def test_turns_that_begin_long_after_all_that_is_asked_are_sound() -> None:
    found = policy(imoc={"turns": [{**WEEKLY, "start": "2040-01-02 09:00"}]})
    imoc = laid(found).rotations["imoc"]
    assert (imoc.at(NOW), imoc.problems) == (((),), ())


def test_an_error_that_nobody_foresaw_is_told_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unfolding, "MODULE", "muster.oncall.nowhere")
    (problem,) = laid(policy(imoc={"turns": [WEEKLY]})).rotations["imoc"].problems
    assert problem.text.startswith("layer 1: cannot be unfolded: ")
    assert "muster.oncall.nowhere" in problem.text
