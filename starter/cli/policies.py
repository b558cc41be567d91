"""``policy``: the policy in force, and whether a file would do."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from starter.cli.options import command, offered
from starter.cli.page import Row, inert
from starter.cli.session import Session
from starter.failures import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from muster.domain.policy import Policy


class BadPolicy(BadInput):
    """A policy file does not do; ``field`` is the key."""

    code = "bad_policy"


def in_force() -> "Policy":
    """Return the policy of MUSTER_POLICY, else the defaults. Raises BadPolicy."""
    path = os.environ.get("MUSTER_POLICY")
    if path:
        return read(path)
    from muster.domain.policy import Policy

    return Policy()


def read(path: str) -> "Policy":
    """Return the policy of a file. Raises BadPolicy that names line and key."""
    from muster.policy import PolicyError, load

    try:
        return load(Path(path))
    except PolicyError as error:
        raise BadPolicy(inert(error), error.key or None) from None


@command("policy", "muster policy", "muster policy check muster.toml", "muster policy --json")
@click.argument(
    "words", nargs=-1, metavar="[show | check FILE]", shell_complete=offered(("show", "check"))
)
def policy(session: Session, words: tuple[str, ...]) -> int:
    """Show the policy in force here, or check a file: errors name the line."""
    match words:
        case () | ("show",):
            _show(session)
        case ("check", path):
            _check(session, path)
        case ("check",):
            message = "FILE: is missing; give it as muster policy check FILE"
            raise BadInput(message, "FILE")
        case _:
            message = f"must be show or check FILE, not {' '.join(words)!r}"
            raise BadInput(message, None)
    return 0


def _show(session: Session) -> None:
    found = in_force()
    origin = os.environ.get("MUSTER_POLICY") or "the defaults (MUSTER_POLICY is not set)"
    document = found.model_dump(mode="json")
    head = Row(f"# {inert(origin)}, digest {found.digest()}", style="dim", whole=True)
    session.show(document, [head, *_rows(document, ())])


def _check(session: Session, path: str) -> None:
    found = read(path)
    told = f"{inert(path)} is a valid policy, digest {found.digest()}"
    session.show({"valid": True, "path": path, "digest": found.digest()}, [Row(told, whole=True)])


def _rows(table: "Mapping[str, object]", above: tuple[str, ...]) -> "Iterator[Row]":
    """Yield a table as TOML, its own keys before the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if plain and above:
        yield Row("")
        yield Row(f"[{'.'.join(above)}]", style="bold")
    for key, value in plain.items():
        if value is not None:
            yield Row(f"{key} = {_value(value)}", whole=True)
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _rows(value, (*above, key))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return f'"{inert(value)}"' if isinstance(value, str) else str(value)
