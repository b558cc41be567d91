"""Rule 7 as far as one incident goes: updates and notes."""

import pytest

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.posts import LIMIT, URL_WEIGHT, weighted_length
from muster.domain.severity import Severity
from tests.domain.life import Life

S2, S3 = Severity.S2, Severity.S3


def test_resolved_is_said_only_of_a_closed_incident_and_is_then_the_only_update() -> None:
    life = Life(S3)
    assert (
        life.refused(c.PostUpdate, message="over", to=["support"], status="resolved").code
        == "not_closed"
    )
    life.must(c.Resolve)
    assert life.refused(c.PostUpdate, message="hm", to=["support"]).code == "closed"
    life.must(c.PostUpdate, message="over", to=["support"], status="resolved")
    life.must(c.PostUpdate, message="it was two hours", to=["support"], correction=True)


def test_a_correction_of_a_closed_one_leaves_its_status_as_it_is() -> None:
    life = Life(S3)
    life.must(c.Resolve)
    life.must(c.PostUpdate, message="over", to=["end-users"], status="resolved")
    words = {"message": "it was two hours", "to": ["end-users"], "correction": True}
    assert life.refused(c.PostUpdate, **words, status="investigating").code == "closed"
    life.must(c.PostUpdate, **words)
    assert life.state.status == "resolved"


def test_the_other_statuses_follow_each_other_in_any_order() -> None:
    life = Life(S2)
    for status in ("monitoring", "investigating", "identified", "monitoring"):
        life.must(c.PostUpdate, message=f"now {status}", to=["end-users"], status=status)


def test_the_same_words_to_the_same_audience_within_two_minutes_count_as_one() -> None:
    life = Life(S2)
    life.must(c.PostUpdate, message="we look", to=["support"])
    assert not life.must(c.PostUpdate, message="we look", to=["support"]).facts
    posted = life.must(c.PostUpdate, message="we look", to=["support", "estaff"]).facts[0]
    assert isinstance(posted, f.UpdatePosted)
    assert posted.to == ("estaff",)
    life.after("121s")
    assert life.must(c.PostUpdate, message="we look", to=["support"]).facts


def test_a_text_too_long_for_a_post_is_refused_and_not_cut() -> None:
    life = Life(S2)
    refusal = life.refused(c.PostUpdate, message="x" * (LIMIT + 1), to=["support", "end-users"])
    assert (refusal.code, refusal.field) == ("too_long", "message")
    assert str(LIMIT + 1) in refusal.message
    life.must(c.PostUpdate, message="x" * (LIMIT + 1), to=["support"])


def test_a_promise_is_kept_track_of_and_late_once() -> None:
    life = Life(S2)
    at = life.now.replace(hour=3, minute=20)
    life.must(c.PostUpdate, message="we look", to=["support"], next_at=at)
    life.after("25m").after("25m")
    assert life.kinds().count("update_late") == 1
    life.must(c.PostUpdate, message="found it", to=["support"])
    assert not life.state.promises


def test_a_promise_in_the_past_is_refused() -> None:
    life = Life(S2)
    assert (
        life.refused(c.PostUpdate, message="x", to=["support"], next_at=life.now).field == "next_at"
    )


def test_what_is_being_tried_is_asked_for_in_time_and_ends_with_its_outcome() -> None:
    life = Life(S2)
    life.must(c.AddNote, text="restart", kind="trying", lasts=600)
    life.after("599s")
    assert "trying_late" not in life.kinds()
    life.after("1s").after("1h")
    assert life.kinds().count("trying_late") == 1
    life.must(c.AddNote, text="restart did nothing", kind="tried")
    assert life.state.trying == ()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("ä", 1),
        ("日本", 4),
        ("😀", 2),
        ("see https://example.com/a/very/long/path?x=1 now", 31),
        ("see status.example.com now", 31),
        ("see example.com/a/b.", 28),
        ("ana@example.com", 15),
        ("it is 3.14 e.g. now", 19),
    ],
)
def test_the_length_of_a_post_is_counted_as_x_counts_it(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_what_x_may_take_for_an_address_or_one_emoji_is_never_counted_too_low() -> None:
    assert weighted_length("node.js") == URL_WEIGHT
    assert weighted_length("👨‍👩‍👧‍👦") >= 2
