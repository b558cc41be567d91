"""The CLI as a process against a real server: what it answers, and with which exit code."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from muster import names
from tests.starter.cli_steps import declared, label, shown, until_gone
from tests.starter.conftest import MAIN, Cli

pytestmark = pytest.mark.timeout(120)


def test_a_declaration_answers_with_its_number(muster: Cli) -> None:
    done = muster("declare", "api \t errors\n  again", "--severity", "sev1", "--service", "api")
    head, *rest = done.out.splitlines()
    assert done.code == 0
    assert head.endswith(' S1 active "api errors again"')
    assert rest[-1].startswith("Next      muster assign ")
    number = head.split()[0].removeprefix("#")
    incident = shown(muster, number)
    assert (incident["service"], incident["declared_by"]) == ("api", "ann")


def test_left_out_the_severity_is_the_policys(muster: Cli) -> None:
    assert "S2 by policy, for the IMOC to confirm" in muster("declare", "slow").out


def test_a_key_is_one_incident_however_often_it_is_declared(muster: Cli) -> None:
    first = declared(muster, "disk full", "--key", "ticket-1")
    again = declared(muster, "disk is full", "--key", "ticket-1")
    assert again["number"] == first["number"]
    assert again["message"] == "this key is known already"
    assert first["workflow_id"] == names.incident_id("ticket-1")


def test_a_key_of_an_ended_incident_answers_with_its_number(muster: Cli) -> None:
    first = declared(muster, "disk full", "--key", "ticket-2")
    assert muster("cancel", label(first), "--reason", "test").code == 0
    until_gone(muster, first)
    again = declared(muster, "disk full", "--key", "ticket-2")
    assert (again["number"], again["phase"]) == (first["number"], "cancelled")


def test_others_on_the_service_are_named(muster: Cli) -> None:
    first = declared(muster, "cart empty", "--service", "cart", "--severity", "S3")
    second = muster("declare", "cart slow", "--service", "cart", "--severity", "S3")
    assert f'See also  #{first["number"]} S3 active "cart empty" on cart' in second.out


def test_since_is_when_the_impact_began(muster: Cli) -> None:
    incident = shown(muster, label(declared(muster, "slow", "--since", "20m")))
    since = datetime.fromisoformat(incident["since"])
    declared_at = datetime.fromisoformat(incident["declared_at"])
    assert 1190 < (declared_at - since).total_seconds() < 1230


def test_every_command_and_its_exit_code(muster: Cli) -> None:
    """One incident's life, in the order in which a team would live it."""
    number, noise = label(declared(muster)), label(declared(muster, "noise"))
    steps: list[tuple[int, list[str]]] = [
        (0, ["assign", number, "imoc", "me"]),
        (4, ["assign", number, "ocit", "me"]),
        (0, ["assign", number, "ocit", "eve"]),
        (0, ["note", number, "failing over", "--trying", "--for", "10m", "--by", "eve"]),
        (0, ["note", f"#{number}", "it", "was", "the", "pool", "--found"]),
        (0, ["update", number, "We look.", "--to", "support,end-users", "--status", "identified"]),
        (4, ["update", number, "x" * 281, "--to", "end-users"]),
        (6, ["severity", number, "S2", "--reason", "less", "--as", "bob"]),
        (0, ["severity", number, "S2", "--reason", "less"]),
        (6, ["resolve", number, "--as", "bob"]),
        (4, ["reopen", number, "--reason", "x"]),
        (0, ["resolve", number, "--message", "failed over"]),
        (4, ["resolve", number]),
        (4, ["cancel", number, "--reason", "x"]),
        (0, ["reopen", number, "--reason", "fails again"]),
        (4, ["retry", number, "bridge"]),
        (4, ["merge", number, "--into", number]),
        (0, ["show", number]),
        (0, ["timeline", number]),
        (0, ["list"]),
        (4, ["cancel", number, "--reason", "a wait has begun"]),
        (0, ["cancel", noise, "--reason", "x"]),
        (4, ["cancel", noise, "--reason", "x"]),
    ]
    found = [(muster(*words, "--json").code, words) for _, words in steps]
    assert found == steps


