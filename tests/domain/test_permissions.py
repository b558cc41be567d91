"""Who may do what: everyone everything by default, and what policy restricts."""

from typing import Any

import pytest

from muster.domain import commands as c
from muster.domain.decide import not_permitted, refuse
from muster.domain.deciding import Refusal
from muster.domain.facts import Declared
from muster.domain.permissions import Grant, Permission, Permissions, denied, needed
from muster.domain.policy import Policy
from muster.domain.roles import Role
from muster.domain.severity import Severity
from muster.domain.timeline import lines
from muster.messages import COMMANDS
from tests.domain.life import START, Life

ON_CALL = Grant(actors=("ana", "oncall-*"), sources=("cli", "slack"))


def note(**who: Any) -> c.AddNote:
    return c.AddNote.model_validate({"command_id": "c1", "actor": "ana", "text": "x", **who})


@pytest.mark.parametrize(
    ("grant", "who", "may"),
    [
        (Grant(), {"actor": "anyone", "source": "anywhere"}, True),
        (ON_CALL, {"actor": "ana", "source": "cli"}, True),
        (ON_CALL, {"actor": "oncall-7", "source": "slack"}, True),
        (ON_CALL, {"actor": "bob", "source": "cli"}, False),
        (ON_CALL, {"actor": "ana", "source": "api"}, False),
        (ON_CALL, {"actor": "ANA", "source": "cli"}, False),
        (Grant(authenticated=True), {"actor": "ana", "source": "cli"}, False),
        (Grant(authenticated=True), {"actor": "ana", "authenticated": True}, True),
        (Grant(actors=()), {"actor": "ana"}, False),
    ],
)
def test_a_grant_is_for_actors_from_sources(grant: Grant, who: dict[str, Any], may: bool) -> None:
    why = denied(Permissions(command=grant), Permission.COMMAND, note(**who))
    assert (why is None) is may


@pytest.mark.parametrize(
    ("command", "permission"),
    [
        (c.AssignRole, Permission.COMMAND),
        (c.PostUpdate, Permission.COMMAND),
        (c.AddNote, Permission.COMMAND),
        (c.ChangeSeverity, Permission.COMMAND),
        (c.Reopen, Permission.COMMAND),
        (c.Resolve, Permission.CLOSE),
        (c.Merge, Permission.CLOSE),
        (c.Cancel, Permission.CLOSE),
        (c.RetryEffect, Permission.ADMINISTER),
        (c.ReportAlerts, None),
        (c.Absorb, None),
    ],
)
def test_every_command_has_its_permission(
    command: type[c.Command], permission: Permission | None
) -> None:
    assert needed(command.model_construct(command_id="c1", actor="ana")) is permission


def test_what_policy_does_not_let_someone_do_is_refused_and_changes_nothing() -> None:
    policy = Policy(permissions=Permissions(close=Grant(actors=("ana",))))
    life = Life(Severity.S3, policy=policy)
    before = life.state
    refused = life.refused(c.Resolve, "bob")
    assert (refused.code, refused.field) == ("not_permitted", "actor")
    assert "bob" in refused.message
    assert life.state == before
    life.must(c.Resolve, "ana")


@pytest.mark.parametrize(
    ("permissions", "private", "why"),
    [
        (Permissions(), True, None),
        (Permissions(private=Grant(actors=("security",))), False, None),
        (Permissions(private=Grant(actors=("security",))), True, "private"),
        (Permissions(declare=Grant(sources=("alertmanager",))), False, "declare"),
    ],
)
def test_who_may_declare(permissions: Permissions, private: bool, why: str | None) -> None:
    declared = Declared(
        at=START,
        actor="ana",
        source="cli",
        workflow_id="incident-1",
        title="x",
        severity=Severity.S2,
        service=None,
        key=None,
        since=START,
        private=private,
    )
    found = not_permitted(declared, Policy(permissions=permissions))
    assert found is None if why is None else why in str(found)


@pytest.mark.parametrize(("name", "command"), COMMANDS.items())
def test_a_command_is_known_by_the_name_of_its_message(name: str, command: type[c.Command]) -> None:
    assert command.message_name() == name


def test_a_refusal_on_record_names_the_message() -> None:
    life = Life()
    command = c.AssignRole(command_id="late", actor="ana", role=Role.IMOC, person="ana")
    state = refuse(life.state, command, Refusal("role_clash", "because"), life.now)
    assert [text for _, text in lines(state)][-1] == "assign_role refused: because"


def test_a_claimed_actor_stays_claimed_on_record() -> None:
    life = Life(Severity.S3)
    life.must(c.AddNote, text="claimed")
    life.must(c.AddNote, text="vouched for", authenticated=True)
    noted = [fact.authenticated for fact in life.state.facts if fact.kind == "noted"]
    assert noted == [False, True]
