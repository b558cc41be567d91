"""Stand-ins: somebody else on a layer of a rotation for some time, arranged while the rotations run."""

from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, model_validator

from muster.domain.model import Id, Line, Person, Reason, Record, Time, Value
from muster.domain.roles import Role
from muster.domain.rotation import Layer

SERVICE = "service:"
"""Stands before a service's name in the name of its rotation."""
LONGEST = timedelta(days=366)
ROOM = 500
"""So many are kept at most that are not over."""
REMEMBERED = timedelta(days=7)
"""So long one is known after its end: a command that comes again late changes nothing."""


def _rotation(name: str) -> str:
    role, of_service = name in set(Role), name.startswith(SERVICE) and name != SERVICE
    if not role and not of_service:
        message = f"must be {', '.join(Role)} or {SERVICE}NAME"
        raise ValueError(message)
    return name


RotationName = Annotated[Line, AfterValidator(_rotation)]


class Asked(Value):
    """What both messages carry."""

    command_id: Id
    actor: Person


class StandIn(Asked):
    """Put a person, and nobody else, on a layer for some time."""

    rotation: RotationName
    layer: Layer = 1
    person: Person
    begins: Time
    ends: Time
    reason: Reason | None = None

    @model_validator(mode="after")
    def _some_time(self) -> "StandIn":
        if self.ends <= self.begins:
            raise ValueError("ends: must be after begins")
        if self.ends - self.begins > LONGEST:
            raise ValueError(f"ends: must be within {LONGEST.days} days of begins")
        return self


class Withdraw(Asked):
    """Let the rotation be again as it was without a stand-in."""

    stand_in: Id


class Arranged(Record):
    """A stand-in as it is kept; its id is that of its command."""

    id: str
    by: str
    rotation: str
    layer: int
    person: str
    begins: Time
    ends: Time
    reason: str | None = None
    withdrawn_by: str | None = None


class StandIns(Record):
    """All of them, in the order in which they were arranged; of two for one time the later counts."""

    arranged: tuple[Arranged, ...] = ()

    def standing(self, now: datetime) -> tuple[Arranged, ...]:
        """Return those that are neither over nor withdrawn."""
        return tuple(one for one in self.arranged if one.ends > now and not one.withdrawn_by)

    def remembered(self, now: datetime) -> "StandIns":
        """Return them without what has been over for long."""
        return StandIns(arranged=tuple(one for one in self.arranged if one.ends + REMEMBERED > now))

    def find(self, stand_in: str) -> Arranged | None:
        """Return the one with this id."""
        return next((one for one in self.arranged if one.id == stand_in), None)


class Wrong(NamedTuple):
    """Which field of a message does not do, and why."""

    field: str
    text: str


def refusal(state: StandIns, asked: StandIn | Withdraw, now: datetime) -> Wrong | None:
    """Return why this cannot be arranged, or None; what came once is never refused later."""
    if isinstance(asked, Withdraw):
        known = state.remembered(now).find(asked.stand_in) is not None
        unknown = Wrong("stand_in", "there is no such override, or it was over long ago")
        return None if known else unknown
    if state.find(asked.command_id):
        return None
    if asked.ends <= now:
        return Wrong("ends", f"{asked.ends:%Y-%m-%d %H:%M} UTC has passed")
    if len(state.standing(now)) >= ROOM:
        return Wrong("stand_in", f"there are {ROOM} already: withdraw what is not needed")
    return None


def applied(state: StandIns, asked: StandIn | Withdraw, now: datetime) -> StandIns:
    """Return what is kept after this, without what has been over for long; twice is the same as once."""
    kept = state.remembered(now)
    if isinstance(asked, Withdraw):
        return StandIns(arranged=tuple(_withdrawn(one, asked) for one in kept.arranged))
    if kept.find(asked.command_id):
        return kept
    given = asked.model_dump(exclude={"command_id", "actor"})
    added = Arranged(id=asked.command_id, by=asked.actor, **given)
    return StandIns(arranged=(*kept.arranged, added))


def _withdrawn(one: Arranged, asked: Withdraw) -> Arranged:
    if one.id != asked.stand_in or one.withdrawn_by:
        return one
    return one.model_copy(update={"withdrawn_by": asked.actor})
