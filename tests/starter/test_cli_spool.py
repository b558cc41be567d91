"""Declared while Temporal is away: kept here, told how to go on by hand, and delivered once."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from starter.cli import spool as keeping
from starter.cli.spool import NotKept, Spool, Spooled
from starter.client import Muster
from tests.starter.cli_steps import declared, label, shown, until_gone
from tests.starter.conftest import Cli, Ended, free_port
from tests.starter.test_cli_terminal import terminal

pytestmark = pytest.mark.timeout(120)
NOWHERE = f"127.0.0.1:{free_port()}"


@pytest.fixture
def away(tmp_path: Path) -> Cli:
    """Return the CLI where nobody listens, with a spool of its own."""
    return Cli({"TEMPORAL_ADDRESS": NOWHERE, "MUSTER_SPOOL": str(tmp_path / "spool")})


@pytest.fixture
def back(muster: Cli, away: Cli) -> Cli:
    """Return the CLI with the same spool where Temporal is back."""
    return Cli({**muster.environment, "MUSTER_SPOOL": away.environment["MUSTER_SPOOL"]})


def files(muster: Cli) -> list[Path]:
    return sorted(Path(muster.environment["MUSTER_SPOOL"]).iterdir())


def kept(away: Cli, *words: str) -> dict[str, Any]:
    done = away("declare", *words, "--json")
    assert done.code == 5, done
    document: dict[str, Any] = done.document
    return document


def became(done: Ended) -> list[tuple[str, str]]:
    return [(one["title"], one["outcome"]) for one in done.document["declarations"]]


def on(muster: Cli, service: str, *words: str) -> list[Any]:
    return list(muster("list", "--service", service, *words, "--json").document)


# Kept.


def test_a_program_is_told_that_it_is_kept_and_under_which_key(away: Cli) -> None:
    before = datetime.now(UTC)
    document = kept(away, "api errors", "--severity", "S1")
    assert document["error"]["code"] == "unreachable"
    assert document["spooled"] is True
    (file,) = files(away)
    assert file.stem == document["id"]
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    declaration = json.loads(file.read_text())["declaration"]
    assert (declaration["key"], declaration["title"]) == (document["key"], "api errors")
    since = datetime.fromisoformat(declaration["since"])
    assert before - timedelta(seconds=1) < since < before + timedelta(seconds=30)


def test_a_person_sees_the_checklist_of_policy_and_the_next_step(away: Cli, tmp_path: Path) -> None:
    policy = tmp_path / "muster.toml"
    policy.write_text(
        '[fallback]\nchecklist = ["Ring 555-0100."]\nbridge = "room 4"\nchannel = "the radio"\n'
    )
    done = away("declare", "api errors", "--severity", "S1", MUSTER_POLICY=str(policy))
    assert (done.code, done.out) == (5, "")
    first, *_, last = done.err.splitlines()
    assert first.startswith("muster: Temporal does not answer")
    assert last == "Next      muster sync"
    for told in ("1.        Ring 555-0100.", "Meet      room 4", "Write     the radio"):
        assert told in done.err.splitlines()
    assert f"in {files(away)[0].parent}, 1 waiting" in done.err


def test_a_policy_that_cannot_be_read_does_not_take_the_checklist_away(away: Cli) -> None:
    done = away("declare", "api errors", "--severity", "S1", MUSTER_POLICY="/nowhere/muster.toml")
    assert done.code == 5
    assert "Call the on-call Incident Manager by phone." in done.err
    assert "These are the defaults: /nowhere/muster.toml" in done.err
    assert len(files(away)) == 1


def test_what_cannot_be_kept_is_said_to_be_lost(away: Cli) -> None:
    nowhere = {"MUSTER_SPOOL": "/dev/null/spool"}
    done = away("declare", "api errors", "--severity", "S1", **nowhere)
    assert done.code == 5
    assert "declare it again when Temporal is back" in done.err
    assert "muster sync" not in done.err
    document = away("declare", "api errors", "--json", **nowhere).document
    assert (document["error"]["code"], document["spooled"]) == ("unreachable", False)


def test_only_a_person_at_a_terminal_is_told_that_something_waits(away: Cli) -> None:
    kept(away, "api errors")
    assert "muster sync" not in away("show", "1").err
    with terminal(away, "show", "1") as person:
        assert person.leave() == 5
    assert person.seen.count("1 declaration waits to be delivered: muster sync") == 1


def test_the_state_directory_of_the_system_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MUSTER_SPOOL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    assert keeping.place() == tmp_path / ".local" / "state" / "muster" / "spool"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert keeping.place() == tmp_path / "state" / "muster" / "spool"


def declaration(key: str, **more: str) -> Mapping[str, str]:
    return {"title": "api errors", "key": key, **more}


def readable(spool: Spool) -> list[Spooled]:
    return [one for one in spool.read() if isinstance(one, Spooled)]


def test_many_at_once_are_all_kept_and_never_more_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LIMIT", 30)

    def keep(count: int) -> bool:
        try:
            Spool(tmp_path / "spool").keep(dict(declaration(f"key-{count}")))
        except NotKept:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(keep, range(20)))
        assert all(answers)
        answers += list(pool.map(keep, range(20, 50)))
    spool = Spool(tmp_path / "spool")
    assert spool.waiting() == len(readable(spool)) == sum(answers) <= 30
    assert not [path for path in spool.path.iterdir() if path.name.startswith(".")]


def test_a_full_spool_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LIMIT", 1)
    spool = Spool(tmp_path)
    first = spool.keep(dict(declaration("first")))
    with pytest.raises(NotKept, match="full"):
        spool.keep(dict(declaration("second")))
    assert readable(spool) == [first]


def test_a_key_waits_once_and_as_it_was_first_declared(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = spool.keep(dict(declaration("ticket-1", severity="S2")))
    spool.keep(dict(declaration("ticket-1", severity="S3")))
    assert readable(spool) == [first]


def test_what_was_cut_off_while_it_was_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".0123.4567").write_text('{"declared_at": ')
    spool = Spool(tmp_path)
    assert (spool.waiting(), list(spool.read())) == (0, [])


# Delivered.


def test_it_is_delivered_once_with_the_time_at_which_it_was_declared(away: Cli, back: Cli) -> None:
    kept(away, "api errors", "--severity", "S1", "--service", "spooled")
    since = json.loads(files(away)[0].read_text())["declaration"]["since"]
    done = back("sync", "--json")
    assert (done.code, became(done)) == (0, [("api errors", "delivered")])
    assert done.document["waiting"] == 0
    incident = shown(back, label(done.document["declarations"][0]))
    assert (incident["title"], incident["severity"]) == ("api errors", "S1")
    assert datetime.fromisoformat(incident["since"]) == datetime.fromisoformat(since)
    assert files(back) == []
    assert back("sync").out == "nothing waits to be delivered\n"
    assert len(on(back, "spooled")) == 1


def test_a_crash_between_delivery_and_removal_does_not_double_it(away: Cli, back: Cli) -> None:
    kept(away, "api errors", "--severity", "S3", "--service", "crashed")
    (file,) = files(away)
    text = file.read_text()
    first = back("sync", "--json").document["declarations"][0]
    file.write_text(text)
    again = back("sync", "--json")
    assert (again.code, again.document["declarations"][0]["number"]) == (0, first["number"])
    assert back("cancel", label(first), "--reason", "over").code == 0
    until_gone(back, first)
    file.write_text(text)
    late = back("sync", "--json")
    assert (late.code, late.document["declarations"][0]["number"]) == (0, first["number"])
    assert len(on(back, "crashed")) == 1
    assert files(back) == []


def test_a_try_that_had_begun_it_after_all_is_the_same_incident(
    muster: Cli, back: Cli, away: Cli
) -> None:
    """The answer to the start was lost: the spool has the key under which it was tried."""
    sent = {"title": "api errors", "severity": "S3", "service": "tried", "declared_by": "ann"}

    async def tried() -> None:
        client = await Client.connect(muster.environment["TEMPORAL_ADDRESS"])
        await Muster(client).declare(sent, "cli-spare")

    asyncio.run(tried())
    Spool(Path(away.environment["MUSTER_SPOOL"])).keep(sent | {"key": "cli-spare"})
    assert back("sync").code == 0
    assert len(on(back, "tried")) == 1


BREAKING = """
import sys
from starter import cli
from starter.client import Muster
from starter.failures import Unreachable

