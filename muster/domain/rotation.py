"""Rotations as policy: who is on call for a role, by turns that stand here or in a calendar that the team keeps."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from muster.domain.model import Line, Person, Value
from muster.domain.spans import Positive

LAYERS = 9
"""So many layers has a rotation at most: the first is paged first."""
_LOCAL = "%Y-%m-%d %H:%M"
_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+:-]+(;[A-Z]+=[A-Z0-9,+:-]+)*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        message = "must be an IANA time zone, such as Europe/Berlin"
        raise ValueError(message) from None
    return name


def _local(text: object) -> datetime:
    if isinstance(text, datetime) and text.tzinfo is None:
        return text
    try:
        return datetime.strptime(str(text).replace("T", " "), _LOCAL)  # noqa: DTZ007 - the rotation has the zone
    except ValueError:
        message = 'must be a local time of the rotation\'s time zone, such as "2026-01-05 09:00"'
        raise ValueError(message) from None


def _rule(text: str) -> str:
    if not _RULE.fullmatch(text) or "FREQ=" not in text:
        message = 'must be a recurrence rule of RFC 5545, such as "FREQ=WEEKLY;BYDAY=MO"'
        raise ValueError(message)
    return text


Key = tuple[str, ...]
Zone = Annotated[Line, AfterValidator(_zone)]
Local = Annotated[
    datetime, BeforeValidator(_local), PlainSerializer(lambda at: at.strftime(_LOCAL))
]
"""A time of the wall clock in the rotation's time zone, to the minute."""
Rule = Annotated[Line, AfterValidator(_rule)]
Layer = Annotated[int, Field(ge=1, le=LAYERS)]
FeedName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A calendar's name; its address, which may hold a secret, stands in the environment as ``MUSTER_FEED_NAME``."""


class Turns(Value):
    """Who takes turns on one layer: members in their order, or the events of a calendar."""

    layer: Layer = 1
    members: Annotated[tuple[Person, ...], Field(max_length=200)] = ()
    start: Local | None = None
    """The first handover, to the first of the members."""
    every: Rule | None = None
    """When the next of the members takes over; left out: the one member has it always."""
    lasts: Positive | None = None
    """How long a turn lasts; left out: until the next handover."""
    feed: FeedName | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Turns":
        written = {"members": self.members, "start": self.start, "every": self.every}
        if self.feed is not None:
            beside = [name for name, value in written.items() if value] + ["lasts"] * bool(
                self.lasts
            )
            if beside:
                raise ValueError(f"{beside[0]}: a feed has its own")
        elif not self.members:
            raise ValueError("members: it has neither members nor a feed")
        elif (self.start is None) is not (self.every is None):
            raise ValueError("start: start and every go together")
        elif self.every is None and (len(self.members) > 1 or self.lasts is not None):
            raise ValueError("every: who takes turns needs to know when")
        return self


class Override(Value):
    """Somebody else for some time: on that layer nobody but them."""

    person: Person
    begins: Local
    ends: Local
    layer: Layer = 1

    @model_validator(mode="after")
    def _forward(self) -> "Override":
        if self.ends <= self.begins:
            raise ValueError("ends: must be after begins")
        return self


class Rotation(Value):
    """One rotation: its turns, layer by layer, and who stands in."""

    timezone: Zone = "UTC"
    turns: Annotated[tuple[Turns, ...], Field(min_length=1, max_length=50)]
    overrides: Annotated[tuple[Override, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _known_layers(self) -> "Rotation":
        for place, override in enumerate(self.overrides):
            if override.layer not in {one.layer for one in self.turns}:
                raise ValueError(f"overrides: of {place} the layer {override.layer} has no turns")
        return self

    def layers(self) -> int:
        """Return how many layers it has; one that is left out between others has nobody."""
        return max(one.layer for one in self.turns)

    def people(self) -> Iterator[tuple[Key, str]]:
        """Yield everyone who is named here, with the key."""
        for place, turns in enumerate(self.turns):
            for index, person in enumerate(turns.members):
                yield ("turns", str(place), "members", str(index)), person
        for place, override in enumerate(self.overrides):
            yield ("overrides", str(place), "person"), override.person


class OnCall(Value):
    """All rotations."""

    imoc: Rotation | None = None
    cmoc: Rotation | None = None
    ocit: Rotation | None = None
    """The on-call of services that have no rotation of their own."""
    services: dict[Line, Rotation] = {}
    private_addresses: bool = False
    """Whether a feed may be fetched from an address inside our own network."""

    def rotations(self) -> Iterator[tuple[Key, Rotation]]:
        """Yield every rotation with its key."""
        for name, rotation in (("imoc", self.imoc), ("cmoc", self.cmoc), ("ocit", self.ocit)):
            if rotation is not None:
                yield (name,), rotation
        for service, rotation in self.services.items():
            yield ("services", service), rotation
