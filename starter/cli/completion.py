"""``completion``: the Tab key, for bash, zsh and fish."""

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from starter.cli import fields
from starter.cli.options import command, offered
from starter.cli.page import Row
from starter.cli.session import Session
from starter.failures import BadInput, Failure

SHELLS = ("bash", "zsh", "fish")
_PLACES = {
    "bash": ".local/share/bash-completion/completions/muster",
    "zsh": ".zfunc/_muster",
    "fish": ".config/fish/completions/muster.fish",
}
_HINTS = {
    "bash": "open a new shell",
    "zsh": "put `fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit` into ~/.zshrc",
    "fish": "open a new shell",
}


@command(
    "completion",
    "muster completion bash --install",
    'eval "$(muster completion zsh)"',
    "muster completion fish | source",
)
@click.argument("words", nargs=-1, metavar="bash|zsh|fish", shell_complete=offered(SHELLS))
@click.option("--install", is_flag=True, help="Write it to where the shell looks for it.")
def completion(session: Session, words: tuple[str, ...], *, install: bool) -> int:
    """Print the completion script of a shell, or install it."""
    if len(words) != 1:
        message = f"shell: give one of {', '.join(SHELLS)}"
        raise BadInput(message, "shell")
    shell = fields.checked("shell", fields.one_of(SHELLS), words[0])
    script = _script(shell)
    if install:
        path = _installed(shell, script)
        told = Row(f"written to {path}; {_HINTS[shell]}", whole=True)
        session.show({"shell": shell, "path": str(path)}, [told])
    else:
        rows = [Row(line, whole=True) for line in script.splitlines()]
        session.show({"shell": shell, "script": script}, rows)
    return 0


def _script(shell: str) -> str:
    from starter.cli.app import app

    found = get_completion_class(shell)
    if found is None:
        message = f"shell: {shell} is not known"
        raise BadInput(message, "shell")
    maker = found(app, {}, "muster", "_MUSTER_COMPLETE")
    return maker.source_template % maker.source_vars()


def _installed(shell: str, script: str) -> Path:
    path = Path.home() / _PLACES[shell]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise Failure(message) from None
    return path
