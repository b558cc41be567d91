"""The outbox: what lies together, what is urgent, and that every text goes once and in order."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from muster.domain.effects import Body, Effect, EffectState, Op, Receipt
from muster.domain.outbox import LINGER, TOGETHER, Entry, Outbox

NOW = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
LATER = NOW + LINGER
INSTANT = timedelta(milliseconds=1)


def said(
    name: str, *, destination: str = "thread", patient: bool = True, people: tuple[str, ...] = ()
) -> Effect:
    """Return a message whose text is its name."""
    body = Body(text=name, people=people)
    return Effect(key=name, op=Op.CHAT_SAY, destination=destination, body=body, patient=patient)


def ready(outbox: Outbox, now: datetime) -> list[str]:
    return [entry.effect.key for entry in outbox.ready(now)]


def send(outbox: Outbox, now: datetime) -> list[str]:
    """Begin and settle all that is ready; return the texts that went out."""
    sent = []
    for key in ready(outbox, now):
        begun, _ = outbox.begin(key)
        sent.append(begun.effect.body.text)
        outbox.settle(key, EffectState.DONE, Receipt())
    return sent


def filled(effects: Iterable[Effect], now: datetime = NOW) -> Outbox:
    outbox = Outbox()
    outbox.queue(effects, now)
    return outbox


def test_what_nobody_waits_for_lies_and_then_goes_as_one_message_with_its_times() -> None:
    outbox = filled([said("a")])
    outbox.queue([said("b")], NOW + LINGER / 2)
    assert not ready(outbox, LATER - INSTANT)
    assert send(outbox, LATER) == ["03:00 UTC  a\n03:00 UTC  b"]
    assert not outbox.unsettled()


def test_all_that_lies_starts_at_one_moment() -> None:
    outbox = filled([said("a", destination="one")])
    outbox.queue([said("b", destination="two")], NOW + LINGER / 2)
    assert outbox.next_start(NOW) == LATER
    assert ready(outbox, LATER) == ["a", "b"]


def test_what_is_urgent_takes_along_what_lies_before_it() -> None:
    outbox = filled([said("a"), said("b", patient=False, people=("ana",))])
    begun, _ = outbox.begin(ready(outbox, NOW)[0])
    assert begun.effect.body.text.splitlines() == ["03:00 UTC  a", "03:00 UTC  b"]
    assert begun.effect.body.people == ("ana",)


def test_an_urgent_message_alone_is_not_held_up() -> None:
    assert send(filled([said("a", patient=False)]), NOW) == ["a"]


def test_messages_to_an_audience_never_lie_and_are_never_joined() -> None:
    outbox = filled([said("a", patient=False), said("b", patient=False)])
    assert (send(outbox, NOW), send(outbox, NOW)) == (["a"], ["b"])


def test_people_invited_one_after_another_are_invited_at_once() -> None:
    invited = [
        Effect(
            key=person,
            op=Op.CHAT_INVITE,
            destination="invite",
            body=Body(people=(person,)),
            patient=True,
        )
        for person in ("ana", "ben", "ana2")
    ]
    begun, _ = filled(invited).begin("ana")
    assert (begun.effect.body.people, begun.effect.body.text) == (("ana", "ben", "ana2"), "")


def test_what_an_outage_held_up_goes_as_one_once_the_first_is_through() -> None:
    outbox = filled([said("a", patient=False)])
    outbox.begin("a")
    outbox.degrade("a", "down", NOW)
    outbox.queue([said("b", patient=False), said("c", patient=False)], NOW)
    assert not ready(outbox, NOW)
    outbox.settle("a", EffectState.DONE, Receipt())
    assert send(outbox, NOW) == ["03:00 UTC  b\n03:00 UTC  c"]


def test_what_waits_for_a_human_lets_others_pass_and_can_be_tried_again() -> None:
    outbox = filled([said("a", patient=False), said("b", patient=False)])
    outbox.begin("a")
    outbox.need_human("a", "forbidden", NOW)
    assert send(outbox, NOW) == ["b"]
    assert outbox.rearm("a")
    again, before = outbox.begin(ready(outbox, NOW)[0])
    assert (again.effect.key, before, again.since) == ("a", True, NOW)


def test_only_what_waits_for_a_human_or_was_given_up_can_be_tried_again() -> None:
    outbox = filled([said("a")])
    assert not outbox.rearm("a")
    assert not outbox.rearm("unknown")


def test_what_comes_after_something_waits_for_it() -> None:
    first = said("first", destination="one", patient=False)
    second = said("second", destination="two", patient=False).model_copy(
        update={"after": ("first",)}
    )
    outbox = filled([second, first])
    assert ready(outbox, NOW) == ["first"]
    send(outbox, NOW)
    assert ready(outbox, NOW) == ["second"]


def test_what_comes_after_something_switched_off_is_off_as_well() -> None:
    after = said("after", destination="two", patient=False).model_copy(update={"after": ("off",)})
    outbox = filled([said("off", patient=False), after])
    outbox.begin("off")
    outbox.settle("off", EffectState.OFF, Receipt(off=True))
    assert not ready(outbox, NOW)
    assert not outbox.unsettled()


DESTINATIONS = st.sampled_from(["one", "two"])


class Deliveries(RuleBasedStateMachine):
    """Messages are queued, sent and held up in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox, self.now = Outbox(), NOW
        self.names = (f"m{count}" for count in itertools.count())
        self.running: dict[str, str] = {}
        self.queued: dict[str, list[str]] = {"one": [], "two": []}
        self.sent: dict[str, list[str]] = {"one": [], "two": []}

    @rule(destination=DESTINATIONS, patient=st.booleans())
    def queue(self, destination: str, patient: bool) -> None:
        name = next(self.names)
        self.queued[destination].append(name)
        self.outbox.queue([said(name, destination=destination, patient=patient)], self.now)

    @rule()
    def begin(self) -> None:
        for entry in list(self.outbox.ready(self.now)):
            destination, key = entry.effect.destination, entry.effect.key
            assert destination not in self.running, "two at once to one destination"
            begun, _ = self.outbox.begin(key)
            self.running[destination] = key
            self.sent[destination] += texts(begun)

    @rule()
    def degrade(self) -> None:
        for key in self.running.values():
            self.outbox.degrade(key, "down", self.now)

    @rule()
    def settle(self) -> None:
        while self.running:
            _, key = self.running.popitem()
            self.outbox.settle(key, EffectState.DONE, Receipt())

    @rule()
    def wait(self) -> None:
        self.now += LINGER

    def teardown(self) -> None:
        """Every text goes once, and in the order in which it was queued for its destination."""
        while self.outbox.unsettled():
            self.settle()
            self.wait()
            self.begin()
        assert self.sent == self.queued


