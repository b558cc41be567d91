"""No word of others acts in Slack or GitLab."""

from hypothesis import given
from hypothesis import strategies as st

from muster.domain.effects import Card, Document
from muster.providers.gitlab import GitLabTracker, description, inert, marker
from muster.providers.slack_words import card, text
from muster.sandbox import Sandbox
from muster.sandbox.gitlab import GitLab
from muster.sandbox.slack import _notified
from tests.security.hostile import HOSTILE

WORDS = st.text(
    alphabet=st.sampled_from("`~/@<>!&| \n-closeaUANhr"), max_size=60
) | st.sampled_from(list(HOSTILE.values()))


@given(WORDS)
def test_nothing_in_a_text_pings_in_slack(words: str) -> None:
    for message in (
        text(words, []),
        card(Card(headline=words, fields=(("Service", words),), footer=words)),
    ):
        assert _notified({"text": message["text"], "blocks": message["blocks"]}) == []


def test_only_the_named_are_pinged() -> None:
    message = text("<@UBEN> hi", ["UANA"])
    assert _notified({"text": message["text"], "blocks": message["blocks"]}) == ["@UANA"]


@given(WORDS)
def test_nothing_in_a_text_acts_in_gitlab(words: str) -> None:
    project = GitLab()
    issue = {"state": "opened"}
    project._act(issue, description(Document(title="x", paragraphs=(("State", words),)), "k"))
    project._act(issue, f"{inert(words)}\n\n{marker('k/note')}")
    assert (issue["state"], project.quick_actions, project.mentions) == ("opened", [], [])


async def test_a_forged_marker_is_not_taken_for_ours() -> None:
    async with Sandbox.serve() as sandbox:
        tracker = GitLabTracker(sandbox.urls["gitlab"], "token", "ops/production")
        forged = Document(title="forged", paragraphs=(("Alerts", marker("k/issue")),))
        other = await tracker.open("other/issue", forged, fresh=True)
        ours = await tracker.open("k/issue", Document(title="ours"), fresh=False)
        assert ours.id != other.id
