"""Who may do what, by actor and source: a small table of policy, in which everyone may everything by default."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from muster.domain import commands as c
from muster.domain.model import Line, Value


class Permission(StrEnum):
    """What policy can restrict."""

    DECLARE = "declare"
    COMMAND = "command"
    CLOSE = "close"
    PRIVATE = "private"
    ADMINISTER = "administer"


class Grant(Value):
    """Whom a permission is for; patterns have ``*`` for any run of characters."""

    actors: tuple[Line, ...] = ("*",)
    sources: tuple[Line, ...] = ("*",)
    authenticated: bool = False
    """Only where the source vouches for the actor; a CLI's ``--as`` is no more than a claim."""


class Permissions(Value):
    """One grant for each permission."""

    declare: Grant = Grant()
    command: Grant = Grant()
    close: Grant = Grant()
    private: Grant = Grant()
    administer: Grant = Grant()


class Asker(Protocol):
    """Who asks, as a command or a declaration says."""

    @property
    def actor(self) -> str:
        """Return the handle."""
        ...

    @property
    def source(self) -> str:
        """Return through which door it came."""
        ...

    @property
    def authenticated(self) -> bool:
        """Tell whether that door vouches for the handle."""
        ...


_CLOSING = (c.Resolve, c.Merge, c.Cancel)
_OURS = (c.ReportAlerts, c.Absorb)
"""What workflows of ours send each other."""


def needed(command: c.Command) -> Permission | None:
    """Return the permission that a command needs; None for what only our own workflows send."""
    if isinstance(command, _OURS):
        return None
    if isinstance(command, c.RetryEffect):
        return Permission.ADMINISTER
    return Permission.CLOSE if isinstance(command, _CLOSING) else Permission.COMMAND


def denied(grants: Permissions, permission: Permission, asker: Asker) -> str | None:
    """Return why policy does not let the asker do this; None where it does."""
    grant: Grant = getattr(grants, permission.value)
    if grant.authenticated and not asker.authenticated:
        return f"policy lets only an authenticated actor {permission}; {asker.actor} is a claim"
    for value, patterns, what in (
        (asker.actor, grant.actors, "actors"),
        (asker.source, grant.sources, "sources"),
    ):
        if not any(fnmatchcase(value, pattern) for pattern in patterns):
            return f"policy lets {value} not {permission}: {what} are {', '.join(patterns)}"
    return None
