"""The severity a person is asked for, with the definitions of the policy in view."""

from typing import TYPE_CHECKING

from starter.cli import asking
from starter.cli.page import Row, inert
from starter.cli.session import Session

if TYPE_CHECKING:
    from muster.domain.policy import Definition


def asked(session: Session, *, declaring: bool = False) -> str | None:
    """Return the person's choice; None where nobody is there, or policy is to say."""
    if not session.interactive:
        return None
    from starter.cli.policies import in_force

    policy = in_force()
    rows = [row for name, one in policy.severity for row in _rows(name, one)]
    return asking.severity(rows, default=policy.declare.severity if declaring else None)


def _rows(name: str, meaning: "Definition") -> list[Row]:
    facets = f"users: {meaning.users}; service: {meaning.service}"
    return [Row(inert(meaning.name), label=name), Row(inert(facets), indented=True, style="dim")]
