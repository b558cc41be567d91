"""A run can be repeated: lives, faults and blows are drawn from the seed alone."""

import math
from pathlib import Path

import pytest

from muster.sandbox import faults
from tests.chaos.dice import dice
from tests.chaos.faults import KINDS, WRITES, rules
from tests.chaos.lives import HOWS, lives
from tests.chaos.plan import Plan
from tests.chaos.recorder import Recorder

MANY = Plan(incidents=60, seed=5, faulted=0.3)


def test_the_same_seed_draws_the_same_lives() -> None:
    assert list(lives(MANY)) == list(lives(Plan(incidents=60, seed=5)))
    assert list(lives(MANY)) != list(lives(Plan(incidents=60, seed=6)))


def test_the_lives_hold_all_that_can_happen() -> None:
    drawn = list(lives(MANY))
    steps = {step.name for life in drawn for step in (*life.main, *life.side)}
    assert {life.how for life in drawn} == set(HOWS)
    assert {"resolve", "reopen", "merge", "cancel", "garbage", "alerts_again"} <= steps
    assert {life.copies for life in drawn} == {1, 2, 4}


def test_no_two_texts_of_a_run_are_the_same() -> None:
    steps = (step for life in lives(MANY) for step in (*life.main, *life.side))
    words = [step.fields.get("message", step.fields.get("text", "")) for step in steps]
    marked = [one for one in words if "(t" in one]
    assert len(marked) == len(set(marked)) > 100


@pytest.mark.parametrize(("vendor", "route"), WRITES)
def test_the_rules_of_a_route_together_strike_the_share_of_its_writes(
    vendor: str, route: str
) -> None:
    drawn = [one for one in rules(MANY, 1) if (one["vendor"], one["route"]) == (vendor, route)]
    spared = math.prod(1 - one["probability"] for one in drawn)
    assert math.isclose(spared, 0.7, abs_tol=1e-9)
    assert len(drawn) == len([one for one in KINDS if vendor in one.vendors])


def test_every_fault_of_the_sandbox_is_drawn_and_an_outage_is_a_blow_of_its_own() -> None:
    assert {one.kind for one in KINDS} | {"outage"} == set(faults.Kind)


def test_no_faults_are_no_rules() -> None:
    assert not list(rules(Plan(), 1))
    only = rules(Plan(faulted=0.5, kinds=("hang",)), 1)
    assert {one["kind"] for one in only} == {"hang"}


def test_dice_of_one_seed_and_purpose_fall_alike() -> None:
    assert dice(1, "a").random() == dice(1, "a").random() != dice(1, "b").random()


def test_the_record_counts_what_it_writes(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record.jsonl")
    recorder.write("sent", command_id="c")
    recorder.write("sent", command_id="d")
    recorder.close()
    assert recorder.counts == {"sent": 2}
    assert len((tmp_path / "record.jsonl").read_text().splitlines()) == 2
