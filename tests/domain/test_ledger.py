"""The ledger's rules, one by one."""

from datetime import timedelta

import pytest

from muster.domain import ledger_pages as pages
from muster.domain import ledger_rules as rules
from muster.domain.ledger import Claim, LedgerEntry, Limits
from muster.domain.ledger_windows import standing
from muster.domain.lifecycle import Phase
from muster.domain.policy import Scope
from muster.domain.severity import Severity
from tests.domain.ledger_desk import START, WINDOW, Desk, registration

SECOND = timedelta(seconds=1)
S1, S2, S3, S4 = Severity


def closed(desk: Desk, number: int, severity: Severity = S3, life: int = 0) -> LedgerEntry:
    """Close an incident now."""
    told = desk.known(number).model_copy(update={"severity": severity, "life": life})
    desk.tell(rules.close, told)
    return told


def reopened(desk: Desk, number: int, life: int = 1) -> None:
    """Reopen an incident now."""
    desk.tell(rules.reopen, desk.known(number).model_copy(update={"life": life}))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_two_at_the_same_instant_differ_in_number_and_agree_on_the_predecessor(desk: Desk) -> None:
    desk.register(registration("first"))
    closed(desk, 1)
    one = desk.register(registration("one", at=START))
    two = desk.register(registration("two", at=START))
    assert (one.number, two.number) == (2, 3)
    assert one.predecessor == two.predecessor
    assert one.predecessor
    assert one.predecessor.number == 1


@pytest.mark.parametrize(
    ("after", "upgraded"),
    [
        (timedelta(0), True),
        (WINDOW - SECOND, True),
        (WINDOW, True),
        (WINDOW + SECOND, False),
        (-SECOND, False),
    ],
)
def test_a_window_is_open_from_its_closing_for_three_hours_inclusive(
    desk: Desk, after: timedelta, *, upgraded: bool
) -> None:
    desk.register(registration("first"))
    closed(desk, 1)
    answer = desk.register(registration("next", at=START + after))
    assert bool(answer.predecessor) is upgraded


@pytest.mark.parametrize(("severity", "opens"), [(S1, False), (S2, True), (S3, True), (S4, False)])
def test_the_severity_at_closing_decides_whether_a_window_opens(
    desk: Desk, severity: Severity, *, opens: bool
) -> None:
    desk.register(registration("first", S1))
    closed(desk, 1, severity)
    answer = desk.register(registration("next", S4))
    assert bool(answer.predecessor) is opens


