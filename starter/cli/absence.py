"""What people do while Temporal cannot be reached: the declaration is kept, and policy says how to go on by hand."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starter.cli import answers, page
from starter.cli.page import Row
from starter.cli.spool import NotKept, Spool, Spooled
from starter.failures import BadInput, Unreachable

if TYPE_CHECKING:
    from muster.domain.policy import Fallback

Document = dict[str, Any]


def kept(declaration: Document, failure: Unreachable) -> Unreachable:
    """Return the failure, with what has become of the declaration and the checklist."""
    try:
        spool = Spool()
        found = spool.keep(declaration)
    except NotKept as reason:
        failure.beside = {"spooled": False, "reason": str(reason)}
        failure.rows = [_lost(reason), *_checklist()]
        return failure
    failure.beside = {"spooled": True, "id": found.id, "key": found.key}
    failure.rows = [*_safe(found, spool), *_checklist(), answers.next_step("muster sync")]
    return failure


def _lost(reason: NotKept) -> Row:
    told = f"{page.inert(reason)}: declare it again when Temporal is back"
    return Row(told, label="Not kept", style="bold red", whole=True)


def _safe(found: Spooled, spool: Spool) -> Iterator[Row]:
    title = page.inert(answers.titled(found.declaration))
    yield Row(f'"{title}", as {found.id}', label="Kept", whole=True)
    yield Row(f"in {page.inert(spool.path)}, {spool.waiting()} waiting", indented=True, whole=True)


def _checklist() -> Iterator[Row]:
    fallback, trouble = _fallback()
    yield Row("Go on without Muster until then:", style="bold")
    for place, line in enumerate(fallback.checklist, 1):
        yield Row(page.inert(line), label=f"{place}.", whole=True)
    for label, where in (("Meet", fallback.bridge), ("Write", fallback.channel)):
        if where:
            yield Row(page.inert(where), label=label, whole=True)
    if trouble:
        yield Row(f"These are the defaults: {trouble}", style="yellow", whole=True)


def _fallback() -> "tuple[Fallback, str]":
    """Return what policy says, else the defaults and why it is they."""
    from muster.domain.policy import Fallback
    from starter.cli.policies import in_force

    try:
        return in_force().fallback, ""
    except BadInput as error:
        return Fallback(), page.inert(error)


def hint() -> None:
    """Tell a person at a terminal that declarations wait; nothing to anyone else."""
    if not sys.stderr.isatty():
        return
    try:
        waiting = Spool().waiting()
    except (OSError, NotKept):
        return  # who declares is told
    if waiting:
        what = "1 declaration waits" if waiting == 1 else f"{waiting} declarations wait"
        told = f"{what} to be delivered: muster sync"
        page.write([Row(told, style="yellow", whole=True)], sys.stderr)