class Breaking:
    async def declare(self, _declaration, key):
        sys.stderr.write(key)
        raise Unreachable("the connection broke off after the start was sent")

async def connected():
    return Breaking()

Muster.connect = connected
cli.main()
"""


@pytest.mark.parametrize("given", [[], ["--key", "ticket-8"]])
def test_it_is_kept_under_the_key_under_which_it_was_tried(given: list[str], away: Cli) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAKING, "declare", "api errors", *given, "--json"],
        env=away.all_of({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done
    (kept_one,) = readable(Spool(Path(away.environment["MUSTER_SPOOL"])))
    assert kept_one.key == done.stderr
    assert given[1:] in ([], [kept_one.key])


def test_what_is_private_is_delivered_as_such(away: Cli, back: Cli) -> None:
    kept(away, "a leak", "--private", "--service", "spooled-in-private")
    assert became(back("sync", "--json")) == [("a leak", "delivered")]
    assert on(back, "spooled-in-private") == []
    assert on(back, "spooled-in-private", "--private")[0]["title"] == "a leak"


def test_several_at_once_deliver_each_once(away: Cli, back: Cli) -> None:
    spool = Spool(Path(away.environment["MUSTER_SPOOL"]))
    for count in range(6):
        more = {"service": "crowded", "severity": "S3", "declared_by": "ann", "source": "cli"}
        spool.keep(dict(declaration(f"crowd-{count}", **more)))
    with ThreadPoolExecutor(3) as pool:
        codes = list(pool.map(lambda _: back("sync", "--json").code, range(3)))
    assert codes == [0, 0, 0]
    assert len(on(back, "crowded")) == 6
    assert files(back) == []


def test_one_that_is_refused_is_kept_aside_and_the_others_go(away: Cli, back: Cli) -> None:
    spool = Spool(Path(away.environment["MUSTER_SPOOL"]))
    wrong = spool.keep(dict(declaration("wrong", severity="S9", service="aside")))
    spool.keep(dict(declaration("right", severity="S3", service="aside")))
    (spool.path / "note.json").write_text("not ours")
    done = back("sync", "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "bad_input")
    assert became(done) == [
        ("api errors", "refused"),
        ("api errors", "delivered"),
        ("note.json", "refused"),
    ]
    assert "severity" in done.document["declarations"][0]["message"]
    assert {file.name for file in files(back)} == {f"{wrong.id}.refused", "note.refused"}
    assert back("sync").code == 0


def test_a_key_that_is_known_already_is_its_incident(away: Cli, back: Cli) -> None:
    first = declared(back, "disk full", "--key", "ticket-7", "--severity", "S3")
    kept(away, "disk is full", "--key", "ticket-7")
    done = back("sync", "--json")
    assert (done.code, done.document["declarations"][0]["number"]) == (0, first["number"])


def test_while_temporal_is_still_away_everything_waits_on(away: Cli) -> None:
    kept(away, "api errors")
    done = away("sync", "--json")
    assert (done.code, done.document["error"]["code"]) == (5, "unreachable")
    assert (done.document["declarations"], done.document["waiting"]) == ([], 1)
    assert len(files(away)) == 1
    bad = away("sync", "--json", TEMPORAL_ADDRESS="nonsense")
    assert (bad.code, bad.document["error"]["code"], len(files(away))) == (2, "bad_setting", 1)
