"""Timetables against the plain question, asked of every shift: are you on call now?"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from muster.domain.timetable import Shift, Timetable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = NOON + timedelta(hours=40)


def hour(number: int) -> datetime:
    return NOON + timedelta(hours=number)


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    start = draw(st.integers(0, 30))
    person = draw(st.sampled_from(["ana", "bo", "cy"]))
    return Shift(hour(start), hour(start + draw(st.integers(1, 9))), person)


MANY = st.lists(shifts(), max_size=12)


def on_call(known: list[Shift], at: datetime) -> set[str]:
    return {one.person for one in known if one.start <= at < one.end}


@given(MANY, st.integers(-60, 2_500))
def test_at_each_instant_those_are_on_call_whose_shift_it_is(
    known: list[Shift], minute: int
) -> None:
    at = NOON + timedelta(minutes=minute)
    assert set(Timetable(known).at(at)) == on_call(known, at)


@given(MANY, MANY, st.integers(-60, 2_500))
def test_an_override_is_the_only_one_in_its_time_and_changes_nothing_else(
    known: list[Shift], overrides: list[Shift], minute: int
) -> None:
    table, at = Timetable(known), NOON + timedelta(minutes=minute)
    expected = on_call(known, at)
    for override in overrides:
        table = table.overridden(override)
        expected = on_call([override], at) or expected
    assert set(table.at(at)) == expected


@given(MANY)
def test_the_stretches_of_a_time_leave_no_hole_and_say_what_every_instant_of_it_says(
    known: list[Shift],
) -> None:
    table = Timetable(known)
    stretches = list(table.between(NOON, LONG))
    assert [stretches[0].start, *(one.end for one in stretches)] == [
        *(one.start for one in stretches),
        LONG,
    ]
    for one in stretches:
        middle = one.start + (one.end - one.start) / 2
        assert set(one.people) == on_call(known, middle) == on_call(known, one.start)
    assert list(table.gaps(NOON, LONG)) == [one for one in stretches if not one.people]


def test_of_several_the_one_who_has_been_on_call_the_longest_stands_first() -> None:
    table = Timetable([Shift(hour(2), hour(9), "ana"), Shift(hour(1), hour(9), "cy")])
    assert table.at(hour(3)) == ("cy", "ana")


def test_one_person_in_two_shifts_at_once_is_named_once() -> None:
    table = Timetable([Shift(hour(0), hour(4), "ana"), Shift(hour(1), hour(2), "ana")])
    assert list(table.between(NOON, hour(4))) == [(NOON, hour(4), ("ana",))]
