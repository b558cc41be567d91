"""What all stand-ins share: a call, a reply, and a table of routes."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Fields = dict[str, Any]


@dataclass
class Call:
    """One request as a vendor sees it: fields of query, form or JSON in one place."""

    vendor: str
    method: str
    path: str
    fields: Fields
    token: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Reply:
    """What a vendor answers, and whether it has written anything."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    committed: bool = False


class Unfit(ValueError):
    """A field does not have the form that the vendor documents; the message is its name."""


Handler = Callable[..., Reply]
Route = tuple[str, re.Pattern[str], str]


def route(method: str, path: str, handler: str) -> Route:
    """Return a route; ``{name}`` in the path is one segment."""
    return method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"\Z"), handler


class Vendor(ABC):
    """A stand-in: its routes, its way of refusing a token, its state."""

    name: str
    routes: tuple[Route, ...]

    def answer(self, call: Call) -> Reply:
        """Return the reply to a call."""
        refused = self.refuse(call)
        if refused is not None:
            return refused
        for method, pattern, handler in self.routes:
            found = pattern.match(call.path)
            if found and method == call.method:
                answering: Handler = getattr(self, handler)
                return self._answered(answering, call, found.groupdict())
        return self.unknown(call)

    def _answered(self, answering: Handler, call: Call, found: dict[str, str]) -> Reply:
        try:
            return answering(call, **found)
        except Unfit as error:
            return self.unfit(str(error))

    @abstractmethod
    def refuse(self, call: Call) -> Reply | None:
        """Return the reply to a call without the right."""

    @abstractmethod
    def unknown(self, call: Call) -> Reply:
        """Return the reply to a route that there is not."""

    @abstractmethod
    def unfit(self, field: str) -> Reply:
        """Return the reply to a field that cannot be read."""

    @abstractmethod
    def dump(self) -> Fields:
        """Return the state as JSON has it."""

    @abstractmethod
    def load(self, state: Fields) -> None:
        """Take over a state."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew."""


def now() -> str:
    """Return this instant as RFC 3339 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(given: Fields, name: str, default: int) -> int:
    """Return a field as a whole number from 0. Raises Unfit."""
    text = str(given.get(name) or default)
    if not (text.isascii() and text.isdecimal()):
        raise Unfit(name)
    return int(text)


def truth(given: Fields, name: str) -> bool:
    """Tell whether a field of a query, a form or JSON says yes."""
    return str(given.get(name, "")).lower() in {"true", "1"}


class Counter:
    """Gives out numbers, none twice: not after a restart, and not after what had the highest is gone."""

    def __init__(self, first: int) -> None:
        self.last = first - 1

    def next(self) -> int:
        """Return the next number."""
        self.last += 1
        return self.last

    def resume(self, *taken: object) -> None:
        """Go on after all of these."""
        self.last = max(self.last, *(int(str(one)) for one in taken))
