"""Who holds which role of an incident, and which pairs are forbidden."""

from enum import StrEnum

from muster.domain.model import Record


class Role(StrEnum):
    """IMOC leads, CMOC carries information, OCIT fixes."""

    IMOC = "imoc"
    CMOC = "cmoc"
    OCIT = "ocit"


class Holder(Record):
    """A person in a role; ``accepted`` is None until they were asked to accept."""

    person: str
    accepted: bool | None = None


class Roles(Record):
    """The holders of all roles; the OCIT is a team."""

    imoc: Holder | None = None
    cmoc: Holder | None = None
    ocit: tuple[Holder, ...] = ()

    def held_by(self, person: str) -> tuple[Role, ...]:
        """Return the roles of this person."""
        single = (
            role
            for role, holder in ((Role.IMOC, self.imoc), (Role.CMOC, self.cmoc))
            if holder and holder.person == person
        )
        team = (Role.OCIT for holder in self.ocit if holder.person == person)
        return (*single, *team)

    def holds(self, person: str, role: Role) -> bool:
        """Tell whether this person has this role."""
        return role in self.held_by(person)

    def with_holder(self, role: Role, person: str) -> "Roles":
        """Return the roles with this person named; a single role changes hands, the team grows."""
        holder = Holder(person=person)
        if role is Role.OCIT:
            return (
                self
                if self.holds(person, role)
                else self.model_copy(update={"ocit": (*self.ocit, holder)})
            )
        return self.model_copy(update={role.value: holder})

    def without_cmoc(self) -> "Roles":
        """Return the roles with nobody named as CMOC."""
        return self.model_copy(update={"cmoc": None})


class Clash(Record):
    """Why a person may not take a role, and what would work instead."""

    reason: str
    instead: str


def clash(roles: Roles, role: Role, person: str, *, dedicated_cmoc: bool) -> Clash | None:
    """Return what forbids this person this role, or None. ``instead`` is a command without the incident's number."""
    held = roles.held_by(person)
    for other in held:
        if {role, other} == {Role.IMOC, Role.OCIT}:
            return Clash(
                reason=f"{person} is on this incident as {other.upper()}: the IMOC leads and never does the technical fix",
                instead=f"{role} SOMEONE-ELSE",
            )
        if dedicated_cmoc and Role.CMOC in {role, other} and role is not other:
            return Clash(
                reason=f"{person} is on this incident as {other.upper()}: its CMOC is dedicated and holds no other role",
                instead=f"{role} SOMEONE-ELSE",
            )
    return None


def cmoc_loses_place(roles: Roles, *, dedicated_cmoc: bool) -> bool:
    """Tell whether the named CMOC holds another role at a severity that needs a dedicated one."""
    return dedicated_cmoc and roles.cmoc is not None and len(roles.held_by(roles.cmoc.person)) > 1
