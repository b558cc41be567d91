"""The record as the tracker keeps it: in parts that fit, read back whole, and honest about what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain import record
from muster.domain.alerts import Alert
from muster.domain.effects import EffectState, Receipt
from muster.domain.evolve import evolve
from muster.domain.outbox import Outbox
from muster.domain.plan import plan
from tests.domain.life import START, Life


def noted(text: str, at: int = 0) -> f.Noted:
    return f.Noted(
        at=START, actor="ana", source="cli", command_id="c", sequence=at, text=text, by="ana"
    )


def texts(facts: list[f.Fact], first: int = 0) -> list[str]:
    return [text for _, text, _ in record.parts(facts, first)]


def test_every_change_has_its_actor_source_command_id_and_time() -> None:
    life = Life()
    life.must(c.AddNote, "ben", text="looked", source="gateway", authenticated=True)
    facts, complete = record.read(texts(list(life.state.facts)))
    assert complete
    assert facts == life.state.facts
    last = facts[-1]
    assert (last.actor, last.source, last.authenticated) == ("ben", "gateway", True)
    assert (last.command_id, last.at) == ("c0", START)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=12), st.integers(0, 11))
def test_any_words_are_read_back_from_any_parts(words: list[str], cut: int) -> None:
    clean = [word.encode(errors="replace").decode() for word in words]
    facts: list[f.Fact] = [noted(word, place) for place, word in enumerate(clean)]
    early, late = texts(facts[:cut]), texts(facts[cut:], min(cut, len(facts)))
    assert record.read([*late, *early]) == (tuple(facts), True)


def test_lines_that_only_look_like_ends_of_lines_are_none() -> None:
    fact = noted("one\u2028two\x0bthree\u0085four")
    assert record.read(texts([fact])) == ((fact,), True)


def test_a_part_is_never_too_long_for_a_note() -> None:
    alerts = tuple(
        Alert(fingerprint=str(one), name="x", service="web", firing=True, starts_at=START, summary="s" * 1_000)
        for one in range(100)
    )  # fmt: skip
    facts: list[f.Fact] = [f.AlertsReported(at=START, alerts=alerts) for _ in range(12)]
    parts = list(record.parts(facts, 5))
    assert len(parts) > 1
    assert all(len(text) < record.PART_BYTES + 1_000 for _, text, _ in parts)
    assert parts[0][0] == 5
    found, complete = record.read(text for _, text, _ in record.parts(facts, 0))
    assert (len(found), complete) == (12, True)


def test_what_is_missing_is_known_to_be_missing() -> None:
    facts: list[f.Fact] = [noted(str(one), one) for one in range(250)]
    parts = texts(facts)
    assert len(parts) == 3
    for lost in range(2):
        found, complete = record.read(parts[:lost] + parts[lost + 1 :])
        assert (len(found), complete) == (150, False)
    assert record.read([]) == ((), False)


def test_a_kind_that_only_a_newer_version_knows_is_not_passed_over_unseen() -> None:
    found, complete = record.read([*texts([noted("x")]), 'Record from 1\n{"kind": "teleported"}'])
    assert (len(found), complete) == (1, False)
    assert record.rebuilt(found) is None


def test_pages_together_are_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PAGE_BYTES", 1_000)
    facts: list[f.Fact] = [noted("x" * 200, one) for one in range(20)]
    found: list[f.Fact] = []
    start: int | None = 0
    while start is not None:
        page = record.page(facts, start, complete=True)
        found += page.facts
        start = page.following
    assert found == facts


# The end.


def ended() -> tuple[Life, Outbox]:
    """Return a cancelled incident whose effects are all done."""
    life, outbox = Life(), Outbox()
    life.must(c.Cancel, reason="false alarm")
    for fact in life.state.facts:
        outbox.queue(plan(life.state, fact, life.policy), life.now)
    settle(outbox)
    return life, outbox


def settle(outbox: Outbox, state: EffectState = EffectState.DONE) -> None:
    for entry in outbox.entries():
        if entry.state is EffectState.PENDING:
            outbox.settle(entry.effect.key, state, Receipt(id="1"))


def handed_over(life: Life, outbox: Outbox) -> None:
    outbox.queue(record.export(life.state), life.now)
    life.state = life.state.model_copy(update={"exported": life.state.sequence})


def test_it_is_handed_over_at_the_end_and_again_after_what_came_later() -> None:
    life, outbox = ended()
    assert record.is_due(life.state, outbox)
    handed_over(life, outbox)
    assert not record.is_due(life.state, outbox)
    settle(outbox)
    assert not record.is_due(life.state, outbox)
    life.state = evolve(life.state, f.Refused(at=START, command="x", code="y", reason="z"))
    assert record.is_due(life.state, outbox)
    handed_over(life, outbox)
    settle(outbox)
    notes = [one.effect.body.text for one in outbox.entries() if "/record:" in one.effect.key]
    assert record.read(notes) == (life.state.facts, True)


def test_it_is_not_handed_over_before_the_end_nor_where_nobody_takes_it() -> None:
    assert not record.is_due(Life().state, Outbox())
    life, outbox = ended()
    handed_over(life, outbox)
    settle(outbox, EffectState.ABANDONED)
    life.state = evolve(life.state, f.Refused(at=START, command="x", code="y", reason="z"))
    assert not record.is_due(life.state, outbox)
