"""The command line: ``muster``."""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from starter.cli.answers import refused
from starter.cli.app import app
from starter.cli.page import inert, write
from starter.failures import BadInput, Failure, Interrupted, Refused


def main() -> NoReturn:
    """Run the command of this process, and leave with its exit code."""
    leave(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code. Everything that goes wrong ends here."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # not a TextIO in tests
    try:
        return int(
            app.main(list(arguments) or ["--help"], prog_name="muster", standalone_mode=False) or 0
        )
    except SystemExit as leaving:  # click's shell completion
        return leaving.code if isinstance(leaving.code, int) else 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a person gets a sentence, not a stack
        return _tell(_failure(error), as_json="--json" in arguments)


def _failure(error: BaseException) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return Interrupted("left: nothing was sent")
    if isinstance(error, click.UsageError):
        return BadInput(_usage(error), _field(error))
    if isinstance(error, BrokenPipeError):
        return Failure("nobody reads the output")
    return Failure(f"unexpected: {type(error).__name__}: {error}")


def _field(error: click.UsageError) -> str | None:
    """Return the option or argument at fault, as it is typed and without its dashes."""
    if isinstance(error, click.BadParameter) and error.param is not None:
        return error.param.opts[0].lstrip("-")
    name = getattr(error, "option_name", None) or getattr(error, "command_name", None)
    return str(name).lstrip("-") if name else None


def _usage(error: click.UsageError) -> str:
    field = _field(error)
    if isinstance(error, click.BadParameter) and field is not None:
        return f"{field}: {error.message}"
    where = error.ctx.command_path if error.ctx else "muster"
    return f"{error.format_message()} See {where} --help"


def _tell(failure: Failure, *, as_json: bool) -> int:
    """Write the failure: one document on stdout for programs, a sentence on stderr for people."""
    message = inert(failure)
    if as_json:
        found = {"code": failure.code, "message": message, "field": failure.field}
        sys.stdout.write(json.dumps({"error": found, **failure.beside}) + "\n")
    elif isinstance(failure, Refused):
        write([*refused(failure.answer), *failure.rows], sys.stderr)
    else:
        sys.stderr.write(f"muster: {message}\n")
        write(failure.rows, sys.stderr)
    return failure.exit_code


def leave(code: int) -> NoReturn:
    """Leave at once: after success the SDK may die at a regular exit (sdk-python#300)."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
