"""The table of all commands; each is imported only when it is called."""

from importlib import import_module
from typing import Final

import click

from muster import VERSION
from starter.cli.options import SETTINGS, examples

COMMANDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Begin and look": {
        "declare": ("declaring:declare", "Declare an incident."),
        "show": ("looking:show", "Show one incident on one screen."),
        "list": ("looking:listing", "List incidents, the newest first."),
        "timeline": ("looking:timeline", "Show what happened."),
        "audit": ("auditing:audit", "Show every change and who asked."),
        "watch": ("watching:watch", "Follow live; Ctrl-C leaves."),
        "sync": ("syncing:sync", "Deliver what waits here."),
    },
    "Work on it": {
        "assign": ("speaking:assign", "Name who leads, communicates, fixes."),
        "note": ("speaking:note", "Put something on record for the team."),
        "update": ("speaking:update", "Tell audiences something."),
        "severity": ("speaking:severity", "Rate it again, or confirm."),
        "retry": ("speaking:retry", "Try again what needs a human."),
    },
    "End it": {
        "resolve": ("ending:resolve", "Say that the service is back."),
        "reopen": ("ending:reopen", "Say that it is not over."),
        "merge": ("ending:merge", "End it as a duplicate."),
        "cancel": ("ending:cancel", "End it as a false alarm."),
    },
    "Run Muster": {
        "up": ("processes:up", "Run everything here."),
        "demo": ("processes:demo", "Live through one incident."),
        "worker": ("processes:worker", "Run a worker."),
        "gateway": ("processes:gateway", "Run the HTTP gateway."),
        "oncall": ("duty:oncall", "Show who is on call, or check ahead."),
        "probe": ("probing:probe", "Test the whole way, unseen by people."),
        "policy": ("policies:policy", "Show or check the policy."),
        "completion": ("completion:completion", "Print or install shell completion."),
    },
}
_PLACES = {name: place for section in COMMANDS.values() for name, (place, _) in section.items()}

_EXITS = """\b
Exit codes:
  0  done
  1  anything else
  2  bad input, nothing was sent
  3  no such incident
  4  refused by a rule
  5  Temporal unreachable
  6  recorded, not yet applied: do not repeat it
  130  left with Ctrl-C"""


class Commands(click.Group):
    """A group that imports a command when it is called, and nothing for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None where there is none."""
        del ctx
        place = _PLACES.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        found: click.Command = getattr(import_module(f"starter.cli.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table."""
        del ctx
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, told) for name, (_, told) in section.items()])


app = click.version_option(VERSION, prog_name="muster")(
    Commands(
        "muster",
        help="Run incidents: declare one, and every promise of the process is kept.",
        epilog=examples(
            'muster declare "api errors" --severity S1 --service api',
            "muster assign 42 imoc me",
            'muster update 42 "We are looking into it." --to end-users --status investigating',
            "muster show 42",
        )
        + "\n\n"
        + _EXITS,
        context_settings=SETTINGS,
    )
)
