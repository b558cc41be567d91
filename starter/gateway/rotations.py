"""The rotations, read again and again: what would else be found wrong with them at three in the morning."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from temporalio.client import Client

from muster.domain.policy import Policy
from muster.domain.stand_ins import Arranged
from muster.oncall import environment
from muster.oncall.checking import problems
from muster.oncall.roster import Problem, Roster
from starter import overrides
from starter.failures import Failure
from starter.gateway.metrics import Metrics

AHEAD: Final = timedelta(weeks=8)
EVERY: Final = timedelta(minutes=10)

_LOG = logging.getLogger(__name__)


class Rotations:
    """Keeps the last look at all rotations of a policy."""

    def __init__(self, client: Client, policy: Policy, metrics: Metrics) -> None:
        """Begin without a look."""
        self._client = client
        self._policy = policy
        self._metrics = metrics
        self._looked_at: datetime | None = None
        self._roster: Roster | None = None
        self._problems: Sequence[Problem] = ()
        self._standing: Sequence[Arranged] = ()

    async def watching(self, _app: web.Application) -> AsyncIterator[None]:
        """Look while the gateway serves; without a rotation there is nothing to look at."""
        if not any(self._policy.oncall.rotations()):
            yield
            return
        watch = asyncio.create_task(self._watch())
        yield
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    def details(self) -> dict[str, Any]:
        """Return how many problems each rotation has in the next weeks, and how old its calendars are.

        Anyone may read it, so that it names nobody; ``muster oncall check`` says which problems they are.
        """
        laid = self._roster.rotations if self._roster else {}
        tally = Counter(problem.rotation for problem in self._problems)
        return {
            "looked_at": _iso(self._looked_at),
            "weeks": AHEAD.days // 7,
            "problems": {name: tally[name] for name in laid},
            "fed_at": {name: _iso(one.fed_at) for name, one in laid.items() if one.fed_at},
        }

    async def _watch(self) -> None:
        while True:
            try:
                await self._look(datetime.now(UTC))
            except Exception:  # noqa: BLE001 - the next look may do; the time of the last one is shown
                _LOG.exception("the rotations could not be looked at")
            await asyncio.sleep(EVERY.total_seconds())

    async def _look(self, now: datetime) -> None:
        with suppress(Failure, RuntimeError):  # those that were known last still count
            self._standing = await overrides.standing(self._client)
        roster = await environment.roster(self._policy, now, self._standing)
        found = await asyncio.to_thread(problems, self._policy, roster, now, AHEAD)
        for problem in found:
            if problem not in self._problems:
                _LOG.warning("rotation %s: %s", problem.rotation, problem.text)
        self._roster, self._problems, self._looked_at = roster, found, now
        self._show()

    def _show(self) -> None:
        details = self.details()
        for name, count in details["problems"].items():
            self._metrics.rotations.labels(name).set(count)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
