"""What the Web UI shows of an incident's effects."""

from muster import views
from muster.domain.effects import Effect, EffectState, Op, Receipt
from muster.domain.naming import effect_of
from muster.domain.outbox import Outbox
from muster.domain.plan import plan
from muster.domain.policy import Chat, Policy
from tests.domain.life import Life

POLICY = Policy(chat=Chat(own_channel=True))
LINK = "https://zoom.sandbox.test/j/1"


def begun(life: Life, *more: Effect) -> Outbox:
    """Return an outbox with what has been planned so far."""
    outbox = Outbox()
    planned = [effect for fact in life.state.facts for effect in plan(life.state, fact, POLICY)]
    outbox.queue((*planned, *more), life.now)
    return outbox


def effect_lines(life: Life, outbox: Outbox) -> list[str]:
    """Return the lines of effects: all items of the list but the deadlines."""
    items = views.details(life.state, outbox, POLICY).split("\n\n")
    return [
        item.removeprefix("- ") for item in items if item.startswith("- ") and "UTC: `" not in item
    ]


def test_each_opening_effect_has_its_state_and_its_link() -> None:
    life = Life()
    outbox = begun(life)
    outbox.settle("incident-1/bridge", EffectState.DONE, Receipt(id="1", link=LINK))
    outbox.settle("incident-1/channel", EffectState.OFF, Receipt(off=True))
    assert effect_lines(life, outbox) == [
        "`announcement in #incident` pending",
        f"`bridge` done: <{LINK}>",
        "`issue` pending",
        "`channel` off",
    ]


def test_one_that_is_degraded_says_why_and_since_when_and_once() -> None:
    life = Life()
    outbox = begun(life)
    outbox.degrade("incident-1/bridge", "503", life.now)
    shown = views.details(life.state, outbox, POLICY)
    assert "- `bridge` degraded since 03:00 UTC: `503`" in shown
    assert shown.count("`bridge` ") == 1


def test_of_many_that_are_not_done_it_says_how_many_it_leaves_out() -> None:
    life = Life()
    posts = [effect_of(life.state, f"post:{place}", Op.STATUS_POST) for place in range(7)]
    outbox = begun(life, *posts)
    for post in posts:
        outbox.need_human(post.key, "forbidden", life.now)
    shown = views.details(life.state, outbox, POLICY)
    assert shown.count("`public post` needs_human") == 5
    assert "- and 2 more that are not done" in shown


def test_a_link_that_could_do_more_than_lead_is_not_shown() -> None:
    life = Life()
    for link in ("javascript:alert(1)", "https://x/><img>", "https://x/ y"):
        outbox = begun(life)
        outbox.settle("incident-1/bridge", EffectState.DONE, Receipt(link=link))
        assert "`bridge` done" in effect_lines(life, outbox)