def test_the_predecessor_is_the_latest_to_close(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.register(registration(name))
    for number in (2, 3, 1):
        closed(desk, number)
        desk.now += SECOND
    answer = desk.register(registration("next", at=desk.now))
    assert answer.predecessor
    assert answer.predecessor.number == 1


def test_a_late_registration_is_judged_at_its_declaration(desk: Desk) -> None:
    desk.register(registration("first"))
    desk.now += timedelta(minutes=1)
    closed(desk, 1)
    desk.now += timedelta(hours=20)
    before = desk.register(registration("before", at=START))
    inside = desk.register(registration("inside", at=START + timedelta(hours=1)))
    assert before.predecessor is None
    assert inside.predecessor


@pytest.mark.parametrize(("at", "upgraded"), [(9, True), (10, False), (19, False), (20, True)])
def test_reopening_ends_the_window_and_closing_again_opens_another(
    desk: Desk, at: int, *, upgraded: bool
) -> None:
    desk.register(registration("first"))
    closed(desk, 1)
    desk.now = START + timedelta(minutes=10)
    reopened(desk, 1)
    desk.now = START + timedelta(minutes=20)
    closed(desk, 1, life=1)
    answer = desk.register(registration("next", at=START + timedelta(minutes=at)))
    assert bool(answer.predecessor) is upgraded


def test_a_closing_that_overtakes_its_reopening_is_a_new_closing(desk: Desk) -> None:
    desk.register(registration("first"))
    closed(desk, 1)
    desk.now += SECOND
    closed(desk, 1, life=1)
    reopened(desk, 1, life=1)
    entry = desk.known(1)
    assert (entry.phase, entry.closed_at) == (Phase.CLOSED, START + SECOND)


def test_a_closing_that_comes_after_its_reopening_opens_nothing(desk: Desk) -> None:
    desk.register(registration("first"))
    reopened(desk, 1)
    closed(desk, 1)
    assert desk.known(1).phase is Phase.ACTIVE
    assert desk.register(registration("next")).predecessor is None


@pytest.mark.parametrize("phase", [Phase.CANCELLED, Phase.MERGED])
def test_a_false_alarm_or_a_duplicate_opens_no_window(desk: Desk, phase: Phase) -> None:
    desk.register(registration("first"))
    desk.tell(rules.end, desk.known(1).model_copy(update={"phase": phase}))
    closed(desk, 1)
    reopened(desk, 1)
    assert desk.known(1).phase is phase
    assert desk.register(registration("next")).predecessor is None


def test_a_retried_message_has_the_first_answer(desk: Desk) -> None:
    asked = registration("first")
    first = desk.register(asked)
    told = desk.known(1)
    closing = desk.tell(rules.close, told)
    desk.now += SECOND
    assert desk.tell(rules.close, told) == closing
    reopened(desk, 1)
    assert desk.tell(rules.close, told) == closing
    assert desk.register(asked) == first
    assert desk.state.next_number == 2


@pytest.mark.parametrize(("service", "upgraded"), [("web", True), ("db", False), (None, False)])
def test_a_window_per_service_is_for_the_same_service_only(
    desk: Desk, service: str | None, *, upgraded: bool
) -> None:
    desk.register(registration("first", service="web"))
    closed(desk, 1)
    answer = desk.register(registration("next", service=service, scope=Scope.SERVICE))
    assert bool(answer.predecessor) is upgraded


def test_a_key_is_one_incident_however_it_is_started(desk: Desk) -> None:
    first = desk.register(registration(key="k"))
    again = desk.register(registration(key="k"))
    later = desk.register(registration(key="k", first_run="run-2"))
    foreign = desk.register(registration(key="k").model_copy(update={"workflow_id": "theirs"}))
    assert first == again
    assert first.known_as is None
    assert {later.number, foreign.number} == {1}
    assert later.known_as == foreign.known_as == desk.known(1).workflow_id


def test_a_workflow_id_without_a_key_that_starts_again_is_another_incident(desk: Desk) -> None:
    desk.register(registration("theirs"))
    assert desk.register(registration("theirs", first_run="run-2")).number == 2


def test_the_first_to_claim_a_key_has_it(desk: Desk) -> None:
    desk.register(registration("a"))
    desk.register(registration("b"))
    assert desk.claim(Claim(key="k", number=2)).number == 2
    assert desk.claim(Claim(key="k", number=1)).number == 2
    answer = desk.register(registration(key="k"))
    assert (answer.number, answer.known_as) == (2, "incident-b")
    with pytest.raises(rules.UnknownIncident):
        desk.claim(Claim(key="other", number=9))


def test_the_answer_lists_what_is_open_on_the_service_and_what_closed(desk: Desk) -> None:
    for name, service in (("a", "web"), ("b", "db"), ("c", "db"), ("d", None)):
        desk.register(registration(name, service=service))
    closed(desk, 2)
    others = desk.register(registration("next", service="web")).others
    assert [(one.number, one.phase) for one in others] == [(2, "closed"), (1, "active")]
    everything = desk.register(registration("last", service=None)).others
    assert [one.number for one in everything] == [5, 4, 3, 2, 1]


def test_what_is_private_is_not_among_the_others_and_still_opens_its_window(desk: Desk) -> None:
    desk.register(registration("closed", S2, service=None, private=True))
    desk.register(registration("open", service=None, private=True))
    closed(desk, 1, S2)
    answer = desk.register(registration("next", service=None))
    assert answer.others == ()
    assert answer.predecessor
    assert answer.predecessor.number == 1


def test_at_most_twenty_others_the_newest_first(desk: Desk) -> None:
    for count in range(30):
        desk.register(registration(str(count)))
    others = desk.register(registration("next")).others
    assert [one.number for one in others] == list(range(30, 10, -1))


def test_a_record_changes_words_always_and_the_rating_only_while_open(desk: Desk) -> None:
    desk.register(registration("a"))
    told = desk.known(1).model_copy(
        update={"title": "new", "severity": S1, "phase": Phase.RESOLVED, "tracker": "http://i/1"}
    )
    desk.tell(rules.record, told)
    entry = desk.known(1)
    assert (entry.title, entry.severity, entry.phase) == ("new", S1, Phase.RESOLVED)
    closed(desk, 1, S2)
    desk.tell(rules.record, told.model_copy(update={"title": "newer", "tracker": None}))
    entry = desk.known(1)
    assert (entry.title, entry.severity, entry.phase) == ("newer", S2, Phase.CLOSED)
    assert entry.tracker == "http://i/1"


def test_a_record_of_an_earlier_life_does_not_rate(desk: Desk) -> None:
    desk.register(registration("a"))
    stale = desk.known(1).model_copy(update={"severity": S1})
    closed(desk, 1)
    reopened(desk, 1)
    desk.tell(rules.record, stale)
    assert desk.known(1).severity is S3


def test_a_number_of_another_incident_is_refused(desk: Desk) -> None:
    desk.register(registration("a"))
    told = desk.known(1).model_copy(update={"workflow_id": "incident-b"})
    for rule in (rules.close, rules.reopen, rules.end, rules.record):
        with pytest.raises(rules.UnknownIncident):
            desk.tell(rule, told)
        with pytest.raises(rules.UnknownIncident):
            desk.tell(rule, told.model_copy(update={"number": 2}))


def test_what_stands_is_open_or_inside_its_window(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.register(registration(name))
    closed(desk, 1)
    desk.tell(rules.end, desk.known(2))
    assert [one.number for one in standing(desk.state, desk.now + WINDOW)] == [3, 1]
    assert [one.number for one in standing(desk.state, desk.now + WINDOW + SECOND)] == [3]


def test_an_entry_that_changes_while_it_moves_stays() -> None:
    desk = Desk(Limits(entries=2, recent=0, entry_batch=1))
    for name in ("a", "b"):
        desk.register(registration(name))
    closed(desk, 1)
    desk.now += WINDOW + timedelta(days=2)
    desk.state = desk.state.model_copy(update={"limits": Limits(entries=1, recent=0)})
    batch = pages.batch(desk.state, desk.now)
    assert list(batch.pages["ledger-page-0"].entries) == [1]
    desk.tell(rules.record, desk.known(1).model_copy(update={"tracker": "late"}))
    assert pages.moved(desk.state, batch).closed[1].tracker == "late"


def test_a_paged_incident_can_be_reopened() -> None:
    desk = Desk(Limits(entries=1, recent=0))
    desk.register(registration("a"))
    closed(desk, 1)
    desk.now += WINDOW + timedelta(days=2)
    desk.register(registration("b", at=desk.now))
    assert list(desk.state.open) == [2]
    reopened(desk, 1)
    assert sorted(desk.state.open) == [1, 2]
    desk.move()
    assert desk.known(1).phase is Phase.ACTIVE
