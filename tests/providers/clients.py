"""The four providers against a sandbox, and the loop in which the border lets an effect be tried."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.border import translated
from muster.domain.effects import Card, Link, Receipt
from muster.ports import ProviderError
from muster.providers.gitlab import GitLabTracker
from muster.providers.slack import SlackChat
from muster.providers.x import XStatus
from muster.providers.zoom import ZoomConference
from muster.sandbox import Sandbox

TIMEOUT = 1
"""Seconds that a client waits for an answer."""
PATIENT = 30
"""Seconds that it waits where nothing is to go wrong, though the machine be busy."""
SETTLE = timedelta(seconds=0.5)
"""Longer than anything here is written after its client has gone."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
CARD = Card(
    headline="#42 S1 active: api errors", links=(Link(title="Bridge", url="https://z.test"),)
)
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("delay", {"seconds": TIMEOUT + 0.2}),
    ("reset_before", {}),
    ("reset_after", {}),
    ("late_commit", {"seconds": 0.2}),
    ("rate_limit", {"retry_after": 1}),
    ("malformed", {}),
    ("hang", {}),
    ("outage", {"count": 2}),
    ("slack_error", {"error": "fatal_error"}),
    ("slack_error", {"error": "internal_error"}),
    ("slack_error", {"error": "ratelimited"}),
]
"""Whatever may befall a call, and after which it is tried again."""


def slack(sandbox: Sandbox, timeout: int = TIMEOUT) -> SlackChat:
    people = {"ana": "UANA", "ben": "UBEN"}
    return SlackChat("token", sandbox.urls["slack"], people=people, timeout=timeout)


def zoom(sandbox: Sandbox, account: str = "account", timeout: float = TIMEOUT) -> ZoomConference:
    api, oauth = sandbox.urls["zoom"], sandbox.urls["zoom_oauth"]
    return ZoomConference(
        account, "client", "secret", api_url=api, oauth_url=oauth, timeout=timeout
    )


def gitlab(sandbox: Sandbox, timeout: float = TIMEOUT) -> GitLabTracker:
    people = {"ann": "ana", "bob": "ben", "zoe": "unknown"}
    url = sandbox.urls["gitlab"]
    return GitLabTracker(url, "token", "ops/production", people=people, timeout=timeout)


def x(sandbox: Sandbox) -> XStatus:
    return XStatus(sandbox.urls["x"], "token", timeout=TIMEOUT)


Write = Callable[[bool], Awaitable[Receipt]]


async def until_done(write: Write) -> Receipt:
    """Try as the border does: after the delay that it gives, and read by key from then on. Raises what it would not retry."""
    for attempt in range(1, 7):
        try:
            return await write(attempt == 1)
        except ProviderError as error:
            delay = translated(error, attempt, SETTLE).next_retry_delay
            if delay is None:
                raise
            await asyncio.sleep(delay.total_seconds())
    message = "it was never done"
    raise AssertionError(message)
