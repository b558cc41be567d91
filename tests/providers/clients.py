"""The four providers against a sandbox, and the loop in which the border lets an effect be tried."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from muster.domain.effects import Card, Link, Receipt
from muster.ports import Ambiguous, NotSent
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.providers.zoom import ZoomConference
from muster.sandbox import Sandbox

SETTLE = 0.5
AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Card(
    headline="#42 S1 active: api errors", links=(Link(title="Bridge", url="https://z.test"),)
)
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("reset_before", {}),
    ("reset_after", {}),
    ("late_commit", {"seconds": 0.2}),
    ("rate_limit", {"retry_after": 1}),
    ("malformed", {}),
    ("hang", {}),
]


def slack(sandbox: Sandbox) -> SlackChat:
    people = {"ana": "UANA", "ben": "UBEN"}
    return SlackChat("token", sandbox.urls["slack"], people=people, timeout=1)


def zoom(sandbox: Sandbox, account: str = "account") -> ZoomConference:
    urls = sandbox.urls
    return ZoomConference(
        account, "client", "secret", api_url=urls["zoom"], oauth_url=urls["zoom_oauth"], timeout=1
    )


def gitlab(sandbox: Sandbox) -> GitLabTracker:
    return GitLabTracker(sandbox.urls["gitlab"], "token", "ops/production", timeout=1)


def x(sandbox: Sandbox) -> XStatus:
    return XStatus(sandbox.urls["x"], "token", timeout=1)


Write = Callable[[bool], Awaitable[Receipt]]


async def until_done(write: Write) -> Receipt:
    """Try as the border lets an effect be tried: settle after an unclear end, and read by key from then on."""
    fresh = True
    for _ in range(6):
        try:
            return await write(fresh)
        except NotSent:
            await asyncio.sleep(0.01)
        except Ambiguous:
            await asyncio.sleep(SETTLE)
        fresh = False
    message = "it was never done"
    raise AssertionError(message)
