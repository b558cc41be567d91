"""How the people of an incident are shown on its card and in its issue."""

from muster.domain import commands as c
from muster.domain.effects import Card
from muster.domain.policy import Chat, PersonRecord, Policy
from muster.domain.render import card, document
from tests.domain.life import Life

POLICY = Policy(people={"ana": PersonRecord(name="Ana Alves"), "ben": PersonRecord(slack="UBEN")})


def nothing(_name: str) -> None:
    """Find no receipt."""


def led() -> Life:
    life = Life()
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AssignRole, role="ocit", person="ben")
    return life


def people(shown: Card) -> list[str]:
    fields = dict(shown.fields)
    return [fields[role] for role in ("IMOC", "CMOC", "OCIT")]


def test_the_card_says_where_others_reach_the_imoc() -> None:
    policy = Policy(chat=Chat(reach_imoc="the pager, +1 555 0101"))
    assert "direct message to the IMOC" in card(Life().state, Policy(), nothing).footer
    told = "Not on the incident team? Reach the IMOC by the pager, +1 555 0101."
    assert card(Life().state, policy, nothing).footer == told


def test_a_person_whose_name_policy_knows_is_shown_with_it() -> None:
    shown = card(led().state, POLICY, nothing)
    assert people(shown) == ["Ana Alves (ana)", "Ana Alves (ana) (covers)", "ben"]


def test_without_names_the_handles_are_shown() -> None:
    assert people(card(led().state, Policy(), nothing)) == ["ana", "ana (covers)", "ben"]


def test_the_issue_is_the_imocs_and_names_them() -> None:
    assert document(Life().state, POLICY, nothing).assignee is None
    shown = document(led().state, POLICY, nothing)
    assert shown.assignee == "ana"
    assert "IMOC: Ana Alves (ana)" in dict(shown.paragraphs)["State"]
