"""What a workflow carries of a long record, and what the tracker has of it, are one record."""

from typing import Any

import pytest

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.evolve import evolve
from starter.recalling import _joined
from tests.domain.life import START, Life


def plain(facts: tuple[f.Fact, ...]) -> list[dict[str, Any]]:
    return [fact.model_dump(mode="json") for fact in facts]


@pytest.mark.parametrize("budget", [0, 1_000, 3_000])
def test_older_and_newer_are_joined_without_a_gap_or_a_double(budget: int) -> None:
    life = Life()
    for count in range(20):
        life.must(c.AddNote, text=f"note {count}")
        if count % 5 == 4:
            exported = f.Exported(at=START, upto=life.state.sequence)
            life.state = evolve(life.state, exported).model_copy(
                update={"exported": life.state.sequence}
            )
    every = plain(life.state.facts)
    carried = plain(life.state.trimmed(budget).facts)
    assert 0 < len(carried) < len(every)
    older = every[: life.state.exported]
    assert _joined(older, carried) == every
    assert _joined(older[: len(every) - len(carried) - 1], carried) is None
