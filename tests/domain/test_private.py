"""What others may do with a private incident: nothing, and they cannot let themselves in."""

from datetime import timedelta
from typing import Any

import pytest

from muster import views
from muster.domain import audit
from muster.domain import commands as c
from muster.domain.audit import Sighting, findings
from muster.domain.outbox import Outbox
from muster.domain.policy import Policy, Private
from muster.domain.roles import Role
from muster.domain.severity import Severity
from tests.domain.life import START, Life, alert

COMMANDS: list[tuple[type[c.Command], dict[str, Any]]] = [
    (c.AssignRole, {"role": Role.IMOC, "person": "eve"}),
    (c.PostUpdate, {"message": "x", "to": ["estaff"]}),
    (c.AddNote, {"text": "x"}),
    (c.ChangeSeverity, {"severity": Severity.S1, "reason": "x"}),
    (c.Resolve, {}),
    (c.Reopen, {"reason": "x"}),
    (c.Merge, {"into": 7, "into_workflow": "incident-7"}),
    (c.Cancel, {"reason": "x"}),
    (c.RetryEffect, {"key": "x"}),
]


def private(*, authenticated: bool = False, actor: str = "ana") -> Life:
    """Return a private incident, of ana if nobody else declares it; cem is a releaser."""
    policy = Policy(private=Private(releasers=("cem",), authenticated=authenticated))
    return Life(Severity.S2, policy=policy, private=True, actor=actor)


def test_every_command_of_a_person_is_tried() -> None:
    assert {model for model, _ in COMMANDS} == set(c.FromOutside.__args__)


@pytest.mark.parametrize("actor", ["eve", "automation:eve", "automation:muster"])
@pytest.mark.parametrize(("model", "fields"), COMMANDS)
def test_no_command_of_others_does_anything(
    model: type[c.Command], fields: dict[str, Any], actor: str
) -> None:
    refused = private().refused(model, actor, **fields)
    assert (refused.code, refused.field) == ("private", "actor")
    assert refused.message == "it is private: its people can ask"


def test_others_learn_nothing_by_asking_for_another_number() -> None:
    assert private().refused(c.AddNote, "eve", text="x", number=41).code == "private"


def test_its_people_let_others_in_and_out() -> None:
    life = private()
    life.must(c.AssignRole, "ana", role=Role.IMOC, person="ben")
    life.must(c.AssignRole, "ben", role=Role.IMOC, person="dora")
    life.must(c.AddNote, "dora", text="x")
    assert life.refused(c.AddNote, "ben", text="x").code == "private"


def test_a_releaser_names_the_people_of_what_a_machine_has_declared() -> None:
    life = private(actor="automation:scanner")
    assert life.refused(c.AssignRole, "ben", role=Role.IMOC, person="ben").code == "private"
    life.must(c.AssignRole, "cem", role=Role.IMOC, person="ben")
    life.must(c.AddNote, "ben", text="x")


def test_what_our_own_workflows_send_and_time_go_on_as_ever() -> None:
    life = private(authenticated=True)
    life.report(alert())
    assert life.state.alerts
    life.report(alert(firing=False))
    life.must(c.Resolve, "ana", authenticated=True)
    life.after("30m").tell(c.ClosingRecorded(closed_at=START))
    assert life.phase == "closed"


@pytest.mark.parametrize("actor", ["ana", "cem"])
def test_policy_may_want_its_people_vouched_for(actor: str) -> None:
    life = private(authenticated=True)
    refused = life.refused(c.AddNote, actor, text="x")
    assert refused.code == "private"
    assert refused == life.refused(c.AddNote, "eve", text="x")
    life.must(c.AddNote, actor, text="x", authenticated=True)
    assert life.refused(c.AddNote, "eve", text="x", authenticated=True).code == "private"


def test_what_is_not_private_is_for_everyone() -> None:
    policy = Policy(private=Private(authenticated=True))
    Life(Severity.S2, policy=policy).must(c.AddNote, "eve", text="x")


def test_what_is_late_of_it_is_found_by_its_kind_alone() -> None:
    life = private()
    life.must(c.AssignRole, role=Role.IMOC, person="ben")
    soon = life.now + timedelta(minutes=20)
    life.must(c.PostUpdate, "cem", message="we look", to=["estaff", "support"], next_at=soon)
    words = {"text": "closing the hole", "kind": "trying", "lasts": timedelta(minutes=10)}
    life.must(c.AddNote, "ben", **words)
    life.after("3h")
    shown = views.redacted(life.state, views.snapshot(life.state, Outbox(), life.policy))
    assert shown.late == ("trying", "update", "confirm")
    found = findings([Sighting(workflow_id="incident-1", number=42, late=shown.late)], life.now)
    assert audit.words(found).splitlines() == [
        "The auditor has found:",
        "#42 late: trying",
        "#42 late: update",
        "#42 late: confirm",
    ]


def test_what_is_not_late_is_not_found() -> None:
    life = private()
    assert views.redacted(life.state, views.snapshot(life.state, Outbox(), life.policy)).late == ()
