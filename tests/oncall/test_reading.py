"""Turns and calendars become shifts: right across clock changes, swaps, overlaps and hostile rules."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from muster.domain.rotation import Turns
from muster.domain.timetable import Timetable
from muster.oncall import reading
from tests.oncall.calendars import calendar, event

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
NAMES = {one: one for one in ("ana", "bo", "cy")} | {"ana alves": "ana", "bo@example.com": "bo"}
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
"""With and without a change of the clock, of an hour and of half one, on both sides of the date line."""


def read(*events: str, zone: str = "Europe/Berlin") -> reading.Read:
    return reading.calendar(calendar(*events), zone, NAMES, SINCE, UNTIL)


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def turns(every: str, *members: str, start: str = "2026-01-05 09:00", **more: object) -> Turns:
    return Turns.model_validate(
        {"members": members or ("ana", "bo", "cy"), "start": start, "every": every, **more}
    )


# Written turns.


def test_members_take_over_at_the_same_wall_clock_time_on_both_sides_of_a_clock_change() -> None:
    weekly = turns("FREQ=WEEKLY;BYDAY=MO")
    shifts = reading.turns(weekly, "Europe/Berlin", SINCE, UNTIL)
    zone = ZoneInfo("Europe/Berlin")
    starts = [one.start.astimezone(zone) for one in shifts]
    assert {(one.weekday(), one.hour, one.minute) for one in starts} == {(0, 9, 0)}
    assert [one.person for one in shifts[:4]] == ["ana", "bo", "cy", "ana"]
    hours = {(one.end - one.start) / timedelta(hours=1) for one in shifts[:-1]}
    assert hours == {167.0, 168.0, 169.0}


@pytest.mark.parametrize("zone", ZONES)
def test_of_written_turns_exactly_one_is_on_call_at_each_instant(zone: str) -> None:
    daily = turns("FREQ=DAILY", start="2025-12-01 08:30")
    table = Timetable(reading.turns(daily, zone, SINCE, UNTIL))
    assert not list(table.gaps(SINCE, UNTIL))
    assert {len(one.people) for one in table.between(SINCE, UNTIL)} == {1}


@settings(max_examples=40)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(("FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=MONTHLY")),
    st.integers(1, 5),
    st.integers(0, 600),
)
def test_who_has_the_turn_is_counted_from_the_first_handover(
    zone: str, every: str, count: int, day: int
) -> None:
    members = [f"p{number}" for number in range(count)]
    start = local(zone, "2026-01-05 09:00")
    at = SINCE + timedelta(days=day, hours=7)
    passed = sum(
        1 for one in rrulestr(every, dtstart=start, cache=True).between(start, at, inc=True)
    )
    table = Timetable(reading.turns(turns(every, *members), zone, SINCE, UNTIL))
    assert table.at(at) == ((members[(passed - 1) % count],) if passed else ())


def test_a_turn_of_its_own_length_leaves_a_gap() -> None:
    office = turns("FREQ=DAILY", lasts="8h")
    table = Timetable(reading.turns(office, "UTC", SINCE, UNTIL))
    assert table.at(datetime(2026, 1, 6, 16, 59, tzinfo=UTC)) == ("bo",)
    assert table.at(datetime(2026, 1, 6, 17, 0, tzinfo=UTC)) == ()


def test_one_alone_has_it_always() -> None:
    assert Timetable(reading.turns(Turns(members=("ana",)), "UTC", SINCE, UNTIL)).at(SINCE) == (
        "ana",
    )


@pytest.mark.parametrize(
    ("every", "why"),
    [
        ("FREQ=SECONDLY", "every: FREQ=SECONDLY must be one of HOURLY, DAILY"),
        ("FREQ=WEEKLY;INTERVAL=0", "every: INTERVAL=0 must be from 1 to"),
        ("FREQ=WEEKLY;BYDAY=XX", "every: FREQ=WEEKLY;BYDAY=XX: Expected weekday"),
        ("FREQ=WEEKLY;BYDAY=TU", "start: 2026-01-05 09:00 is no handover of"),
        ("FREQ=YEARLY;BYMONTH=13", "every: BYMONTH=13 must be from 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "every: BYMONTHDAY=0 must be from -31 to 31"),
        ("FREQ=DAILY;BYFOO=1", "every: BYFOO is no part of a recurrence rule"),
    ],
)
def test_a_rule_that_does_not_do_is_refused_with_its_part(every: str, why: str) -> None:
    with pytest.raises(reading.Unreadable, match=why.replace("(", r"\(")):
        reading.turns(turns(every), "UTC", SINCE, UNTIL)


# Calendars.

WEEK = (";TZID=Europe/Berlin:20260105T090000", ";TZID=Europe/Berlin:20260112T090000")


@pytest.mark.parametrize(
    ("summary", "lines", "expected"),
    [
        ("ana", (), ["ana"]),
        ("On Call - Ana Alves - api primary", (), ["ana"]),
        ("[L1] bo", (), ["bo"]),
        ("Ana Alves, cy", (), ["ana", "cy"]),
        ("on duty", ("ATTENDEE;CN=Bo:mailto:bo@example.com",), ["bo"]),
        ("Ana Alves", ("ATTENDEE:mailto:bo@example.com",), ["bo"]),
        ("Anatol", (), []),
    ],
)
def test_people_are_known_by_handle_name_or_address(
    summary: str, lines: tuple[str, ...], expected: list[str]
) -> None:
    found = read(event(summary, *WEEK, *lines))
    assert [one.person for one in found.shifts] == expected
    assert found.unknown == ([] if expected else [summary])


def test_a_swap_an_exception_and_a_cancelled_event_are_as_the_calendar_says() -> None:
    weekly = event(
        "ana", *WEEK, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20260119T090000"
    )
    second = "RECURRENCE-ID;TZID=Europe/Berlin:20260112T090000"
    swapped = (";TZID=Europe/Berlin:20260112T090000", ";TZID=Europe/Berlin:20260119T090000")
    swap = event("bo", *swapped, second)
    off = event("cy", *WEEK, "STATUS:CANCELLED", uid="2")
    found = read(weekly, swap, off)
    days = sorted((one.start.day, one.person) for one in found.shifts)
    assert days == [(5, "ana"), (12, "bo"), (26, "ana")]


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_and_a_floating_time_are_of_the_rotations_zone(zone: str) -> None:
    day = event("ana", ";VALUE=DATE:20260329", ";VALUE=DATE:20260330")
    floating = event("bo", ":20260401T090000", ":20260401T170000", uid="2")
    first, second = sorted(read(day, floating, zone=zone).shifts)
    assert (first.start, first.end) == (local(zone, "2026-03-29"), local(zone, "2026-03-30"))
    assert second.start == local(zone, "2026-04-01 09:00")


def hours() -> Iterator[datetime]:
    at = SINCE
    while at < UNTIL:
        yield at
        at += timedelta(hours=1)


@pytest.mark.parametrize("zone", ZONES)
def test_hour_by_hour_over_two_years_the_answer_is_the_librarys(zone: str) -> None:
    start, end = f";TZID={zone}:20251201T083000", f";TZID={zone}:20251202T083000"
    rules = ("RRULE:FREQ=DAILY;INTERVAL=3", f"EXDATE;TZID={zone}:20260329T083000")
    swap_of = f"RECURRENCE-ID;TZID={zone}:20261025T083000"
    text = calendar(
        event("ana", start, end, *rules),
        event("bo", start.replace("1201", "1202"), end.replace("1202", "1203"), rules[0], uid="2"),
        event("cy", start.replace("1201", "1203"), end.replace("1202", "1204"), rules[0], uid="3"),
        event("bo", f";TZID={zone}:20261025T083000", f";TZID={zone}:20261026T083000", swap_of),
    )
    table = Timetable(reading.calendar(text, zone, NAMES, SINCE, UNTIL).shifts)
    oracle = recurring_ical_events.of(Calendar.from_ical(text))
    events = [
        (one.start.astimezone(UTC), one.end.astimezone(UTC), str(one["SUMMARY"]))
        for one in oracle.between(SINCE - timedelta(days=3), UNTIL + timedelta(days=3))
    ]
    near = sorted(events)
    place = 0
    for at in hours():
        while near[place][1] <= at and place + 1 < len(near):
            place += 1
        window = near[max(place - 3, 0) : place + 4]
        expected = {name for since, until, name in window if since <= at < until}
        assert set(table.at(at)) == expected, at


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no iCalendar text"),
        ("<html>", "is no iCalendar text"),
        (calendar(event("ana", *WEEK))[:-80], "is no iCalendar text"),
        (calendar(event("ana", *WEEK, "RRULE:FREQ=SECONDLY")), "event 1: RRULE: FREQ=SECONDLY"),
        (
            calendar(event("ana", *WEEK, "RRULE:FREQ=DAILY;INTERVAL=0")),
            "event 1: RRULE: INTERVAL=0",
        ),
    ],
)
def test_a_calendar_that_does_not_do_is_refused_with_the_event(text: str, why: str) -> None:
    with pytest.raises(reading.Unreadable, match=why):
        reading.calendar(text, "UTC", NAMES, SINCE, UNTIL)