def test_an_answer_for_people_begins_with_the_incident_and_ends_with_the_next_step(
    muster: Cli,
) -> None:
    number = label(declared(muster))
    done = muster("assign", number, "imoc", "me")
    assert done.out.splitlines() == [
        f'#{number} S1 active "api errors"',
        "ann is IMOC",
        f"Next      muster assign {number} ocit SOMEONE",
    ]


def test_an_end_and_its_undoing_say_what_has_happened(muster: Cli) -> None:
    grave, noise = label(declared(muster)), label(declared(muster, "noise"))
    small = label(declared(muster, "typo", "--severity", "S4"))
    steps = {
        ("resolve", grave): "resolved",
        ("reopen", grave, "--reason", "x"): "reopened: it is active again",
        ("cancel", noise, "--reason", "x"): "cancelled: it was a false alarm",
        ("resolve", small): "resolved: it owes no wait and is closed",
    }
    assert {words: muster(*words).out.splitlines()[1] for words in steps} == steps


def test_a_refusal_says_why_and_what_works(muster: Cli) -> None:
    number = label(declared(muster))
    muster("assign", number, "imoc", "me")
    done = muster("assign", number, "ocit", "me")
    assert (done.code, done.out) == (4, "")
    head, why = done.err.splitlines()
    assert head == f'#{number} S1 active "api errors"'
    assert why.startswith("refused: ann is on this incident as IMOC")
    error = muster("assign", number, "ocit", "me", "--json").document["error"]
    assert (error["code"], error["field"]) == ("role_clash", "person")


def test_a_request_shows_the_command_that_grants_it(muster: Cli) -> None:
    number = label(declared(muster))
    muster("assign", number, "imoc", "me")
    done = muster("resolve", number, "--as", "bob")
    assert done.code == 6
    assert f"Grants it: muster resolve {number}" in done.out
    assert f"Asked for muster resolve {number}" in muster("show", number).out


def test_words_come_from_stdin(muster: Cli) -> None:
    number = label(declared(muster))
    done = muster("update", number, "-", "--to", "support", stdin="line one\nline two\n")
    assert done.code == 0
    assert shown(muster, number)["updates"][0]["text"] == "line one\nline two"


def test_a_correction_says_so_and_goes_out_after_the_end_too(muster: Cli) -> None:
    number = label(declared(muster, "typo", "--severity", "S4"))
    muster("resolve", number)
    words = ("update", number, "It was two hours.", "--to", "support")
    assert muster(*words).code == 4
    assert muster(*words, "--correction").code == 0
    assert "update to support (correction): It was two hours." in muster("timeline", number).out


def test_the_next_update_is_promised(muster: Cli) -> None:
    number = label(declared(muster))
    done = muster("update", number, "We look.", "--to", "support", "--next", "20m")
    assert re.search(r"; the next is promised for (\S+ )?\d\d:\d\d UTC\n", done.out)
    kinds = [due["kind"] for due in shown(muster, number)["deadlines"]]
    assert "update" in kinds


def test_a_duplicate_is_merged(muster: Cli) -> None:
    first, second = declared(muster), declared(muster)
    done = muster("merge", label(second), "--into", label(first), "--json")
    assert (done.code, done.document["phase"]) == (0, "merged")
    assert shown(muster, label(second))["merged_into"] == first["number"]


def test_an_incident_can_be_named_by_its_workflow_id(muster: Cli) -> None:
    first = declared(muster)
    done = muster("note", first["workflow_id"], "hello", "--json")
    assert (done.code, done.document["number"]) == (0, first["number"])


