"""The process that unfolds: sources as JSON on stdin, what became of each as JSON on stdout."""

import contextlib
import json
import resource
import sys

from muster.oncall import reading
from muster.oncall.unfolding import EXHAUSTED, MEMORY, PATIENCE, Source, Unfolded


def main() -> None:
    """Unfold every source that stands on stdin."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(PATIENCE), int(PATIENCE)))
    with contextlib.suppress(ValueError, OSError):  # a system that knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        sources = [Source.model_validate(one) for one in json.load(sys.stdin)]
        json.dump([_unfolded(one).model_dump(mode="json") for one in sources], sys.stdout)
    except MemoryError:
        sys.exit(EXHAUSTED)


def _unfolded(source: Source) -> Unfolded:
    try:
        found = _read(source)
    except reading.Unreadable as error:
        return Unfolded(error=str(error))
    shifts = (
        (int(one.start.timestamp()), int(one.end.timestamp()), one.person) for one in found.shifts
    )
    return Unfolded(shifts=tuple(shifts), unknown=tuple(found.unknown))


def _read(source: Source) -> reading.Read:
    span = source.since, source.until
    if source.turns is not None:
        return reading.Read(reading.turns(source.turns, source.timezone, *span), [])
    return reading.calendar(source.text, source.timezone, source.names, *span)


if __name__ == "__main__":
    main()
