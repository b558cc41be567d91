"""What the auditor calls wrong, and what of it is news."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from muster.domain.audit import (
    OVERDUE,
    SAID_AGAIN,
    SAID_AT_ONCE,
    STUCK,
    STUCK_ATTEMPTS,
    Sighting,
    Trouble,
    findings,
    news,
    said,
    words,
)
from muster.domain.policy import Policy

NOW = datetime(2026, 1, 1, 3, tzinfo=UTC)
INSTANT = timedelta(seconds=1)


def seen(**what: Any) -> Sighting:
    return Sighting.model_validate({"workflow_id": "incident-1", "number": 1, **what})


@pytest.mark.parametrize(
    ("what", "trouble"),
    [
        ({}, None),
        ({"running": False}, Trouble.GONE),
        ({"task_attempts": STUCK_ATTEMPTS}, Trouble.STUCK),
        ({"task_attempts": 1, "task_since": NOW - INSTANT}, None),
        ({"task_attempts": 1, "task_since": NOW - STUCK - INSTANT}, Trouble.STUCK),
        ({"answers": False}, Trouble.SILENT),
        ({"due": [(NOW + INSTANT, "stability")]}, None),
        ({"due": [(NOW - OVERDUE, "stability")]}, None),
        ({"due": [(NOW - OVERDUE - INSTANT, "stability")]}, Trouble.OVERDUE),
        ({"late": ["update to support"]}, Trouble.LATE),
    ],
)
def test_what_is_wrong(what: dict[str, Any], trouble: Trouble | None) -> None:
    assert [one.trouble for one in findings([seen(**what)], NOW)] == [trouble] * bool(trouble)


def test_what_was_said_is_said_again_only_after_a_while() -> None:
    found = findings([seen(running=False)], NOW)
    first = said(found, news(found, None, NOW), None, NOW)
    assert first.told
    assert news(found, first, NOW + SAID_AGAIN - INSTANT) == ()
    assert news(found, first, NOW + SAID_AGAIN) == found


def test_what_could_not_be_said_is_news_the_next_time() -> None:
    found = findings([seen(running=False)], NOW)
    unheard = said(found, (), None, NOW)
    assert news(found, unheard, NOW + INSTANT) == found


def test_what_is_over_is_forgotten_and_news_when_it_comes_back() -> None:
    found = findings([seen(running=False)], NOW)
    first = said(found, found, None, NOW)
    quiet = said((), (), first, NOW + INSTANT)
    assert quiet.told == ()
    assert news(found, quiet, NOW + INSTANT + INSTANT) == found


def test_each_finding_is_one_line_with_its_incident() -> None:
    ledger = Sighting(workflow_id="ledger", running=False)
    text = words(findings([ledger, seen(running=False), seen(number=2, answers=False)], NOW))
    assert [line.split(" no ")[0] for line in text.splitlines()[1:3]] == ["the ledger", "#1"]
    assert text.splitlines()[3].startswith("#2 does not answer")


def test_what_is_said_of_a_drill_says_so() -> None:
    (found,) = findings([seen(running=False, drill=True)], NOW)
    assert found.text == "DRILL it is open, and its workflow does not run"


def test_of_very_many_findings_the_first_are_named_and_the_rest_counted() -> None:
    many = findings([seen(number=number, running=False) for number in range(1, 26)], NOW)
    lines = words(many).splitlines()
    assert len(lines) == 1 + SAID_AT_ONCE + 1
    assert lines[-1] == "and 5 more"


def test_with_a_look_a_minute_everything_is_said_within_two() -> None:
    assert max(OVERDUE, STUCK) + Policy().audit.every < timedelta(minutes=2)
