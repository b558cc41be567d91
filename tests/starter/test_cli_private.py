"""A private incident on the command line: its people find and read it, for others it is a number."""

import asyncio
import json
from typing import Any

import pytest
from temporalio.client import Client

from muster import names
from tests.starter.cli_steps import declared, declared_in_private, label, shown
from tests.starter.conftest import Cli, Workers

pytestmark = pytest.mark.timeout(120)
WORDS = ("a leak", "vault")


def listed(muster: Cli, *words: str) -> dict[int, Any]:
    done = muster("list", "--json", *words)
    assert done.code == 0, done
    return {one["number"]: one for one in done.document}


def test_its_declarer_is_answered_and_others_are_not_let_in(muster: Cli) -> None:
    incident = declared_in_private(muster)
    assert (incident["title"], incident["message"]) == ("a leak", "")
    assert shown(muster, label(incident))["private"] is True
    out = muster("show", label(incident), "--as", "eve").out
    assert "only its people read more" in out
    assert not any(word in out for word in WORDS)
    done = muster("assign", label(incident), "imoc", "me", "--as", "eve", "--json")
    assert (done.code, done.document["error"]["code"]) == (4, "private")
    assert not any(word in done.out + done.err for word in WORDS)


def test_a_list_has_it_only_when_its_people_ask_for_it(muster: Cli) -> None:
    incident, other = declared_in_private(muster), declared(muster)
    number = incident["number"]
    assert muster("assign", label(incident), "imoc", "bea").code == 0
    for words in ((), ("--open",), ("--as", "eve")):
        found = listed(muster, *words)
        assert other["number"] in found
        assert number not in found
    for person in ("ann", "bea"):
        found = listed(muster, "--private", "--as", person)
        assert other["number"] not in found
        assert (found[number]["title"], found[number]["service"]) == WORDS
    assert number not in listed(muster, "--private", "--as", "eve")
    assert number in listed(muster, "--private", "--open", "--service", "vault")


def test_who_has_no_incident_of_theirs_is_told_so(muster: Cli) -> None:
    declared_in_private(muster)
    assert muster("list", "--private", "--as", "eve").out == "no incidents\n"


def test_no_other_declaration_names_it(muster: Cli) -> None:
    number = declared_in_private(muster)["number"]
    for words in (["--service", "vault"], []):
        answer = declared(muster, "slow", "--severity", "S4", *words)
        assert number not in [one["number"] for one in answer["others"]]


def test_a_known_key_does_not_open_it(muster: Cli) -> None:
    first = declared(muster, "a leak", "--severity", "S3", "--private", "--key", "secret-1")
    again = declared(muster, "what is it", "--key", "secret-1", "--as", "eve")
    assert (again["number"], again["title"]) == (first["number"], "private incident")
    assert again["message"] == "this key is known already"


def test_neither_server_nor_ledger_nor_search_has_a_word_of_it(muster: Cli) -> None:
    incident = declared_in_private(muster)
    assert muster("assign", label(incident), "imoc", "bea").code == 0

    async def known() -> str:
        client = await Client.connect(muster.environment["TEMPORAL_ADDRESS"])
        described = await client.get_workflow_handle(incident["workflow_id"]).describe()
        summary, details = await described.static_summary(), await described.static_details()
        assert summary
        assert summary.startswith("Private incident, ")
        attributes = {pair.key.name: str(pair.value) for pair in described.typed_search_attributes}
        ledger = client.get_workflow_handle(names.LEDGER_ID)
        entry = await ledger.execute_update(names.LEDGER_ENTRY, incident["number"])
        assert entry["private"] is True
        return json.dumps([summary, details, await described.memo(), attributes, entry])

    text = asyncio.run(known())
    assert not any(word in text for word in (*WORDS, "ann", "bea"))


def test_without_a_worker_nobody_can_say_whose_it_is(muster: Cli, cli_workers: Workers) -> None:
    declared_in_private(muster)
    cli_workers.stop()
    try:
        done = muster("list", "--private", "--json")
    finally:
        cli_workers.start()
    assert (done.code, done.document["error"]["code"]) == (6, "not_answered")
