"""Which version takes over the tasks, and since when another one is silent."""

import pytest

from workers.routing import Routing, Silence, takes_over

BEEN = frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("build", "routing", "at_work", "silent"),
    [
        # Nothing was ever deployed with a version.
        ("a", Routing(), True, True),
        # A new version takes over from whoever is there.
        ("b", Routing(current="a", been=frozenset({"a"})), True, True),
        # One that is current, or gets a share, has nothing to take.
        ("a", Routing(current="a", been=BEEN), False, False),
        ("b", Routing(current="a", ramping="b", been=BEEN), False, False),
        # One that was current before comes second, unless nobody is left.
        ("a", Routing(current="b", been=BEEN), False, True),
        # A person went back to workers without a version, which nobody hears.
        ("a", Routing(been=BEEN), False, False),
        # A person moves the tasks share by share.
        ("c", Routing(current="a", ramping="b", been=BEEN), False, True),
    ],
)
def test_which_version_takes_over(
    build: str, routing: Routing, at_work: bool, silent: bool
) -> None:
    assert takes_over(build, routing, silent=False) is at_work
    assert takes_over(build, routing, silent=True) is silent


def test_silence_is_measured_from_the_last_new_heartbeat_of_anyone() -> None:
    silence = Silence(100)
    assert silence.after({}, 103) == 3
    assert silence.after({"w1": 1, "w2": 1}, 104) == 0
    assert silence.after({"w1": 1, "w2": 2}, 106) == 0
    assert silence.after({"w1": 1, "w2": 2}, 109) == 3
    assert silence.after({"w1": 1}, 110) == 4
    assert silence.after({"w1": 0}, 111) == 0
