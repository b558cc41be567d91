"""Bad input: exit 2, the field and what is allowed, and nothing is sent."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from starter.cli import run
from starter.cli.app import COMMANDS, app
from tests.starter.conftest import ROOT

NAMES = [name for section in COMMANDS.values() for name in section]
STAYING = {"up", "demo", "worker", "gateway"}
"""Commands that start processes; they print no document."""

BAD = [
    ("declare", "title", []),
    ("declare", "title", [""]),
    ("declare", "title", ["  \t "]),
    ("declare", "title", ["x" * 10_000]),
    ("declare", "title", ["bell\x07"]),
    ("declare", "title", ["\u200b \u2060"]),
    ("declare", "title", ["esc\x1b[31m"]),
    ("declare", "title", ["not utf-8 \udcff"]),
    ("declare", "severity", ["x", "--severity", "S9"]),
    ("declare", "severity", ["x", "--severity", ""]),
    ("declare", "service", ["x", "--service", " "]),
    ("declare", "key", ["x", "--key", ""]),
    ("declare", "since", ["x", "--since", "yesterday"]),
    ("declare", "since", ["x", "--since", "-5m"]),
    ("declare", "since", ["x", "--since", "31d"]),
    ("declare", "since", ["x", "--since", "1970-01-01T00:00:00Z"]),
    ("declare", "as", ["x", "--as", "no such handle"]),
    ("declare", "as", ["x", "--as", ""]),
    ("show", "N", ["abc"]),
    ("show", "N", ["0"]),
    ("show", "N", ["4.2"]),
    ("show", None, ["42", "43"]),
    ("timeline", "N", ["abc"]),
    ("watch", "N", ["abc"]),
    ("list", "limit", ["--limit", "0"]),
    ("list", "limit", ["--limit", "many"]),
    ("note", "text", ["42"]),
    ("note", "text", ["42", " "]),
    ("note", "text", ["42", "x" * 4_001]),
    ("note", "for", ["42", "x", "--for", "10m"]),
    ("note", "for", ["42", "x", "--trying", "--for", "10"]),
    ("note", "for", ["42", "x", "--trying", "--for", "0s"]),
    ("note", "for", ["42", "x", "--trying", "--for", "8d"]),
    ("note", "by", ["42", "x", "--by", "a b"]),
    ("note", "trying", ["42", "x", "--trying", "--tried"]),
    ("note", "found", ["42", "x", "--tried", "--found", "--for", "10m"]),
    ("note", "N", ["0", "x"]),
    ("note", "N", ["9" * 23, "x"]),
    ("update", "N", ["#0", "x", "--to", "support"]),
    ("update", "to", ["42", "x"]),
    ("update", "to", ["42", "x", "--to", "all"]),
    ("update", "to", ["42", "x", "--to", ","]),
    ("update", "message", ["42", "--to", "support"]),
    ("update", "message", ["42", "", "--to", "support"]),
    ("update", "status", ["42", "x", "--to", "support", "--status", "fine"]),
    ("update", "next", ["42", "x", "--to", "support", "--next", "25:00"]),
    ("update", "next", ["42", "x", "--to", "support", "--next", "8d"]),
    ("assign", "role", ["42"]),
    ("assign", "role", ["42", "boss", "ann"]),
    ("assign", "person", ["42", "imoc"]),
    ("assign", "person", ["42", "imoc", "a b"]),
    ("assign", None, ["42", "imoc", "ann", "eve"]),
    ("assign", "N", ["abc", "imoc", "ann"]),
    ("severity", "severity", ["42"]),
    ("severity", "severity", ["42", "S0", "--reason", "x"]),
    ("severity", "severity", ["S0", "--reason", "x"]),
    *(
        ("severity", "N", ["--reason", "x", "--", word, "S1"])
        for word in ("abc", "0", "-1", "9" * 23)
    ),
    ("severity", None, ["42", "S1", "S2", "--reason", "x"]),
    ("severity", "reason", ["42", "S2"]),
    ("severity", "reason", ["42", "S2", "--reason", ""]),
    ("resolve", "reason", ["42", "--despite", "DiskFull"]),
    ("resolve", "despite", ["42", "--reason", "x"]),
    ("resolve", None, ["42", "it is fine"]),
    ("resolve", "message", ["42", "--message", "nul\x00"]),
    ("reopen", "reason", ["42"]),
    ("merge", "into", ["42"]),
    ("merge", "into", ["42", "--into", "x"]),
    ("cancel", "reason", ["42"]),
    ("cancel", "reason", ["42", "--reason", "x" * 1_001]),
    ("retry", "key", ["42"]),
    ("retry", "N", ["abc", "bridge"]),
    ("policy", None, ["edit"]),
    ("policy", "FILE", ["check"]),
    ("completion", "shell", []),
    ("completion", "shell", ["tcsh"]),
    ("sync", None, ["42"]),
    ("show", "frob", ["--frob"]),
    ("frob", "frob", []),
]


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent meets nobody, which is exit 5."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MUSTER_AS", "ann")
    monkeypatch.setenv("MUSTER_SPOOL", "/dev/null/spool")
    monkeypatch.delenv("MUSTER_POLICY", raising=False)


@pytest.mark.parametrize(("command", "field", "words"), BAD)
def test_bad_input_for_programs(
    command: str, field: str | None, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, *words, "--json"]) == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert error.keys() == {"code", "message", "field"}
    assert (error["code"], error["field"]) == ("bad_input", field)
    assert error["message"]
    assert err == ""


@pytest.mark.parametrize(("command", "field", "words"), BAD)
def test_bad_input_for_people(
    command: str, field: str | None, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("muster: ")
    assert field is None or field in err
    assert err.count("\n") == 1


def test_words_from_stdin_are_checked_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/null").open(encoding="utf-8") as empty:
        monkeypatch.setattr(sys, "stdin", empty)
        assert run(["update", "42", "-", "--to", "support"]) == 2
    assert "message: must not be empty" in capsys.readouterr().err


def test_a_wrong_login_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUSTER_AS", "no such handle")
    assert run(["declare", "x", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "MUSTER_AS"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[windows]\nstabilty = '30m'\n", 2, "windows.stabilty"),
        ("\n[windows]\nupgrade = '-3h'\n", 3, "windows.upgrade"),
        ("[windows\n", 1, None),
    ],
)
def test_a_bad_policy_is_named_with_its_line(
    text: str, line: int, key: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "muster.toml"
    path.write_text(text, encoding="utf-8")
    assert run(["policy", "check", str(path), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert f"{path}:{line}" in error["message"]
    assert (error["code"], error["field"]) == ("bad_policy", key)


def test_the_policy_in_force_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "muster.toml"
    path.write_text("[windows]\nstability = '45s'\n", encoding="utf-8")
    assert run(["policy", "check", str(path)]) == 0
    assert "is a valid policy" in capsys.readouterr().out
    monkeypatch.setenv("MUSTER_POLICY", str(path))
    assert run(["policy"]) == 0
    assert 'stability = "45s"' in capsys.readouterr().out
    assert run(["policy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["windows"]["stability"] == "45s"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Examples:" in out
    assert f"muster {name}" in out


@pytest.mark.parametrize("name", [name for name in NAMES if name not in STAYING])
def test_every_command_has_json_and_as(name: str) -> None:
    command = app.get_command(click.Context(app), name)
    assert command is not None
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--as"} <= options


def test_without_words_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Exit codes:" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys, starter.cli as cli\n"
        "assert cli.run(['--help']) == 0\n"
        "heavy = {'pydantic', 'temporalio', 'rich', 'gitlab', 'slack_sdk', 'google', 'cryptography'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_to_temporal_imports_no_pydantic_and_no_rich() -> None:
    probe = (
        "import sys, starter.cli as cli\n"
        "assert cli.run(['show', '1']) == 5\n"
        "heavy = {'pydantic', 'rich', 'cryptography'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
        "cli.leave(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", probe], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_and_installed(
    shell: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_MUSTER_COMPLETE" in script
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["completion", shell, "--install", "--json"]) == 0
    written = Path(json.loads(capsys.readouterr().out)["path"])
    assert written.is_relative_to(tmp_path)
    assert written.read_text(encoding="utf-8").strip() == script.strip()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("re", ["retry", "resolve", "reopen"]),
        ("declare x --severity s", ["S1", "S2", "S3", "S4"]),
        ("severity 42 S", ["S1", "S2", "S3", "S4"]),
        ("assign 42 c", ["cmoc"]),
        ("assign 42 imoc m", ["me"]),
        (
            "update 42 x --to support,e",
            [f"support,{one}" for one in ("end-users", "estaff", "employees")],
        ),
        ("update 42 x --status mon", ["monitoring"]),
        ("completion z", ["zsh"]),
        ("policy c", ["check"]),
    ],
)
def test_the_tab_key_offers_what_may_stand_there(
    typed: str, offered: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("_MUSTER_COMPLETE", "bash_complete")
        patched.setenv("COMP_WORDS", f"muster {typed}")
        patched.setenv("COMP_CWORD", str(len(typed.split())))
        assert run([]) == 0
    assert capsys.readouterr().out.splitlines() == [f"plain,{one}" for one in offered]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"muster, version {project['version']}\n"
