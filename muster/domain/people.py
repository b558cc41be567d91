"""Rule 5, the exclusions: who may hold which role."""

from muster.domain import facts as f
from muster.domain.commands import AssignRole
from muster.domain.deciding import Context, Decision, Refusal, Verdict
from muster.domain.lifecycle import Phase
from muster.domain.ratings import ask_confirmation
from muster.domain.roles import Role, clash
from muster.domain.state import IncidentState, Result

TEAM = 100
"""So many people are on one OCIT."""


def assign_role(state: IncidentState, command: AssignRole, ctx: Context) -> Verdict:
    """Name the holder of a role, unless the pair is forbidden."""
    if state.roles.holds(command.person, command.role):
        return Decision(
            result=Result(message=f"{command.person} is {command.role.upper()} already")
        )
    if command.role is Role.OCIT and len(state.roles.ocit) >= TEAM:
        return Refusal("team_full", f"its OCIT has {TEAM} people already", "person")
    dedicated = ctx.policy.definition(state.severity).dedicated_cmoc
    found = clash(state.roles, command.role, command.person, dedicated_cmoc=dedicated)
    if found is not None:
        message = f"{found.reason}. Works: muster assign {state.address} {found.instead}"
        return Refusal("role_clash", message, "person")
    return Decision(_assigned(state, command, ctx))


def _assigned(state: IncidentState, command: AssignRole, ctx: Context) -> tuple[f.Fact, ...]:
    assigned = ctx.fact(
        f.RoleAssigned,
        role=command.role,
        person=command.person,
        replaced=_replaced(state, command.role),
    )
    if command.role is not Role.IMOC or state.phase is not Phase.ACTIVE:
        return (assigned,)
    return (assigned, *ask_confirmation(state, ctx, "a new IMOC"))


def _replaced(state: IncidentState, role: Role) -> str | None:
    holder = {Role.IMOC: state.roles.imoc, Role.CMOC: state.roles.cmoc}.get(role)
    return holder.person if holder else None