TestDeliveries = Deliveries.TestCase


def texts(entry: Entry) -> list[str]:
    return [line.rpartition(" ")[2] for line in entry.effect.body.text.splitlines()]


@given(st.lists(st.tuples(DESTINATIONS, st.booleans()), max_size=12))
def test_a_run_hands_all_that_is_open_to_the_next(messages: list[tuple[str, bool]]) -> None:
    effects = [
        said(f"m{place}", destination=destination, patient=patient)
        for place, (destination, patient) in enumerate(messages)
    ]
    outbox = filled(effects)
    taken_over = Outbox(outbox.compacted())
    assert ready(taken_over, LATER) == ready(outbox, LATER)
    assert taken_over.entries() == outbox.entries()


def after(effect: Effect, *keys: str) -> Effect:
    return effect.model_copy(update={"after": keys})


def test_what_comes_after_something_given_up_is_given_up_and_re_armed_with_it() -> None:
    first = said("inc/issue", destination="issue", patient=False)
    then = after(said("inc/note", destination="notes", patient=False), "inc/issue")
    last = after(said("inc/more", destination="more", patient=False), "inc/note")
    outbox = filled([first, then, last])
    outbox.need_human("inc/issue", "forbidden", NOW)
    assert [one.effect.key for one in outbox.abandon(NOW)] == ["inc/issue"]
    assert ready(outbox, NOW) == []
    assert not outbox.unsettled()
    note = outbox.get("inc/note")
    assert note is not None
    assert (note.state, note.reason) == (EffectState.ABANDONED, "comes after issue")
    assert outbox.rearm("inc/issue")
    assert send(outbox, NOW) == ["inc/issue"]
    assert send(outbox, NOW) == ["inc/note"]
    assert send(outbox, NOW) == ["inc/more"]


def test_what_comes_after_something_never_asked_for_is_forgone_at_the_end() -> None:
    outbox = filled([after(said("sweep", patient=False), "channel")])
    assert ready(outbox, NOW) == []
    assert outbox.unsettled()
    outbox.forgo()
    assert not outbox.unsettled()


def test_texts_go_together_only_as_far_as_they_fit_and_none_is_lost() -> None:
    names = [f"{index:02}" + "x" * 4_000 for index in range(20)]
    outbox = filled(said(name) for name in names)
    sent: list[str] = []
    while outbox.unsettled():
        sent += send(outbox, LATER)
    assert max(map(len, sent)) <= TOGETHER + 1_000
    assert 1 < len(sent) < len(names)
    assert "".join(sent).count("UTC") == len(names)


def test_what_is_last_waits_until_nothing_else_is_under_way() -> None:
    outbox = filled(
        [said("sweep", destination="sweep", patient=False), said("post", patient=False)]
    )
    last = said("last", destination="sweep", patient=False).model_copy(update={"last": True})
    outbox.queue([last], NOW)
    assert ready(outbox, NOW) == ["sweep", "post"]
    outbox.begin("post")
    outbox.degrade("post", "down", NOW)
    assert send(outbox, NOW) == ["sweep"]
    assert ready(outbox, NOW) == []
    outbox.settle("post", EffectState.DONE, Receipt())
    assert ready(outbox, NOW) == ["last"]


def test_what_needs_a_human_does_not_hold_up_what_is_last() -> None:
    last = said("last", destination="sweep", patient=False).model_copy(update={"last": True})
    outbox = filled([said("post", patient=False), last])
    outbox.need_human("post", "forbidden", NOW)
    assert ready(outbox, NOW) == ["last"]
