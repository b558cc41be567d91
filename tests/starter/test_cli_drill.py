"""A drill on the command line: it is declared like what is real, and says everywhere what it is."""

import pytest

from tests.starter.cli_steps import declared, label, shown
from tests.starter.conftest import Cli

pytestmark = pytest.mark.timeout(120)
GONE = ("database gone", "--severity", "S1")


def test_a_drill_says_so_wherever_it_is_shown(muster: Cli) -> None:
    declared(muster)
    drill = declared(muster, *GONE, "--drill")
    assert (drill["title"], drill["message"]) == ("DRILL database gone", "")
    seen = shown(muster, label(drill))
    assert (seen["drill"], seen["title"]) == (True, "DRILL database gone")
    assert 'active "DRILL database gone"' in muster("show", label(drill)).out
    listed = {one["number"]: one for one in muster("list", "--json").document}
    assert listed[drill["number"]]["drill"] is True
    assert {one["drill"] for one in muster("list", "--json").document} == {True, False}


def test_whoever_writes_to_end_users_is_told_that_nothing_goes_there(muster: Cli) -> None:
    number = label(declared(muster, *GONE, "--drill"))
    answer = muster("update", number, "we look", "--to", "end-users,support", "--yes", "--json")
    assert answer.document["message"] == "a drill: nothing goes to end-users"


def test_no_declaration_of_what_is_real_is_told_of_it(muster: Cli) -> None:
    drill = declared(muster, *GONE, "--drill", "--service", "ledgers")
    real = declared(muster, "slow", "--severity", "S4", "--service", "ledgers")
    assert drill["number"] not in [one["number"] for one in real["others"]]


def test_a_drill_has_no_key(muster: Cli) -> None:
    done = muster("declare", *GONE, "--drill", "--key", "ticket-1", "--json")
    assert (done.code, done.document["error"]["field"]) == (2, "key")


def test_a_title_without_room_for_the_mark_is_refused(muster: Cli) -> None:
    done = muster("declare", "x" * 195, "--drill", "--severity", "S4", "--json")
    assert (done.code, done.document["error"]["field"]) == (2, "title")
