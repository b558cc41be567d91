"""A vendor that sends us elsewhere: neither a credential nor a word goes there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from muster.domain.effects import Document, Receipt
from muster.ports import Ambiguous
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.providers.zoom import Token, ZoomConference

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Elsewhere:
    """A host that nobody should talk to, and a vendor that sends everybody there."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []
        self.status = 302
        self.stranger = self.vendor = ""

    async def strange(self, request: web.Request) -> web.Response:
        """Keep what comes, and answer as if all were well."""
        self.heard.append((request.path_qs, dict(request.headers)))
        return web.json_response({"ok": True, "id": "1", "iid": 1, "web_url": "x"})

    async def sending(self, request: web.Request) -> web.Response:
        """Send on what comes."""
        return web.Response(
            status=self.status, headers={"Location": f"{self.stranger}{request.path}"}
        )

    async def token(self, _request: web.Request) -> web.Response:
        """Give Zoom's token."""
        return web.json_response({"access_token": "t", "expires_in": 3600})


def serving(handler: Callable[[web.Request], Awaitable[web.Response]], **first: Any) -> TestServer:
    app = web.Application()
    for name, one in first.items():
        app.router.add_post(f"/{name}", one)
    app.router.add_route("*", "/{tail:.*}", handler)
    return TestServer(app)


@pytest_asyncio.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    found = Elsewhere()
    async with (
        serving(found.strange) as stranger,
        serving(found.sending, token=found.token) as vendor,
    ):
        found.stranger = f"http://localhost:{stranger.port}"
        found.vendor = f"http://127.0.0.1:{vendor.port}"
        yield found


async def slack(url: str) -> object:
    return await SlackChat("token", f"{url}/", people={}).say(
        "k", "words", channel="C1", fresh=True
    )


async def slack_reads(url: str) -> object:
    return await SlackChat("token", f"{url}/", people={}).say(
        "k", "words", channel="C1", fresh=False
    )


async def gitlab(url: str) -> object:
    return await GitLabTracker(url, "token", "a/b").open("k", Document(title="t"), fresh=True)


async def gitlab_reads(url: str) -> object:
    return await GitLabTracker(url, "token", "a/b").open("k", Document(title="t"), fresh=False)


async def x(url: str) -> object:
    return await XStatus(url, "token").post("k", "words", NOW, fresh=True)


async def x_reads(url: str) -> object:
    return await XStatus(url, "token").post("k", "words", NOW, fresh=False)


def zoom(url: str) -> ZoomConference:
    return ZoomConference("a", "c", "s", api_url=url, oauth_url=f"{url}/token")


async def zoom_opens(url: str) -> object:
    return await zoom(url).open("k", "topic", fresh=True)


async def zoom_reads(url: str) -> object:
    return await zoom(url).open("k", "topic", fresh=False)


async def zoom_deletes(url: str) -> object:
    conference = zoom(url)
    conference._delete("1")
    return await conference.end(Receipt(id="1"))


async def zoom_token(url: str) -> object:
    return Token(f"{url}/elsewhere", "a", "c", "s", timeout=5).get()


CALLS = (slack, slack_reads, gitlab, gitlab_reads, x, x_reads, zoom_opens, zoom_reads, zoom_deletes, zoom_token)  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
async def test_nothing_goes_where_a_vendor_sends_us(
    elsewhere: Elsewhere, call: Callable[[str], Awaitable[object]], status: int
) -> None:
    elsewhere.status = status
    with pytest.raises(Ambiguous):
        await call(elsewhere.vendor)
    assert elsewhere.heard == []
