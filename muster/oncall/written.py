"""Whether the turns that stand in a policy can be unfolded, asked when the policy is read and never when somebody is paged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from muster.domain.rotation import Key, OnCall
from muster.oncall.unfolding import Source, unfold

AHEAD = timedelta(days=31)
PATIENCE = 15.0


def unreadable(oncall: OnCall) -> Iterator[tuple[Key, str]]:
    """Yield the key of each turns that do not do, and why."""
    now = datetime.now(UTC)
    asked = [
        (("oncall", *key, "turns", str(place)), rotation.timezone, turns)
        for key, rotation in oncall.rotations()
        for place, turns in enumerate(rotation.turns)
        if turns.every is not None
    ]
    sources = [
        Source(timezone=timezone, since=now, until=now + AHEAD, turns=turns)
        for _, timezone, turns in asked
    ]
    for (key, _, _), found in zip(asked, unfold(sources, PATIENCE), strict=True):
        if found.error is not None:
            field, told, why = found.error.partition(": ")
            yield ((*key, field), why) if told else (key, found.error)
