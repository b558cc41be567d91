"""Rule 5, the exclusions, and rule 10: who may."""

import subprocess

import pytest

from muster.domain import commands as c
from muster.domain.lifecycle import Phase
from muster.domain.severity import Severity
from tests.domain.life import Life, alert

S1, S2, S3, S4 = Severity


@pytest.mark.parametrize(("held", "wanted"), [("imoc", "ocit"), ("ocit", "imoc")])
@pytest.mark.parametrize("severity", list(Severity))
def test_the_imoc_never_fixes_and_a_fixer_never_leads(
    severity: Severity, held: str, wanted: str
) -> None:
    life = Life(severity)
    life.must(c.AssignRole, role=held, person="ana")
    refusal = life.refused(c.AssignRole, role=wanted, person="ana")
    assert refusal.code == "role_clash"
    assert f"muster assign 42 {wanted}" in refusal.message


@pytest.mark.parametrize("other", ["imoc", "ocit"])
@pytest.mark.parametrize(("severity", "allowed"), [(S1, False), (S2, True), (S3, True)])
def test_the_cmoc_of_an_s1_is_dedicated(severity: Severity, other: str, allowed: bool) -> None:
    for first, second in (("cmoc", other), (other, "cmoc")):
        life = Life(severity)
        life.must(c.AssignRole, role=first, person="ana")
        send = life.must if allowed else life.refused
        send(c.AssignRole, role=second, person="ana")


def test_a_raise_to_s1_frees_a_cmoc_who_has_another_role() -> None:
    life = Life(S3)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AssignRole, role="cmoc", person="ana")
    life.must(c.ChangeSeverity, severity="S1", reason="worse")
    assert life.state.roles.cmoc is None
    assert "role_freed" in life.kinds()


def test_the_team_grows_and_a_single_role_changes_hands() -> None:
    life = Life(S2)
    for person in ("ben", "cem", "ben"):
        life.must(c.AssignRole, role="ocit", person=person)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AssignRole, role="imoc", person="dana")
    assert [one.person for one in life.state.roles.ocit] == ["ben", "cem"]
    assert life.state.imoc == "dana"


RESTRICTED: list[tuple[type[c.Command], dict[str, object]]] = [
    (c.Resolve, {}),
    (c.Cancel, {"reason": "false alarm"}),
    (c.Merge, {"into": 7, "into_workflow": "incident-7"}),
    (c.ChangeSeverity, {"severity": "S4", "reason": "small"}),
]


@pytest.mark.parametrize(("kind", "fields"), RESTRICTED)
@pytest.mark.parametrize("severity", [S1, S2])
def test_what_is_the_imocs_is_a_request_from_anyone_else(
    severity: Severity, kind: type[c.Command], fields: dict[str, object]
) -> None:
    life = Life(severity)
    life.must(c.AssignRole, role="imoc", person="ana")
    asked = life.must(kind, "ben", **fields)
    assert asked.result.outcome == "requested"
    assert life.state.requests[0].startswith("muster ")
    assert life.phase is Phase.ACTIVE


@pytest.mark.parametrize(("kind", "fields"), RESTRICTED)
@pytest.mark.parametrize("severity", [S3, S4])
def test_anyone_does_it_for_an_s3_or_s4(
    severity: Severity, kind: type[c.Command], fields: dict[str, object]
) -> None:
    life = Life(severity)
    life.must(c.AssignRole, role="imoc", person="ana")
    assert life.must(kind, "ben", **fields).result.outcome != "requested"


def test_automation_never_resolves_an_s1_even_with_no_imoc() -> None:
    life = Life(S1)
    assert life.must(c.Resolve, "automation:alertmanager").result.outcome == "requested"
    assert life.phase is Phase.ACTIVE


@pytest.mark.parametrize("rating", [S1, S3])
def test_another_rating_answers_the_requests_for_a_lower_one_and_no_other(rating: Severity) -> None:
    life = Life(S2)
    life.must(c.AssignRole, role="imoc", person="ana")
    for kind, fields in RESTRICTED:
        life.must(kind, "ben", **fields)
    assert len(life.state.requests) == 4
    life.must(c.ChangeSeverity, severity=rating, reason="as we see now")
    kept = [request.split()[1] for request in life.state.requests]
    assert kept == ["resolve", "cancel", "merge"]


def test_a_request_that_a_rule_forbids_is_refused_at_once() -> None:
    life = Life(S1)
    life.must(c.AssignRole, role="imoc", person="ana")
    assert life.refused(c.Merge, "ben", into=42, into_workflow="x").code == "into_itself"


@pytest.mark.parametrize(
    ("command", "given", "grant"),
    [
        (
            c.Resolve,
            {"message": 'rolled "back"\nfor $5', "despite": "Disk Full", "reason": "a `spare`"},
            [
                "resolve",
                "42",
                "--message",
                'rolled "back" for $5',
                "--despite",
                "Disk Full",
                "--reason",
                "a `spare`",
            ],
        ),
        (c.Resolve, {"message": "rolled back"}, ["resolve", "42", "--message", "rolled back"]),
        (c.Resolve, {}, ["resolve", "42"]),
        (c.Cancel, {"reason": "a test"}, ["cancel", "42", "--reason", "a test"]),
    ],
)
def test_the_grant_does_what_was_asked(
    command: type[c.Command], given: dict[str, str], grant: list[str]
) -> None:
    life = Life(S1, alerts=(alert("Disk Full"),))
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(command, "ben", **given)
    script = f"printf '%s\\n' {life.state.requests[-1]}"
    words = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert words.stdout.splitlines() == ["muster", *grant]
