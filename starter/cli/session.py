"""One run of a command: who asks, how the answer is shown, and the one door to Temporal."""

import asyncio
import contextlib
import getpass
import json
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from starter.cli import fields, page
from starter.cli.asking import which_incident
from starter.cli.words import Target
from starter.failures import BadInput, Interrupted

if TYPE_CHECKING:
    from starter.client import Address, Muster

Document = dict[str, Any]
T = TypeVar("T")

OPEN = frozenset({"active", "resolved"})


class Session:
    """What a command has in its hands."""

    def __init__(self, *, as_json: bool, given_actor: str | None) -> None:
        self.as_json = as_json
        self._given_actor = given_actor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._muster: Muster | None = None

    @property
    def actor(self) -> str:
        """Return who asks: ``--as``, else MUSTER_AS, else the login. Raises BadInput."""
        if self._given_actor is not None:
            return fields.checked("as", fields.person, self._given_actor)
        if named := os.environ.get("MUSTER_AS"):
            return fields.checked("MUSTER_AS", fields.person, named)
        return fields.checked("as", fields.person, _login())

    @property
    def reader(self) -> str:
        """Return who reads: the same, or nobody where the login has no name to ask by."""
        if self._given_actor is None and "MUSTER_AS" not in os.environ:
            with contextlib.suppress(BadInput):
                return self.actor
            return ""
        return self.actor

    def person(self, field: str, word: str) -> str:
        """Return the person; ``me`` is who asks."""
        return (
            self.actor
            if word.strip().lower() == "me"
            else fields.checked(field, fields.person, word)
        )

    @property
    def interactive(self) -> bool:
        """Tell whether somebody is there to be asked."""
        return not self.as_json and sys.stdin.isatty() and sys.stderr.isatty()

    # Temporal.

    def run(self, ask: Callable[["Muster"], Awaitable[T]]) -> T:
        """Return what the operation returns, on the one connection of this run. Raises Failure."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        try:
            return self._loop.run_until_complete(self._asked(ask))
        except KeyboardInterrupt:
            message = (
                "interrupted: it may be on its way; look with muster show before you repeat it"
            )
            raise Interrupted(message) from None

    async def _asked(self, ask: Callable[["Muster"], Awaitable[T]]) -> T:
        if self._muster is None:
            from starter.client import Muster

            self._muster = await Muster.connect()
        return await ask(self._muster)

    def address(self, target: Target, phases: Iterable[str] = OPEN) -> "Address":
        """Return where the incident is; left out, it is the only one in these phases."""
        if target.number is not None:
            number = target.number
            return self.run(lambda muster: muster.address(number))
        if target.workflow_id is not None:
            return self._addressed({"workflow_id": target.workflow_id})
        begun = time.monotonic()
        entry = self._only(frozenset(phases))
        return self._addressed(entry, entry, time.monotonic() - begun)

    def _addressed(
        self, named: Document, entry: Document | None = None, waited: float = 0.0
    ) -> "Address":
        from starter.client import Address

        return Address(named["workflow_id"], named.get("number"), entry, waited)

    def _only(self, phases: frozenset[str]) -> Document:
        entries = self.run(lambda muster: muster.entries(standing=True))
        meant = [entry for entry in entries if entry["phase"] in phases]
        if len(meant) == 1:
            return meant[0]
        if not meant:
            message = f"N: no incident is {' or '.join(sorted(phases))}; name one, such as 42"
            raise BadInput(message, "N")
        if self.interactive:
            return which_incident(meant)
        which = ", ".join(
            f"#{entry['number']} {page.inert(entry['title'])}" for entry in meant[:10]
        )
        message = f"N: say which of the {len(meant)} incidents: {which}"
        raise BadInput(message, "N")

    def send(self, address: "Address", name: str, given: Document) -> Document | None:
        """Return the answer to a command, or None where it was only recorded. Raises Failure."""
        payload = {
            "command_id": f"cli-{uuid.uuid4()}",
            "actor": self.actor,
            "source": "cli",
            "number": address.number,
        } | {field: value for field, value in given.items() if value is not None}
        return self.run(lambda muster: muster.command(address, name, payload))

    # Output.

    def show(self, document: object, rows: Iterable[page.Row]) -> None:
        """Write the answer: the document for programs, or the rows for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(document) + "\n")
        else:
            page.write(rows)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        message = "as: this login has no name; say --as PERSON or set MUSTER_AS"
        raise BadInput(message, "as") from None
