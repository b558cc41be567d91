"""A drill: every text says so, nothing goes to those who cannot know, and nothing real meets it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import ValidationError

from muster import views
from muster.domain import commands as c
from muster.domain import ledger_rules as rules
from muster.domain import record
from muster.domain.audiences import Audience
from muster.domain.drills import channels, titled
from muster.domain.effects import Effect, Op, Receipt
from muster.domain.keeping import filled, projections
from muster.domain.ledger import LedgerEntry, Registration
from muster.domain.outbox import LINGER, Outbox
from muster.domain.plan import plan
from muster.domain.policy import Policy
from muster.domain.render import labels, public_headline
from muster.domain.severity import Severity
from muster.messages import IncidentInput
from tests.domain.ledger_desk import WINDOW, Desk, registration
from tests.domain.life import Life
from tests.domain.test_endings import absorb

S1, S2, S3, S4 = Severity
EVERYONE = tuple(Audience)


def stands(_name: str) -> Receipt:
    return Receipt(id="1", link="https://vendor.test/1", container="C1")


def a_whole_life(*, drill: bool) -> Life:
    life = Life(S2, drill=drill)
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AddNote, text="we look")
    life.must(c.ChangeSeverity, severity=S1, reason="worse")
    life.must(c.PostUpdate, message="we look", to=EVERYONE)
    life.must(c.Resolve, message="it is back")
    life.after("31m")
    return life


def told(life: Life) -> Iterator[Effect]:
    """Yield all that is done outside, with what it says, as if every vendor answered."""
    planned = (
        effect for fact in life.state.facts for effect in plan(life.state, fact, life.policy)
    )
    for effect in (*planned, *projections(life.state, stands)):
        yield filled(effect, life.state, life.policy, stands)


def texts(effect: Effect) -> list[str]:
    body = effect.body
    found = [body.text, body.name if effect.op is Op.CONFERENCE_OPEN else ""]
    found += [body.card.headline] if body.card else []
    found += [body.document.title] if body.document else []
    return [text for text in found if text]


def test_every_text_of_a_drill_says_so_and_no_other_does() -> None:
    said = [text for effect in told(a_whole_life(drill=True)) for text in texts(effect)]
    assert len(said) > 20
    assert [text for text in said if not text.startswith("DRILL ")] == []
    assert [text for text in said if "DRILL DRILL" in text] == []
    real = [text for effect in told(a_whole_life(drill=False)) for text in texts(effect)]
    assert [text for text in real if "DRILL" in text] == []


def together(life: Life, *notes: str) -> str:
    """Return what these notes say as one message in the thread."""
    outbox = Outbox()
    for text in notes:
        life.must(c.AddNote, text=text)
        planned = plan(life.state, life.state.facts[-1], life.policy)
        said = (one for one in planned if one.op is Op.CHAT_SAY)
        outbox.queue((one.model_copy(update={"after": ()}) for one in said), life.now)
    (ready,) = outbox.ready(life.now + LINGER)
    begun, _ = outbox.begin(ready.effect.key)
    return begun.effect.body.text


def test_what_goes_as_one_message_has_the_mark_once_at_its_beginning() -> None:
    said = together(Life(S2, drill=True), "one", "two")
    assert said == "DRILL 03:00 UTC  one (ana)\n03:00 UTC  two (ana)"


def test_what_is_real_is_no_drill_by_a_word_of_somebody() -> None:
    assert together(Life(S2), "DRILL is over, this is real", "yes") == (
        "03:00 UTC  DRILL is over, this is real (ana)\n03:00 UTC  yes (ana)"
    )


def test_what_it_looks_like_says_so_too() -> None:
    life = a_whole_life(drill=True)
    assert views.details(life.state, Outbox(), life.policy).startswith("**`DRILL #42 S1 closed: ")
    assert "drill" in labels(life.state)
    assert "drill" not in labels(Life(S2).state)


def test_others_see_of_a_private_one_that_it_is_a_drill() -> None:
    life = Life(S1, drill=True, private=True)
    seen = views.redacted(life.state, views.snapshot(life.state, Outbox(), life.policy))
    assert (seen.drill, seen.title) == (True, "DRILL private incident")
    assert public_headline(life.state) == "DRILL #42 S1 active: private incident"


def test_the_record_is_written_as_it_is_read() -> None:
    life = a_whole_life(drill=True)
    kept = [filled(one, life.state, life.policy, stands) for one in record.export(life.state)]
    facts, complete = record.read(one.body.text for one in kept)
    assert complete
    assert facts[0].model_dump()["drill"] is True


def test_end_users_and_estaff_hear_nothing_and_whoever_writes_is_told() -> None:
    life = Life(S2, drill=True)
    answer = life.must(c.PostUpdate, message="we look", to=EVERYONE)
    assert answer.result.message == "a drill: nothing goes to end-users, estaff"
    posts = plan(life.state, life.state.facts[-1], life.policy)
    assert {one.body.channel for one in posts if one.op is Op.CHAT_SAY} == {
        "",
        "#support",
        "#employees",
    }
    assert Op.STATUS_POST not in {one.op for one in posts}


def test_a_channel_that_others_share_with_estaff_is_left_alone_too() -> None:
    shared = {"estaff": {"channels": ["#all"]}, "support": {"channels": ["#all", "#support"]}}
    policy = Policy.model_validate({"audiences": shared})
    life = Life(S2, drill=True, policy=policy)
    assert channels(life.state, policy, Audience.SUPPORT) == ("#support",)
    assert channels(Life(S2).state, policy, Audience.SUPPORT) == ("#all", "#support")


def test_no_service_hears_of_it_so_that_its_alerts_go_to_what_is_real() -> None:
    assert Op.SERVICE_TELL not in {one.op for one in told(a_whole_life(drill=True))}
    assert Op.SERVICE_TELL in {one.op for one in told(a_whole_life(drill=False))}


@pytest.mark.parametrize("drill", [True, False])
def test_a_drill_and_what_is_real_are_not_merged(*, drill: bool) -> None:
    life = Life(S2, drill=drill)
    fields = absorb().model_dump(exclude={"command_id", "actor"})
    refusal = life.refused(c.Absorb, **fields | {"drill": not drill})
    assert (refusal.code, refusal.field) == ("drill", "into")
    life.must(c.Absorb, **fields | {"drill": drill})


def drill(name: str) -> Registration:
    return registration(name).model_copy(update={"drill": True})


def entry_of(asked: Registration, number: int) -> LedgerEntry:
    kept = asked.model_dump(include={"workflow_id", "severity", "declared_at"})
    return LedgerEntry(number=number, **kept)


def closed(desk: Desk, asked: Registration) -> None:
    number = desk.register(asked).number
    desk.tell(rules.close, entry_of(asked, number))


def test_a_drill_opens_no_window_and_uses_none() -> None:
    desk = Desk()
    closed(desk, drill("exercise"))
    real = desk.register(registration("real", at=desk.now))
    assert (real.number, real.predecessor, real.others) == (2, None, ())
    desk.tell(rules.close, entry_of(registration("real"), 2))
    assert (
        desk.register(drill("another").model_copy(update={"declared_at": desk.now})).predecessor
        is None
    )
    after = desk.register(registration("after", at=desk.now))
    assert after.predecessor is not None
    assert after.predecessor.number == 2


def test_a_window_of_a_drill_that_was_reopened_is_none_either() -> None:
    desk = Desk()
    asked = drill("exercise")
    closed(desk, asked)
    between = desk.now
    desk.now += WINDOW / 2
    desk.tell(rules.reopen, entry_of(asked, 1).model_copy(update={"life": 1}))
    late = registration("late", at=between + timedelta(minutes=1))
    assert desk.register(late).predecessor is None


def test_a_drill_has_no_key_but_that_of_a_declaration_that_was_given_none() -> None:
    with pytest.raises(ValidationError, match="a drill has none"):
        IncidentInput(title="x", drill=True, key="ticket-1")
    assert IncidentInput(title="x", drill=True, key="cli-1").key == "cli-1"
    assert IncidentInput(title="x", key="ticket-1").key == "ticket-1"


def test_its_title_has_room_for_the_mark() -> None:
    assert IncidentInput(title="x" * 194, drill=True).title == "x" * 194
    assert len(titled("x" * 194)) == 200
    with pytest.raises(ValidationError, match="of a drill it has 194 characters at most"):
        IncidentInput(title="x" * 195, drill=True)


def test_what_is_real_is_written_as_before_there_were_drills() -> None:
    asked = registration("real")
    assert "drill" not in asked.model_dump_json()
    assert "drill" not in entry_of(asked, 1).model_dump_json()
    assert '"drill":true' in drill("exercise").model_dump_json()
