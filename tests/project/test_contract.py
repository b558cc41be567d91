"""The contract's page names everything that others build on."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from muster import messages, names
from muster.domain.effects import EffectState
from muster.domain.policy import Policy
from muster.settings import Settings
from starter.cli.app import app as group
from starter.client import SUMMARY_FIELDS
from starter.failures import Failure
from starter.gateway.app import Gateway
from starter.gateway.codec import CodecServer
from starter.gateway.metrics import Metrics
from starter.gateway.settings import PORT
from starter.stack.places import Ports

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contract.md").read_text()


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}.")
        elif name not in {"audiences", "people"}:
            yield f"{prefix}{name}"


def named() -> Iterator[str]:
    yield from (*messages.COMMANDS, *names.SEARCH_ATTRIBUTES, *EffectState, *messages.Outcome)
    yield from (names.REGISTERED, names.SNAPSHOT, names.TIMELINE, names.RECORD)
    yield from (names.LEDGER_REGISTER, names.LEDGER_CLOSE, names.LEDGER_REOPEN, names.LEDGER_END)
    yield from (names.LEDGER_ENTRY, names.LEDGER_OPEN, names.LEDGER_RECENT, names.LEDGER_CLAIM)
    for model in (messages.IncidentInput, messages.Answer, messages.Snapshot):
        yield from model.model_fields
    for command_model in messages.COMMANDS.values():
        yield from command_model.model_fields
    yield from (name.upper() for name in Settings.model_fields)
    yield from keys(Policy)
    yield from variables()


def variables() -> set[str]:
    """Return every variable of ours that the code names, wherever it reads it; what ends in _ is only how some begin."""
    rooms = ("muster", "activities", "workflows", "workers", "starter")
    texts = (path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py"))
    return {found for text in texts for found in re.findall(r"\bMUSTER_[A-Z_]*[A-Z]\b", text)}


def table(head: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the table that begins so; in a cell a bar is written with a backslash."""
    rule = re.sub(r"[^|]+", " --- ", head)
    rows = PAGE.partition(f"{head}\n{rule}\n")[2].partition("\n\n")[0].splitlines()
    for row in rows:
        cells = re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))
        yield [cell.strip().replace("\\|", "|") for cell in cells]


def paragraph(beginning: str) -> str:
    """Return the one paragraph that begins so."""
    (found,) = (one for one in PAGE.split("\n\n") if one.startswith(beginning))
    return found


def options(command: click.Command) -> set[str]:
    return {name for one in command.params if isinstance(one, click.Option) for name in one.opts}


def arguments(command: click.Command) -> str:
    """Return the grammar of what stands behind a command without a name."""
    found = [one.metavar or one.name for one in command.params if isinstance(one, click.Argument)]
    return " ".join(map(str, found))


def failures(kind: type[Failure] = Failure) -> Iterator[type[Failure]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from failures(narrower)


def test_variables_are_found_where_no_settings_model_has_them() -> None:
    assert {"MUSTER_AS", "MUSTER_GATEWAY_TOKEN", "MUSTER_GATEWAY_PORT"} <= variables()


def test_the_page_has_every_command_with_its_own_arguments_and_options_and_no_other() -> None:
    told = {
        name.strip("`"): (words.strip("`"), set(re.findall(r"`(-[a-z-]+)`", cell)))
        for name, words, cell in table("| command | arguments | options |")
    }
    assert told == {name: (arguments(one), options(one)) for name, one in commands()}


def test_the_page_has_every_exit_code_and_no_other() -> None:
    told = {int(code) for code, _ in table("| exit code | |")}
    assert told == {0, *(failure.exit_code for failure in failures())}


def test_the_page_has_the_documents_of_list_and_timeline() -> None:
    listed, line = paragraph("`list` answers"), paragraph("`timeline` answers")
    assert [name for name in SUMMARY_FIELDS if f"`{name}`" not in listed] == []
    assert [name for name in messages.TimelineEntry.model_fields if f"`{name}`" not in line] == []


def test_the_page_has_every_metric_of_the_gateway() -> None:
    (answer,) = (cell for route, cell in table("| route | answers |") if "/metrics" in route)
    told = set(re.findall(r"`(muster_\w+)`", answer))
    assert told == {family.name for family in Metrics().registry.collect()}


def test_the_page_has_the_ports_of_the_gateway() -> None:
    (told,) = (cell for name, cell in table("| variable | of |") if name == "`MUSTER_GATEWAY_PORT`")
    assert re.findall(r"\d+", told) == [str(PORT), str(Ports().gateway)]


@pytest.mark.parametrize("name", sorted(set(named())))
def test_the_page_names_it(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_page_names_every_route() -> None:
    source = inspect.getsource(Gateway) + inspect.getsource(CodecServer)
    routes = [
        word.strip('"')
        for word in source.replace(",", " ").replace("(", " ").split()
        if word.startswith('"/')
    ]
    assert routes
    for route in routes:
        assert route in PAGE


def test_each_rule_says_what_the_handbook_says_what_we_decided_and_what_shows_it() -> None:
    page = (ROOT / "docs" / "rules.md").read_text()
    rows = re.findall(r"^\| (?=\d)(.*) \|$", page, re.MULTILINE)
    assert {row.split(" ")[0] for row in rows} == {str(rule) for rule in range(1, 11)}
    for row in rows:
        _, handbook, decided, shown = row.split(" | ")
        assert handbook.strip(), row
        assert decided.strip(), row
        assert re.fullmatch(r"`tests/\S+::\w+`(, `tests/\S+::\w+`)*", shown), row


def test_the_documents_name_only_tests_that_there_are() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for word in page.read_text().replace("`", " ").split():
            if word.startswith("tests/") and "::" in word:
                file, _, name = word.strip(".,;)").partition("::")
                assert f"def {name}(" in (ROOT / file).read_text(), f"{page.name}: {word}"
