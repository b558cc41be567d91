"""GitLab's stand-in: which text acts, and how issues are found, labelled and linked."""

from typing import Any

import aiohttp
import pytest

from muster.sandbox import Sandbox
from muster.sandbox.gitlab_text import read

ACTING = [
    "/close",
    "words\n/close",
    "/CLOSE",
    "/severity S1",
    "/label ~a",
    "/zoom https://z.test/j/1",
]
ACTING += ["```\ncode\n```\n/close", "`a` b `\n\n/close", "<!-- a -->\n/close", "/close\r\nwords"]
INERT = [
    "```text\n/close\n```",
    "~~~\n/close\n~~~",
    "````\n```\n/close\n````",
    "a /close",
    "\\/close",
]
INERT += [
    "`\n/close\n`",
    "> /close",
    "words\n\n    /close",
    "<!--\n/close\n-->",
    "/closed",
    "//close",
]
INERT += ["```\n/close", "/unknown"]


@pytest.mark.parametrize("text", ACTING)
def test_a_quick_action_acts_at_the_beginning_of_a_line(text: str) -> None:
    """As GitLab's own Markdown-based extractor of today has it; the document of 2024 is silent."""
    assert len(read(text).actions) == 1


@pytest.mark.parametrize("text", INERT)
def test_no_quick_action_acts_inside_code_quotes_and_comments(text: str) -> None:
    assert read(text) == read(text).__class__(kept=text)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@all, see (@ana) and @ops/sre.", ["all", "ana", "ops/sre"]),
        ("mail@example.com \\@all `cc @all` ``a ` @all``", []),
        ("```\n@all\n```\n@ben", ["ben"]),
    ],
)
def test_whom_a_text_mentions(text: str, who: list[str]) -> None:
    assert read(text).mentions == who


async def send(http: aiohttp.ClientSession, method: str, url: str, **given: Any) -> Any:
    how: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
    async with http.request(method, url, **how) as reply:
        return {"status": reply.status, "body": await reply.json(content_type=None)}


@pytest.fixture
def issues(sandbox: Sandbox) -> str:
    return f"{sandbox.urls['gitlab']}/api/v4/projects/ops%2Fproduction/issues"


async def test_a_title_mentions_too(
    sandbox: Sandbox, http: aiohttp.ClientSession, issues: str
) -> None:
    """GitLab's source says ``attr_mentionable :title``; its documents do not speak of it."""
    await send(http, "POST", issues, title="api down @all")
    assert sandbox.gitlab.title_mentions == ["all"]
    assert sandbox.gitlab.mentions == []


async def test_actions_are_done_and_taken_out_of_the_text(
    sandbox: Sandbox, http: aiohttp.ClientSession, issues: str
) -> None:
    await send(http, "POST", issues, title="t", labels="severity::S2")
    note = await send(http, "POST", f"{issues}/1/notes", body="done\n/close\n/label ~severity::S1")
    assert note["body"]["body"] == "done"
    found = (await send(http, "GET", f"{issues}/1"))["body"]
    assert (found["state"], found["labels"]) == ("closed", ["severity::S1"])
    only = await send(http, "POST", f"{issues}/1/notes", body="/reopen")
    assert only["status"] == 202
    assert len(sandbox.gitlab.issues["1"]["notes"]) == 1
    assert sandbox.gitlab.quick_actions == ["/close", "/label ~severity::S1", "/reopen"]


async def test_labels_are_added_and_taken_away_and_scopes_hold_one(
    sandbox: Sandbox, http: aiohttp.ClientSession, issues: str
) -> None:
    await send(http, "POST", issues, title="t", labels="severity,severity::S3,incident")
    changed = {"add_labels": "severity::S1", "remove_labels": "incident"}
    found = (await send(http, "PUT", f"{issues}/1", **changed))["body"]
    assert sorted(found["labels"]) == ["severity", "severity::S1"]


@pytest.mark.parametrize(
    ("query", "iids"),
    [
        ({"state": "closed"}, [2]),
        ({"search": "FIRE", "in": "title"}, [1]),
        ({"search": "key 7", "in": "description"}, [3]),
        ({"labels": "incident"}, [3, 1]),
        ({"iids[]": "3"}, [3]),
        ({"sort": "asc"}, [2, 1, 3]),
        ({"created_after": "2026-01-02T00:00:01Z"}, [3]),
        ({"per_page": "1", "page": "2"}, [1]),
    ],
)
async def test_issues_are_found(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    issues: str,
    query: dict[str, str],
    iids: list[int],
) -> None:
    made = [
        {"title": "Fire", "labels": "incident", "created_at": "2026-01-02T00:00:00Z"},
        {"title": "Old", "created_at": "2026-01-01T00:00:00Z"},
        {"title": "New", "labels": "incident", "description": "muster key 7"},
    ]
    for one in made:
        await send(http, "POST", issues, **one)
    await send(http, "PUT", f"{issues}/2", state_event="close")
    assert [one["iid"] for one in (await send(http, "GET", issues, **query))["body"]] == iids


async def test_a_link_is_seen_from_both_ends(
    sandbox: Sandbox, http: aiohttp.ClientSession, issues: str
) -> None:
    for title in ("a", "b"):
        await send(http, "POST", issues, title=title)
    target = {"target_project_id": 1, "target_issue_iid": 2}
    assert (await send(http, "POST", f"{issues}/1/links", **target, link_type="x"))["status"] == 400
    await send(http, "POST", f"{issues}/1/links", **target, link_type="blocks")
    assert (await send(http, "POST", f"{issues}/1/links", **target))["status"] == 409
    seen = (await send(http, "GET", f"{issues}/2/links"))["body"]
    assert [(one["iid"], one["link_type"]) for one in seen] == [(1, "is_blocked_by")]


BAD = [
    ("GET", "", {"per_page": "abc"}, 400),
    ("GET", "", {"state": "open"}, 400),
    ("GET", "", {"created_after": "soon"}, 400),
    ("POST", "", {"title": "x" * 256}, 400),
    ("POST", "", {"title": "x", "created_at": "soon"}, 400),
    ("PUT", "/1", {"state_event": "shut"}, 400),
    ("PUT", "/1/notes/9", {"body": "x"}, 404),
    ("DELETE", "/1/notes/9", {}, 404),
]


async def test_a_bad_call_is_told_so_and_changes_nothing(
    sandbox: Sandbox, http: aiohttp.ClientSession, issues: str
) -> None:
    await send(http, "POST", issues, title="t")
    before = str(sandbox.dump())
    for method, path, given, status in BAD:
        assert (await send(http, method, issues + path, **given))["status"] == status
    assert str(sandbox.dump()) == before
