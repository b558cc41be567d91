"""The checker can fail: each promise is broken on purpose in clean evidence, and the checker says which."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import small
from tests.chaos.checker.acknowledged import judge as acknowledged_rightly
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.promises import ELSEWHERE, PROMISES, judge
from tests.chaos.checker.report import figures, report

Json = dict[str, Any]
Break = Callable[[Json], None]
ROOT = Path(__file__).parent.parent.parent


def broken(evidence: Json) -> dict[int, set[str]]:
    judged = judge(Evidence(evidence))
    return {number: {one.kind for one in found} for number, found in judged.items() if found}


def without(evidence: Json, *kinds: str, place: int = 0) -> None:
    facts = small.record(evidence, place)
    facts[:] = [one for one in facts if one["kind"] not in kinds]


def channel(evidence: Json, name: str) -> Json:
    channels = evidence["vendors"]["slack"]["channels"].values()
    return next(one for one in channels if one["name"] == name)


def a_signal_is_dropped(evidence: Json) -> None:
    facts = small.record(evidence)
    facts[:] = [one for one in facts if one["command_id"] != "c1"]
    evidence["executions"][0]["snapshot"]["roles"]["imoc"] = None


def a_signal_counts_twice(evidence: Json) -> None:
    facts = small.record(evidence)
    facts.insert(4, dict(facts[3]))


def a_later_command_overtakes(evidence: Json) -> None:
    facts = small.record(evidence)
    facts[3], facts[4] = facts[4], facts[3]
    facts[3]["at"], facts[4]["at"] = facts[4]["at"], facts[3]["at"]


def a_declaration_vanishes(evidence: Json) -> None:
    log = {"event": "declared", "at": small.epoch(3), "workflow_id": "incident-x", "start": "s"}
    evidence["log"].append(log)


def an_alert_is_forgotten(evidence: Json) -> None:
    for kind in ("declared", "alerts_reported"):
        small.first(evidence, kind)["alerts"] = []


def the_end_of_an_alert_is_forgotten(evidence: Json) -> None:
    without(evidence, "alerts_reported")
    delivery = {"event": "alerts", "at": small.epoch(2), "delivery": "d2"}
    alert = {"fingerprint": "f1", "service": "web", "firing": False, "starts_at": small.FIRED}
    taken = {"event": "alerts_taken", "at": small.epoch(2.1), "delivery": "d2"}
    evidence["log"] += [{**delivery, "alerts": [alert]}, taken]


def a_command_is_in_no_history(evidence: Json) -> None:
    events = evidence["executions"][0]["events"]
    events[:] = [one for one in events if one.get("command_id") != "c2"]


def what_was_done_is_answered_as_refused(evidence: Json) -> None:
    acknowledged(evidence, "c2")["outcome"] = "refused"


def what_was_refused_is_answered_as_done(evidence: Json) -> None:
    small.first(evidence, "update_posted")["kind"] = "refused"


def acknowledged(evidence: Json, command_id: str) -> Json:
    acks = (one for one in evidence["log"] if one["event"] == "ack")
    return next(one for one in acks if one["command_id"] == command_id)


def an_audience_hears_what_is_for_another(evidence: Json) -> None:
    said = small.message(f"{small.ID}/post:0", small.TEXTS[0], "40.0")
    channels = evidence["vendors"]["slack"]["channels"]
    channels["C9"] = {"name": "estaff", "is_archived": False, "messages": [said]}


def the_public_hears_a_note(evidence: Json) -> None:
    evidence["vendors"]["x"]["posts"] = {"1": {"id": 1, "text": "looked at a graph (t0.9)"}}


def a_post_is_there_twice(evidence: Json) -> None:
    messages = channel(evidence, "support")["messages"]
    messages.append({**messages[0], "ts": "99.0"})


def a_post_is_missing(evidence: Json) -> None:
    channel(evidence, "support")["messages"].pop()


def a_public_post_is_there_twice(evidence: Json) -> None:
    small.first(evidence, "update_posted")["to"] = ["end-users"]
    channel(evidence, "support")["messages"].pop(0)
    text = small.TEXTS[0]
    evidence["vendors"]["x"]["posts"] = {"1": {"id": 1, "text": text}, "2": {"id": 2, "text": text}}


def an_issue_is_there_twice(evidence: Json) -> None:
    issues = evidence["vendors"]["gitlab"]["issues"]
    issues["3"] = {**issues["1"], "notes": []}


def a_bridge_is_left_over(evidence: Json) -> None:
    meeting = {"agenda": f"[muster {small.ID}/bridge]", "topic": "x"}
    evidence["vendors"]["zoom"]["meetings"]["8"] = meeting


def a_channel_is_left_over(evidence: Json) -> None:
    channels = evidence["vendors"]["slack"]["channels"]
    channels["C9"] = {"name": "inc-1-2", "is_archived": False, "messages": []}


def an_effect_is_left_undone(evidence: Json) -> None:
    evidence["executions"][0]["snapshot"]["effects"][0]["state"] = "needs_human"


def two_posts_are_swapped(evidence: Json) -> None:
    one, other = channel(evidence, "support")["messages"]
    one["ts"], other["ts"] = other["ts"], one["ts"]


def two_notes_are_swapped(evidence: Json) -> None:
    one, other = evidence["vendors"]["gitlab"]["issues"]["1"]["notes"]
    one["id"], other["id"] = other["id"], one["id"]


def it_closes_early(evidence: Json) -> None:
    small.first(evidence, "closed")["at"] = small.at(13.9)


def it_closes_late(evidence: Json) -> None:
    for fact in small.record(evidence, 1)[5:]:
        fact["at"] = small.at(50)


def a_window_ends_early(evidence: Json) -> None:
    small.first(evidence, "window_ended")["at"] = small.at(18)


def a_timer_vanishes(evidence: Json) -> None:
    evidence["executions"][2]["events"].pop()


def a_timer_fires_early(evidence: Json) -> None:
    evidence["executions"][2]["events"][1]["at"] = small.at(12)


def nothing_comes_to_an_end(evidence: Json) -> None:
    evidence["settled"] = False


def an_outage(evidence: Json) -> None:
    blow = {"event": "blow", "what": "outage", "whom": "slack"}
    times = {"at": small.epoch(50), "began": small.epoch(40), "over": small.epoch(50)}
    evidence["log"].append({**blow, **times})


def an_outage_stops_the_incidents(evidence: Json) -> None:
    an_outage(evidence)
    for number in range(9):
        evidence["log"] += small.sent(f"n{number}", "add_note", small.ID, 41 + number / 2)


def an_outage_stops_the_other_vendors(evidence: Json) -> None:
    an_outage(evidence)
    for number in range(9):
        small.record(evidence).append(small.fact("noted", 41 + number / 2, text="x"))


def a_command_is_never_answered(evidence: Json) -> None:
    evidence["log"].remove(acknowledged(evidence, "c2"))


def a_command_is_answered_at_the_sixth_try(evidence: Json) -> None:
    acknowledged(evidence, "c2")["tries"] = 6


def nobody_looks(evidence: Json) -> None:
    evidence["log"][-1]["at"] = small.epoch(200)


def an_upgrade_is_missing(evidence: Json) -> None:
    without(evidence, "upgraded", place=1)
    evidence["executions"][1]["snapshot"]["severity"] = "S3"


def an_upgrade_is_made_up(evidence: Json) -> None:
    evidence["ledger"][0]["closed_at"] = small.at(9)


def a_lowering_gets_around_the_wait(evidence: Json) -> None:
    facts = small.record(evidence)
    rated = {"severity": "S4", "previous": "S2", "reason": "x"}
    facts.insert(7, small.fact("rated", 9.95, "c6", **rated))
    facts[9]["at"] = facts[8]["at"]
    evidence["executions"][0]["snapshot"]["severity"] = "S4"


def a_cancel_gets_around_the_wait(evidence: Json) -> None:
    facts = small.record(evidence)
    del facts[8:]
    facts.append(small.fact("cancelled", 11, "c6", reason="x"))
    evidence["executions"][0]["snapshot"]["phase"] = "cancelled"


def a_task_fails(evidence: Json) -> None:
    why = {"cause": "WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE"}
    event = {"at": small.at(9), "type": "WORKFLOW_TASK_FAILED"}
    evidence["executions"][0]["events"].append({**event, "workflowTaskFailedEventAttributes": why})


def a_history_does_not_replay(evidence: Json) -> None:
    why = {"cause": "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR"}
    event = {"at": small.at(9), "type": "WORKFLOW_TASK_FAILED"}
    evidence["executions"][0]["events"].append({**event, "workflowTaskFailedEventAttributes": why})


def a_workflow_fails(evidence: Json) -> None:
    evidence["executions"][2]["status"] = "FAILED"


def a_number_is_left_out(evidence: Json) -> None:
    small.first(evidence, "number_given", place=1)["number"] = 3


def a_number_is_given_twice(evidence: Json) -> None:
    small.first(evidence, "number_given", place=1)["number"] = 1


def a_worker_ends_by_itself(evidence: Json) -> None:
    evidence["alive"]["old"] = False


def nobody_did_it(evidence: Json) -> None:
    small.first(evidence, "update_posted")["actor"] = ""


def somebody_else_did_it(evidence: Json) -> None:
    small.first(evidence, "update_posted")["actor"] = "mallory"


def an_incident_does_not_answer(evidence: Json) -> None:
    evidence["executions"][0]["snapshot"] = None


def the_record_leads_to_another_team(evidence: Json) -> None:
    evidence["executions"][1]["snapshot"]["roles"]["ocit"] = [{"person": "mallory"}]


def the_record_leads_elsewhere(evidence: Json) -> None:
    evidence["executions"][1]["snapshot"]["severity"] = "S1"


def a_delivery_makes_a_second_incident(evidence: Json) -> None:
    small.first(evidence, "declared", place=1)["service"] = "web"


BREAKS: tuple[tuple[Break, int, str], ...] = (
    (a_signal_is_dropped, 1, "loss"),
    (a_signal_counts_twice, 1, "duplicate"),
    (a_later_command_overtakes, 1, "order"),
    (a_declaration_vanishes, 1, "loss"),
    (an_alert_is_forgotten, 1, "loss"),
    (the_end_of_an_alert_is_forgotten, 1, "loss"),
    (a_command_is_in_no_history, 1, "loss"),
    (what_was_done_is_answered_as_refused, 1, "contradiction"),
    (what_was_refused_is_answered_as_done, 1, "contradiction"),
    (an_audience_hears_what_is_for_another, 2, "stray"),
    (the_public_hears_a_note, 2, "stray"),
    (a_post_is_there_twice, 2, "duplicate"),
    (a_post_is_missing, 2, "loss"),
    (a_public_post_is_there_twice, 2, "duplicate"),
    (an_issue_is_there_twice, 2, "duplicate"),
    (a_bridge_is_left_over, 2, "duplicate"),
    (a_channel_is_left_over, 2, "duplicate"),
    (an_effect_is_left_undone, 2, "loss"),
    (two_posts_are_swapped, 3, "order"),
    (two_notes_are_swapped, 3, "order"),
    (it_closes_early, 4, "early"),
    (it_closes_late, 4, "late"),
    (a_window_ends_early, 4, "early"),
    (a_timer_vanishes, 4, "loss"),
    (a_timer_fires_early, 4, "early"),
    (nothing_comes_to_an_end, 4, "loss"),
    (an_outage_stops_the_incidents, 5, "blocked"),
    (an_outage_stops_the_other_vendors, 5, "blocked"),
    (an_upgrade_is_missing, 6, "rule"),
    (an_upgrade_is_made_up, 6, "rule"),
    (a_lowering_gets_around_the_wait, 6, "early"),
    (a_cancel_gets_around_the_wait, 6, "early"),
    (a_task_fails, 7, "failure"),
    (a_history_does_not_replay, 7, "failure"),
    (a_workflow_fails, 7, "failure"),
    (a_number_is_left_out, 7, "gap"),
    (a_number_is_given_twice, 7, "duplicate"),
    (a_worker_ends_by_itself, 7, "failure"),
    (a_command_is_never_answered, 9, "loss"),
    (a_command_is_answered_at_the_sixth_try, 9, "unanswered"),
    (nobody_did_it, 10, "trail"),
    (somebody_else_did_it, 10, "trail"),
    (the_record_leads_elsewhere, 10, "trail"),
    (the_record_leads_to_another_team, 10, "trail"),
    (an_incident_does_not_answer, 10, "unread"),
    (a_delivery_makes_a_second_incident, 11, "duplicate"),
    (nobody_looks, 14, "silence"),
)


def test_clean_evidence_is_found_clean() -> None:
    evidence = small.clean()
    assert broken(evidence) == {}
    text = report(Evidence(evidence), judge(Evidence(evidence)))
    assert "BROKEN" not in text


@pytest.mark.parametrize(
    ("break_it", "promise", "kind"), [pytest.param(*one, id=one[0].__name__) for one in BREAKS]
)
def test_the_checker_sees_what_is_broken(break_it: Break, promise: int, kind: str) -> None:
    evidence = small.clean()
    break_it(evidence)
    assert kind in broken(evidence).get(promise, set()), broken(evidence)
    assert "BROKEN" in report(Evidence(evidence), judge(Evidence(evidence)))


def test_each_promise_is_broken_by_some_test_or_shown_by_a_test_elsewhere() -> None:
    assert {promise for _, promise, _ in BREAKS} == set(PROMISES)
    assert sorted((*PROMISES, *ELSEWHERE)) == list(range(1, 15))


@pytest.mark.parametrize("named", ELSEWHERE.values())
def test_what_is_shown_elsewhere_is_a_test_that_there_is(named: str) -> None:
    path, _, name = named.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()


def test_more_tries_are_right_while_the_server_is_away() -> None:
    evidence = small.clean()
    a_command_is_answered_at_the_sixth_try(evidence)
    blow = {"event": "blow", "what": "server_kill", "whom": "temporal"}
    times = {"at": small.epoch(4), "began": small.epoch(2.5), "over": small.epoch(4)}
    evidence["log"].append({**blow, **times})
    assert broken(evidence) == {}


def test_a_look_of_the_auditor_breaks_its_silence() -> None:
    evidence = small.clean()
    nobody_looks(evidence)
    done = {"at": small.at(100), "type": "WORKFLOW_EXECUTION_COMPLETED"}
    look = {"workflow_id": "auditor-1", "run_id": "r", "type": "Auditor", "status": "COMPLETED"}
    evidence["executions"].append({**look, "events": [done]})
    assert list(broken(evidence)) == [14], "one that saw nothing is no look"
    seen = {"at": small.at(99), "type": "ACTIVITY_TASK_COMPLETED"}
    evidence["executions"].append({**look, "events": [seen, done]})
    assert broken(evidence) == {}


def test_lateness_counts_only_what_nothing_disturbed() -> None:
    evidence = small.clean()
    it_closes_late(evidence)
    blow = {"event": "blow", "what": "server_kill", "whom": "temporal"}
    evidence["log"].append(
        {**blow, "at": small.epoch(45), "began": small.epoch(23), "over": small.epoch(45)}
    )
    assert "late" not in broken(evidence).get(4, set())


def test_a_task_that_a_worker_took_along_is_late_only_from_when_temporal_has_noticed() -> None:
    evidence = small.clean()
    it_closes_late(evidence)
    begun = {"at": small.at(29), "type": "WORKFLOW_TASK_STARTED"}
    noticed = {"at": small.at(45), "type": "WORKFLOW_TASK_TIMED_OUT"}
    evidence["executions"][1]["events"] += [begun, noticed]
    assert "late" in broken(evidence)[4], "no worker was hurt"
    blow = {"event": "blow", "what": "worker_kill", "whom": "new"}
    times = {"at": small.epoch(30), "began": small.epoch(30), "over": small.epoch(30.1)}
    evidence["log"].append({**blow, **times})
    assert "late" not in broken(evidence).get(4, set())
    waiting = {"at": small.at(29.5), "type": "WORKFLOW_TASK_SCHEDULED"}
    evidence["executions"][1]["events"].insert(-1, waiting)
    assert "late" in broken(evidence)[4], "no worker had it"


def test_a_history_that_replays_at_the_next_try_is_counted_and_no_failure() -> None:
    evidence = small.clean()
    a_history_does_not_replay(evidence)
    again = {"at": small.at(9.5), "type": "WORKFLOW_TASK_COMPLETED"}
    evidence["executions"][0]["events"].append(again)
    assert broken(evidence) == {}
    assert figures(Evidence(evidence), judge(Evidence(evidence)))["tasks tried again"] == 1


def test_a_task_may_fail_that_a_stopped_worker_had() -> None:
    evidence = small.clean()
    a_task_fails(evidence)
    why = evidence["executions"][0]["events"][-1]["workflowTaskFailedEventAttributes"]
    why["failure"] = {"message": "[TMPRL1101] Potential deadlock detected"}
    assert broken(evidence) == {7: {"failure"}}
    blow = {"event": "blow", "what": "worker_stop", "whom": "new"}
    times = {"at": small.epoch(8), "began": small.epoch(4), "over": small.epoch(8)}
    evidence["log"].append({**blow, **times})
    assert broken(evidence) == {}


def test_a_merge_that_was_asked_is_refused_where_the_other_denied_it() -> None:
    evidence = small.clean()
    asked = small.first(evidence, "update_posted")
    sent = next(
        one
        for one in evidence["log"]
        if one["event"] == "sent" and one["command_id"] == asked["command_id"]
    )
    sent["name"], asked["kind"] = "merge", "merge_asked"
    acknowledged(evidence, asked["command_id"])["outcome"] = "refused"
    assert "contradiction" in {one.kind for one in acknowledged_rightly(Evidence(evidence))}
    small.record(evidence).append({**asked, "command_id": "", "kind": "merge_denied"})
    assert "contradiction" not in {one.kind for one in acknowledged_rightly(Evidence(evidence))}
