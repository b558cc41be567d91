"""The faults of a run: which kinds strike the writes of which vendor, and how likely."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.chaos.plan import Plan

WRITES: tuple[tuple[str, str], ...] = (
    ("slack", "POST /api/"),
    ("zoom", "POST /v2/"),
    ("zoom", "DELETE /v2/"),
    ("gitlab", "POST /api/"),
    ("gitlab", "PUT /api/"),
    ("x", "POST /2/"),
)
"""Vendor and route of everything that writes; reading Slack is GET."""
VENDORS = ("slack", "zoom", "gitlab", "x")


@dataclass(frozen=True)
class Kind:
    """One kind of fault, by how often it is drawn and where it fits."""

    name: str
    kind: str
    weight: float
    options: dict[str, Any] = field(default_factory=dict)
    vendors: tuple[str, ...] = VENDORS


KINDS: tuple[Kind, ...] = (
    Kind("status_500", "status", 4, {"status": 500}),
    Kind("status_503", "status", 4, {"status": 503}),
    Kind("reset_before", "reset_before", 4),
    Kind("reset_after", "reset_after", 5),
    Kind("hang", "hang", 1),
    Kind("late_commit", "late_commit", 4, {"seconds": 1.0}),
    Kind("delay", "delay", 2, {"seconds": 1.5}),
    Kind("rate_limit", "rate_limit", 3, {"retry_after": 1}),
    Kind("malformed", "malformed", 2),
    Kind("ghost_duplicate", "ghost_duplicate", 1),
    Kind("slack_error", "slack_error", 2, {"error": "fatal_error"}, ("slack",)),
)


def rules(plan: Plan, round_: int) -> Iterator[dict[str, Any]]:
    """Yield the rules that together strike the plan's share of the writes, each kind by its weight."""
    if not plan.faulted:
        return
    chosen = [one for one in KINDS if not plan.kinds or one.name in plan.kinds]
    for place, (vendor, route) in enumerate(WRITES):
        fitting = [one for one in chosen if vendor in one.vendors]
        total, left = sum(one.weight for one in fitting), 1.0
        for index, one in enumerate(fitting):
            share = plan.faulted * one.weight / total
            yield {
                "kind": one.kind,
                "vendor": vendor,
                "route": route,
                "count": None,
                "probability": share / left,
                "seed": hash((plan.seed, round_, place, index)) & 0x7FFFFFFF,
                **one.options,
            }
            left -= share


class Control:
    """The sandbox's control API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/_control"
        self._round = 0

    async def rule(self, plan: Plan, outage: str = "") -> None:
        """Set the rules anew, with one vendor altogether down where one is named."""
        self._round += 1
        await self.clear()
        if outage:
            await self._post("faults", {"kind": "outage", "vendor": outage})
        for one in rules(plan, self._round):
            await self._post("faults", one)

    async def clear(self) -> None:
        """Take all faults away."""
        async with self._session.delete(f"{self._url}/faults") as reply:
            reply.raise_for_status()

    async def get(self, what: str) -> Any:
        """Return ``state`` or ``calls``."""
        async with self._session.get(f"{self._url}/{what}") as reply:
            reply.raise_for_status()
            return await reply.json()

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        async with self._session.post(f"{self._url}/{what}", json=body) as reply:
            reply.raise_for_status()
