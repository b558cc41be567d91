"""The page: empty, full, and with words of others in every place."""

import aiohttp
import pytest

from muster.sandbox import Sandbox
from muster.sandbox.faults import Kind
from muster.sandbox.page_gitlab import text
from muster.sandbox.page_slack import formatted

EVIL = "<img src=x onerror=alert(1)>\"'&"


async def shown(sandbox: Sandbox, http: aiohttp.ClientSession) -> str:
    async with http.get(sandbox.url) as reply:
        assert reply.content_type == "text/html"
        return await reply.text()


async def test_it_reads_well_with_nothing_in_it(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    page = await shown(sandbox, http)
    assert page.count("nothing yet") == 4
    assert "Faults on demand" not in page


async def test_it_shows_direct_messages_archives_threads_pings_and_faults(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    slack = sandbox.urls["slack"]
    await http.post(f"{slack}chat.postMessage", json={"channel": "UANA", "text": "<@UANA> hello"})
    await http.post(f"{slack}conversations.create", json={"name": "inc-1"})
    await http.post(f"{slack}conversations.archive", json={"channel": "inc-1"})
    sandbox.faults.add("outage", "gitlab")
    page = await shown(sandbox, http)
    for words in (">@ana ", "#inc-1", "archived", "pings @UANA", "until it is cleared"):
        assert words in page


async def test_words_of_others_stay_words(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    slack = sandbox.urls["slack"]
    blocks = [
        {"type": "section", "text": {"type": kind, "text": EVIL}}
        for kind in ("mrkdwn", "plain_text")
    ]
    for given in ({"text": EVIL}, {"text": "a", "blocks": blocks}):
        await http.post(f"{slack}chat.postMessage", json={"channel": "#incident", **given})
    await http.post(f"{slack}conversations.setTopic", json={"channel": "#incident", "topic": EVIL})
    mark = {"channel_id": "C00000001", "title": EVIL, "link": EVIL}
    await http.post(f"{slack}bookmarks.add", json=mark)
    issue = {"title": EVIL, "description": EVIL, "labels": [EVIL]}
    await http.post(f"{sandbox.urls['gitlab']}/api/v4/projects/1/issues", json=issue)
    await http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": EVIL})
    sandbox.faults.add("status", "x", EVIL)
    page = await shown(sandbox, http)
    assert "<img" not in page
    assert page.count("&lt;img") >= 9


async def test_a_card_reads_as_one_and_the_newest_is_on_top(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    slack = sandbox.urls["slack"]
    kinds = (("header", "text"), ("section", "text"), ("context", "elements"))
    words = {kind: {"type": "plain_text", "text": f"a {kind}"} for kind, _ in kinds}
    blocks = [
        {"type": kind, field: [words[kind]] if field == "elements" else words[kind]}
        for kind, field in kinds
    ]
    await http.post(f"{slack}chat.postMessage", json={"channel": "#incident", "text": "first"})
    card = {"channel": "#incident", "text": "card", "blocks": blocks}
    await http.post(f"{slack}chat.postMessage", json=card)
    page = await shown(sandbox, http)
    assert "<p class=title>a header</p><p>a section</p><p class=quiet>a context</p>" in page
    assert page.index("a header") < page.index("first")


async def test_it_says_how_to_break_something_and_what_was_called(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    await http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": "words"})
    sandbox.faults.add("status", "x", count=None, probability=0.25)
    page = await shown(sandbox, http)
    assert f"curl {sandbox.url}/_control/faults" in page
    assert all(kind in page for kind in Kind)
    assert "POST /2/tweets<td>201<td>yes" in page
    assert "until it is cleared, 25 % of the calls" in page


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("### A <b>", "<h4>A &lt;b&gt;</h4>"),
        ("```text\n/close <b>\n```\nafter", "<pre>/close &lt;b&gt;</pre><p>after</p>"),
        ("````\n```\nx\n````", "<pre>```\nx</pre>"),
        ("```\nnever <closed>", "<p>```</p><p>never &lt;closed&gt;</p>"),
        (
            "#1 is no heading\n\n<!-- k -->",
            "<p>#1 is no heading</p><p class=about>&lt;!-- k --&gt;</p>",
        ),
    ],
)
def test_markdown_is_shown_as_far_as_issues_need_it(markdown: str, html: str) -> None:
    assert text(markdown) == html


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("<https://a.test|bridge>", '<u title="https://a.test">bridge</u>'),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("<https://a.test|&lt;img&gt;>", '<u title="https://a.test">&lt;img&gt;</u>'),
    ],
)
def test_slack_text_is_shown_as_slack_shows_it(words: str, html: str) -> None:
    assert formatted(words) == html
