"""Merging, cancelling, and what an ended incident still takes."""

from datetime import timedelta

import pytest

from muster.domain import commands as c
from muster.domain.deciding import Decision
from muster.domain.effects import Op
from muster.domain.lifecycle import Phase
from muster.domain.plan import plan
from muster.domain.policy import Policy
from muster.domain.severity import Severity
from muster.messages import IncidentNotice
from tests.domain.life import START, Life, alert

S1, S2, S3, S4 = Severity
INTO = {"into": 7, "into_workflow": "incident-7"}


def absorb(**fields: object) -> c.Absorb:
    given: dict[str, object] = {
        "command_id": "a1",
        "actor": "ana",
        "duplicate": 43,
        "duplicate_workflow": "incident-43",
        "severity": S1,
        "declared_at": START - timedelta(hours=1),
        "wait_owed": True,
        "services": ("db",),
        "alerts": (alert("Db"),),
    }
    return c.Absorb.model_validate(given | fields)


def test_a_duplicate_ends_once_the_survivor_has_taken_it_over() -> None:
    life = Life(S1)
    asked = life.tell(c.Merge(command_id="m", actor="ana", into=7, into_workflow="incident-7"))
    assert isinstance(asked, Decision)
    assert asked.result.outcome == "pending"
    life.tell(c.MergeAnswered(command_id="m"))
    assert life.phase is Phase.MERGED
    assert life.state.merged_into == 7
    assert life.state.results["m"].outcome == "applied"


def test_a_duplicate_stays_if_the_survivor_refuses() -> None:
    life = Life(S1)
    life.tell(c.Merge(command_id="m", actor="ana", into=7, into_workflow="incident-7"))
    life.tell(c.MergeAnswered(command_id="m", refused="#7 is closed"))
    assert life.phase is Phase.ACTIVE
    assert life.state.results["m"].outcome == "refused"
    life.must(c.Merge, **INTO)


def test_nothing_else_ends_or_rerates_it_while_a_merge_is_under_way() -> None:
    life = Life(S1)
    life.must(c.Merge, **INTO)
    assert life.refused(c.Resolve).code == "already_merging"
    assert life.refused(c.Cancel, reason="no").code == "already_merging"
    assert life.refused(c.ChangeSeverity, severity=S1, reason="worse").code == "already_merging"
    assert (
        life.refused(c.Absorb, **absorb().model_dump(exclude={"command_id", "actor"})).code
        == "already_merging"
    )


def test_the_survivor_takes_severity_time_alerts_services_and_the_wait() -> None:
    life = Life(S4)
    life.tell(absorb(severity=S3))
    assert life.state.severity is S3
    assert life.state.worst is S2
    assert life.state.declared_at == START - timedelta(hours=1)
    assert life.state.services == ("web", "db")
    assert life.state.alerts["Db"].linked
    life.report(alert("Db", firing=False))
    life.must(c.Resolve)
    assert life.after("1799s").phase is Phase.RESOLVED


@pytest.mark.parametrize("end", ["resolved", "closed", "cancelled", "merged"])
def test_a_merge_is_refused_into_what_is_not_active(end: str) -> None:
    life = Life(S3 if end == "closed" else S2)
    if end == "merged":
        life.tell(c.Merge(command_id="m", actor="ana", into=7, into_workflow="incident-7"))
        life.tell(c.MergeAnswered(command_id="m"))
    elif end == "cancelled":
        life.must(c.Cancel, reason="no")
    else:
        life.must(c.Resolve)
    assert life.phase == end
    refusal = life.refused(c.Absorb, **absorb().model_dump(exclude={"command_id", "actor"}))
    assert refusal.code == "not_active"
    assert end in refusal.message


def test_an_ended_incident_refuses_commands_as_ended() -> None:
    life = Life(S2)
    life.must(c.Cancel, reason="false alarm")
    for kind, fields in ((c.Resolve, {}), (c.AddNote, {"text": "x"}), (c.Reopen, {"reason": "x"})):
        assert life.refused(kind, **fields).code == "ended"


def test_a_command_for_another_number_is_refused() -> None:
    assert Life(S2).refused(c.AddNote, text="x", number=41).code == "wrong_incident"


def test_a_false_alarm_before_its_number_still_gets_one() -> None:
    life = Life(S2, number=None)
    life.must(c.Cancel, reason="false alarm")
    life.tell(
        c.Registered(number=5, predecessor=c.Predecessor(number=4, severity=S3, closed_at=START))
    )
    assert life.state.number == 5
    assert life.state.predecessor is None


def test_a_survivor_of_one_that_has_waited_is_no_false_alarm_either() -> None:
    life = Life(S4)
    life.tell(absorb(waited=True))
    assert life.refused(c.Cancel, reason="to get it closed").code == "wait_begun"


@pytest.mark.parametrize("private", [True, False])
def test_what_is_private_and_what_is_not_are_not_merged(*, private: bool) -> None:
    life = Life(S2, private=private)
    fields = absorb().model_dump(exclude={"command_id", "actor", "private"})
    refusal = life.refused(c.Absorb, private=not private, **fields)
    assert (refusal.code, refusal.field) == ("private", "into")
    assert refusal.message.startswith("#42 is private" if private else "#42 is not private")
    life.must(c.Absorb, private=private, **fields)
    assert "db" in life.state.services


def test_only_its_people_merge_into_what_is_private() -> None:
    life = Life(S2, private=True)
    fields = absorb(private=True).model_dump(exclude={"command_id", "actor"})
    refusal = life.refused(c.Absorb, "eve", **fields)
    assert (refusal.code, refusal.message) == (
        "private",
        "#42 is private: only its people merge into it",
    )
    assert life.state.severity is S2
    life.must(c.AssignRole, role="ocit", person="eve")
    life.must(c.Absorb, "eve", **fields)
    assert life.state.severity is S1


def test_whom_nobody_vouches_for_merges_into_nothing_private_where_policy_says_so() -> None:
    strict = Policy.model_validate({"private": {"authenticated": True}})
    life = Life(S2, private=True, policy=strict)
    fields = absorb(private=True).model_dump(exclude={"command_id", "actor", "authenticated"})
    assert life.refused(c.Absorb, authenticated=False, **fields).code == "private"
    life.must(c.Absorb, authenticated=True, **fields)


def test_a_duplicate_of_before_that_does_not_say_is_not_private() -> None:
    told = absorb().model_dump(mode="json", exclude={"private"})
    assert c.Absorb.model_validate(told).private is False


@pytest.mark.parametrize("private", [True, False])
def test_a_duplicate_says_whether_it_is_private(*, private: bool) -> None:
    life = Life(S2, private=private)
    fact = life.must(c.Merge, **INTO).facts[0]
    (effect,) = plan(life.state, fact, life.policy)
    assert c.Absorb.model_validate_json(effect.body.payload).private is private


def test_the_services_hear_from_the_survivor_what_it_believes_to_fire() -> None:
    life = Life(S3)
    life.tell(absorb(alerts=(alert("Db").model_copy(update={"service": "db"}),)))
    absorbed = next(one for one in life.state.facts if one.kind == "absorbed")
    told = [one for one in plan(life.state, absorbed, life.policy) if one.op is Op.SERVICE_TELL]
    notices = [IncidentNotice.model_validate_json(one.body.payload) for one in told]
    assert [(one.service, [known.name for known in one.alerts]) for one in notices] == [
        ("db", ["Db"])
    ]
