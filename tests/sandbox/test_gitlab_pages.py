"""GitLab's lists go on over pages, and what stands on a later one is found."""

import asyncio
from typing import Any

import aiohttp
import gitlab
import pytest

from muster.sandbox import Sandbox
from muster.sandbox.gitlab_search import MOST_COUNTED, paged
from muster.sandbox.vendor import Call

MANY = 45
KEY = "incident-00ff/issue"


@pytest.fixture
async def issues(sandbox: Sandbox, http: aiohttp.ClientSession) -> str:
    """Return the address of more issues than a page has; the first has our key."""
    url = f"{sandbox.urls['gitlab']}/api/v4/projects/ops%2Fproduction/issues"
    for place in range(MANY):
        words = f"words\n\n<!-- muster {KEY if place == 0 else place} -->"
        await http.post(url, json={"title": f"#{place}", "description": words, "labels": "a b"})
    return url


@pytest.mark.parametrize(
    ("page", "shown", "others"),
    [
        (1, 20, {"next": 2, "first": 1, "last": 3}),
        (2, 20, {"prev": 1, "next": 3, "first": 1, "last": 3}),
        (3, 5, {"prev": 2, "first": 1, "last": 3}),
        (4, 0, {"prev": 3, "first": 1, "last": 3}),
    ],
)
async def test_the_headers_lead_on(
    issues: str, http: aiohttp.ClientSession, page: int, shown: int, others: dict[str, int]
) -> None:
    query = {"page": str(page), "labels": "a b", "state": "opened"}
    async with http.get(issues, params=query) as reply:
        assert len(await reply.json()) == shown
        assert (reply.headers["X-Total"], reply.headers["X-Total-Pages"]) == (str(MANY), "3")
        assert reply.headers["X-Next-Page"] == str(others.get("next", ""))
        assert reply.headers["X-Prev-Page"] == str(others.get("prev", ""))
        urls = {str(name): link["url"] for name, link in reply.links.items()}
    assert {name: int(url.query["page"]) for name, url in urls.items()} == others  # type: ignore[union-attr]
    for url in urls.values():
        assert url.query["labels"] == "a b"  # type: ignore[union-attr]
        assert str(url).partition("?")[0] == issues


async def test_a_link_is_followed_as_it_stands(issues: str, http: aiohttp.ClientSession) -> None:
    seen, url = list[int](), f"{issues}?per_page=7&sort=asc&order_by=created_at"
    while url:
        async with http.get(url) as reply:
            seen += [one["iid"] for one in await reply.json()]
            url = str(reply.links["next"]["url"]) if "next" in reply.links else ""
    assert seen == list(range(1, MANY + 1))


async def test_python_gitlab_finds_a_key_and_a_note_beyond_the_first_page(
    sandbox: Sandbox, issues: str
) -> None:
    del issues

    def find() -> tuple[list[int], list[int], list[str]]:
        with gitlab.Gitlab(sandbox.urls["gitlab"], private_token="test") as client:
            project: Any = client.projects.get("ops/production", lazy=True)
            own = project.issues.list(search=KEY, **{"in": "description"}, get_all=True)
            everything = project.issues.list(order_by="created_at", get_all=True)
            for place in range(MANY):
                own[0].notes.create({"body": f"note {place}"})
            notes = own[0].notes.list(order_by="created_at", sort="asc", get_all=True)
            return (
                [one.iid for one in own],
                [one.iid for one in everything],
                [one.body for one in notes],
            )

    own, everything, notes = await asyncio.to_thread(find)
    assert own == [1]
    assert everything == list(range(MANY, 0, -1))
    assert notes == [f"note {place}" for place in range(MANY)]


async def test_a_field_given_twice_is_a_list(issues: str, http: aiohttp.ClientSession) -> None:
    async with http.get(issues, params=[("iids[]", "3"), ("iids[]", "5")]) as reply:
        assert [one["iid"] for one in await reply.json()] == [5, 3]
        assert reply.links["first"]["url"].query.getall("iids[]") == ["3", "5"]  # type: ignore[union-attr]


@pytest.mark.parametrize(("count", "counted"), [(MOST_COUNTED, True), (MOST_COUNTED + 1, False)])
def test_a_long_list_is_not_counted(count: int, *, counted: bool) -> None:
    call = Call("gitlab", "GET", "/api/v4/x", {"per_page": "100"}, "", {"Host": "a.test"})
    headers = paged(list(range(count)), call).headers
    assert ("X-Total" in headers, "X-Total-Pages" in headers) == (counted, counted)
    assert ('rel="last"' in headers["Link"]) is counted
    assert '<http://a.test/gitlab/api/v4/x?per_page=100&page=2>; rel="next"' in headers["Link"]
