"""A calendar of many events over HTTP is read whole; one that would never end costs its own process and no other rotation."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from muster.domain.policy import Policy
from muster.domain.roles import Role
from muster.oncall import unfolding
from muster.oncall.feeds import Copies, Feeds
from muster.oncall.roster import load
from tests.oncall.calendars import calendar, event
from tests.oncall.feed_server import serving

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY, ALL = 2_000, 50_000
HOUR = timedelta(hours=1)
PEOPLE = ("ana", "bo", "cy")


def policy(**rotations: str) -> Policy:
    oncall = {name: {"turns": [{"feed": feed}]} for name, feed in rotations.items()}
    return Policy.model_validate({"people": {one: {} for one in PEOPLE}, "oncall": oncall})


def hourly(count: int) -> str:
    starts = (NOW - 100 * HOUR + number * HOUR for number in range(count))
    return calendar(
        *(
            event(
                PEOPLE[n % 3], f":{at:%Y%m%dT%H%M%SZ}", f":{at + HOUR:%Y%m%dT%H%M%SZ}", uid=str(n)
            )
            for n, at in enumerate(starts)
        )
    )


@pytest.mark.timeout(300)
async def test_a_calendar_of_many_events_is_read_whole(full: bool) -> None:
    count = ALL if full else MANY
    async with serving(hourly(count)) as server:
        feeds = Feeds({"big": server.url}, Copies(), private=True)
        roster = await load(policy(imoc="big"), feeds, NOW)
    assert roster.rotations["imoc"].problems == ()
    for number in range(100, count, count // 50):
        at = NOW + (number - 100) * HOUR
        if at < roster.until:
            assert roster.on_call(Role.IMOC, None, at) == ((PEOPLE[number % 3],),), number


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
    ],
)
async def test_a_rule_that_would_never_end_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setattr(unfolding, "PATIENCE", 3.0)
    start = (":20260301T000000Z", ":20260301T010000Z")
    async with (
        serving(calendar(event("ana", *start, f"RRULE:{rule}"))) as hostile,
        serving(hourly(200)) as sound,
    ):
        feeds = Feeds({"bad": hostile.url, "good": sound.url}, Copies(), private=True)
        loading = load(policy(imoc="bad", cmoc="good"), feeds, NOW)
        roster = await asyncio.wait_for(loading, 60)
    assert "to unfold" in roster.rotations["imoc"].problems[0].text
    assert roster.on_call(Role.CMOC, None, NOW) == ((PEOPLE[100 % 3],),)
