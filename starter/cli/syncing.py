"""``sync``: what was declared while Temporal could not be reached is delivered, each declaration once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from starter.cli import answers, page, times
from starter.cli.declaring import registered
from starter.cli.options import command
from starter.cli.page import Row
from starter.cli.session import Document, Session
from starter.cli.spool import NotKept, Spool, Spooled
from starter.failures import BadInput, Failure, Illegible, Refused, Unreachable


@command("sync", "muster sync", "muster sync --json")
def sync(session: Session) -> int:
    """Deliver what was declared while Temporal could not be reached."""
    spool = Spool()
    outcomes: list[Document] = []
    try:
        for one in list(spool.read()):
            outcomes.append(_became(session, spool, one))  # noqa: PERF401 - those before an error count
        waiting = spool.waiting()
    except Unreachable as failure:
        raise _with(failure, outcomes, spool.waiting()) from None
    except OSError as error:
        message = f"the spool {spool.path} does not do: {error.strerror}"
        raise _with(NotKept(message), outcomes, None) from None
    if refused := [one for one in outcomes if one["outcome"] == "refused"]:
        raise _with(_refusal(refused, len(outcomes)), outcomes, waiting)
    session.show(_document(outcomes, waiting), _rows(outcomes))
    late = any(one["outcome"] == "recorded" for one in outcomes)
    return answers.RECORDED if late else answers.DONE


def _became(session: Session, spool: Spool, one: Spooled | Path) -> Document:
    """Deliver one declaration; say what became of it. Raises Unreachable, OSError."""
    if isinstance(one, Path):
        strange = BadInput(f"{one.name} is no declaration of ours")
        return _aside(spool, one.stem, strange, {"id": one.stem, "title": one.name})
    named: Document = {"id": one.id, "key": one.key, "title": answers.titled(one.declaration)}
    named |= {"declared_at": one.at}
    address = session.run(lambda muster: muster.deliver(one.declaration))
    try:
        answer = registered(session, address, str(one.declaration.get("declared_by", "")))
    except Illegible:
        answer = None  # Temporal has it, and its answer is for those who have the key
    except (BadInput, Refused) as failure:
        return _aside(spool, one.id, failure, named)
    spool.remove(one)
    delivered = named | {"outcome": "delivered", "workflow_id": address.workflow_id}
    if answer is None:
        told = "recorded: its number is not known yet. Do not repeat it"
        return delivered | {"outcome": "recorded", "message": told}
    return delivered | {name: answer.get(name) for name in ("number", "severity", "phase")}


def _aside(spool: Spool, name: str, reason: Failure, named: Document) -> Document:
    kept = spool.set_aside(name)
    why = {"code": reason.code, "message": str(reason)}
    return named | {"outcome": "refused", **why, "kept_as": kept.name}


def _refusal(refused: list[Document], count: int) -> Failure:
    """Return bad input where any is that, else the rule's refusal."""
    message = f"{len(refused)} of {count} declarations refused, and kept aside"
    if any(one["code"] == BadInput.code for one in refused):
        return BadInput(message)
    return Refused({"code": refused[0]["code"], "message": message})


def _with(failure: Failure, outcomes: list[Document], waiting: int | None) -> Failure:
    """Return the failure with what became of each until then."""
    failure.beside = _document(outcomes, waiting)
    failure.rows = list(_told(outcomes))
    return failure


def _document(outcomes: list[Document], waiting: int | None) -> Document:
    return {"declarations": outcomes, "waiting": waiting}


def _rows(outcomes: list[Document]) -> Iterator[Row]:
    if not outcomes:
        yield Row("nothing waits to be delivered", style="green")
    yield from _told(outcomes)


def _told(outcomes: list[Document]) -> Iterator[Row]:
    now = datetime.now(UTC)
    for one in outcomes:
        if one["outcome"] == "refused":
            told = f"{one['title']}: {one['message']}; kept as {one['kept_as']}"
            yield Row(page.inert(told), label="Refused", style="yellow", whole=True)
            continue
        yield answers.head(one)
        when = f"delivered; declared {times.shown(one['declared_at'], now)}"
        yield Row(one.get("message") or when, whole=True)
