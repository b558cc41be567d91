"""The severity a person is asked for, with the definitions of the policy in view."""

from typing import TYPE_CHECKING

from starter.cli import asking
from starter.cli.page import Row, inert
from starter.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muster.domain.policy import Definition

_FACETS = ("users", "service", "performance")
"""What a severity says beside its name; a dash says nothing."""


def asked(session: Session, *, declaring: bool = False) -> str | None:
    """Return the person's choice; None where nobody is there, or policy is to say."""
    if not session.interactive:
        return None
    from starter.cli.policies import in_force

    policy = in_force()
    rows = [row for name, one in policy.severity for row in _rows(name, one)]
    return asking.severity(rows, default=policy.declare.severity if declaring else None)


def _rows(name: str, meaning: "Definition") -> "Iterator[Row]":
    yield Row(inert(meaning.name), label=name)
    for facet in _FACETS:
        if (told := inert(getattr(meaning, facet))) != "-":
            yield Row(f"{facet}: {told}", indented=True, style="dim")