def test_left_out_it_is_the_only_one_or_all_are_named(empty_muster: Cli) -> None:
    muster = empty_muster
    error = muster("note", "hello", "--json").document["error"]
    assert (error["code"], error["field"]) == ("bad_input", "N")
    first = declared(muster, "the only one", "--severity", "S3")
    assert muster("note", "hello", "--json").document["number"] == first["number"]
    assert muster("show", "--json").document["number"] == first["number"]
    second = declared(muster, "another", "--severity", "S3")
    done = muster("note", "hello")
    assert done.code == 2
    assert f"#{second['number']} another, #{first['number']} the only one" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["show", "99999"],
        ["note", "99999", "x"],
        ["timeline", "99999"],
        ["merge", "99999", "--into", "1"],
        ["watch", "99999"],
    ],
)
def test_an_unknown_number(words: list[str], muster: Cli) -> None:
    declared(muster)
    done = muster(*words, "--json")
    assert (done.code, done.document["error"]["code"]) == (3, "no_such_incident")


def test_an_unknown_workflow_id(muster: Cli) -> None:
    unknown = "incident-00000000000000000000000000"
    assert muster("show", unknown).code == 3
    assert muster("note", unknown, "x").code == 3


def test_lists(muster: Cli) -> None:
    first = declared(muster, "list me", "--service", "lists", "--severity", "S3")
    second = declared(muster, "cancel me", "--service", "lists", "--severity", "S4")
    muster("cancel", label(second), "--reason", "x")
    until_gone(muster, second)
    found = muster("list", "--service", "lists", "--json").document
    assert [one["number"] for one in found] == [second["number"], first["number"]]
    assert found[0].keys() >= {"number", "workflow_id", "severity", "phase", "title", "service"}
    still = muster("list", "--service", "lists", "--open", "--json").document
    assert [one["number"] for one in still] == [first["number"]]
    assert muster("list", "--service", "nobody").out == "no incidents\n"
    assert len(muster("list", "--limit", "1", "--json").document) == 1


def test_the_timeline(muster: Cli) -> None:
    number = label(declared(muster))
    muster("note", number, "looked at the pool", "--tried")
    entries = muster("timeline", number, "--json").document
    assert entries[0].keys() >= {"at", "actor", "kind", "text"}
    assert "tried: looked at the pool" in [entry["text"] for entry in entries]
    assert "ann: tried: looked at the pool" in muster("timeline", number).out


def test_show_fits_the_screen_and_has_the_links(muster: Cli) -> None:
    number = label(declared(muster))
    done = muster("show", number)
    assert len(done.out.splitlines()) < 24
    assert max(map(len, done.out.splitlines())) <= 80
    assert "bridge https://vendor.test/bridge" in done.out
    assert "\x1b" not in done.out


def test_the_exit_code_is_always_right(muster: Cli) -> None:
    number = label(declared(muster))
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda _: muster.alone("show", number, "--json").code, range(30)))
    assert codes == [0] * 30


def test_a_reader_that_leaves_early_is_no_error_to_a_person(muster: Cli) -> None:
    number = label(declared(muster))
    script = f"{sys.executable} -c '{MAIN}' timeline {number} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=muster.all_of({})
    )
    assert done.returncode == 0
    assert done.stderr == ""


# Watching.


def test_watch_streams_one_document(muster: Cli) -> None:
    number = label(declared(muster))
    with _watching(muster, "watch", number, "--json") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("[")
        muster("note", number, "looked", "--trying")
        rest = ""
        while '"looked"' not in rest:
            rest += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest += process.stdout.read()
        assert process.wait(10) == 0
    document = json.loads(first + rest)
    assert [len(one["trying"]) for one in document][-1] == 1


@pytest.mark.parametrize("words", [["watch"], ["watch", "N"]])
def test_watch_leaves_cleanly(muster: Cli, words: list[str]) -> None:
    number = label(declared(muster))
    with _watching(muster, *[number if word == "N" else word for word in words]) as process:
        assert process.stdout is not None
        assert f"#{number} S1 active" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@contextlib.contextmanager
def _watching(muster: Cli, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-u", "-c", MAIN, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=muster.all_of({}),
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        with process:
            yield process
    finally:
        watchdog.cancel()
