"""Stand-ins: one command counts once, nobody stands in for what has passed, and what is over is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muster.domain import stand_ins as s

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stand_in(command_id: str = "a", begins: int = 0, ends: int = 2, **fields: Any) -> s.StandIn:
    """Return one from so many hours after now to so many."""
    given = {"rotation": "imoc", "person": "bo", "actor": "ana"} | fields
    span = {"begins": NOW + begins * HOUR, "ends": NOW + ends * HOUR}
    return s.StandIn(command_id=command_id, **span, **given)


def withdraw(stand_in_id: str) -> s.Withdraw:
    return s.Withdraw(command_id=f"w-{stand_in_id}", actor="cy", stand_in=stand_in_id)


def lived(*asked: s.StandIn | s.Withdraw) -> s.StandIns:
    state = s.StandIns()
    for one in asked:
        assert s.refusal(state, one, NOW) is None
        state = s.applied(state, one, NOW)
    return state


def test_one_stands_in_until_it_is_over_or_withdrawn() -> None:
    state = lived(stand_in("a"), stand_in("b", ends=3, person="cy"))
    assert [one.person for one in state.standing(NOW)] == ["bo", "cy"]
    assert [one.id for one in state.standing(NOW + 2 * HOUR)] == ["b"]
    state = s.applied(state, withdraw("b"), NOW)
    assert [one.id for one in state.standing(NOW)] == ["a"]
    assert [one.withdrawn_by for one in state.arranged] == [None, "cy"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (stand_in(begins=-3, ends=0), ("ends", "2026-03-02 12:00 UTC has passed")),
        (withdraw("x"), ("stand_in", "there is no such override, or it was over long ago")),
    ],
)
def test_what_cannot_be_is_refused(asked: s.StandIn | s.Withdraw, why: tuple[str, str]) -> None:
    assert s.refusal(s.StandIns(), asked, NOW) == why


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"begins": 2, "ends": 2}, "ends"),
        ({"ends": 24 * 367}, "ends"),
        ({"rotation": "ops"}, "rotation"),
        ({"rotation": "service:"}, "rotation"),
        ({"layer": 0}, "layer"),
        ({"person": "a b"}, "person"),
    ],
)
def test_what_makes_no_sense_names_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        stand_in(**fields)
    (found,) = error.value.errors()
    assert field in (*found["loc"], str(found["msg"]).partition("error, ")[2].partition(":")[0])


def test_there_is_an_end_to_how_many_there_are() -> None:
    state = lived(*(stand_in(str(count)) for count in range(s.ROOM)))
    assert s.refusal(state, stand_in("more"), NOW) is not None
    assert s.refusal(state, stand_in("0"), NOW) is None, "what came once is never refused later"
    assert s.refusal(s.applied(state, withdraw("7"), NOW), stand_in("more"), NOW) is None


COMMANDS = st.lists(
    st.one_of(
        st.builds(
            lambda name, ends: stand_in(name, begins=-1, ends=ends),
            st.sampled_from("abcd"),
            st.integers(1, 400),
        ),
        st.builds(withdraw, st.sampled_from("abcd")),
    ),
    max_size=12,
)


@given(commands=COMMANDS, hours=st.lists(st.integers(0, 100), max_size=12))
def test_twice_is_the_same_as_once(
    commands: list[s.StandIn | s.Withdraw], hours: list[int]
) -> None:
    state, now = s.StandIns(), NOW
    for asked, later in zip(commands, hours, strict=False):
        now += later * HOUR
        if s.refusal(state, asked, now):
            continue
        state = s.applied(state, asked, now)
        assert s.refusal(state, asked, now) is None
        assert s.applied(state, asked, now).standing(now) == state.standing(now)
        known = [one.id for one in state.arranged]
        assert len(known) == len(set(known))


def test_what_has_been_over_for_long_is_forgotten() -> None:
    state = lived(stand_in("a"))
    later = NOW + 2 * HOUR + s.REMEMBERED
    again = s.applied(state, stand_in("b", begins=200, ends=300), later - timedelta(seconds=1))
    assert [one.id for one in again.arranged] == ["a", "b"]
    assert [one.id for one in s.applied(again, withdraw("b"), later).arranged] == ["b"]
