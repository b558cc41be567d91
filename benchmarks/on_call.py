"""How long it takes to say who is on call, at any instant of five years, once the rotations are laid out."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measures import Found, Scale, p99
from muster.domain.policy import Policy
from muster.domain.roles import Role
from muster.oncall.feeds import Copies, Feeds
from muster.oncall.roster import load

ROTATIONS, ASKED = 40, 10_000
EVENT = (
    "BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART;TZID=America/New_York:202401{day:02}T090000\r\nDURATION:P1D\r\n"
    "SUMMARY:On call: p{n}\r\nRRULE:FREQ=DAILY;INTERVAL=7\r\nEND:VEVENT\r\n"
)


async def on_call(home: Path, _scale: Scale) -> Found:
    """Return the milliseconds of an answer, with how long the laying out has taken beside."""
    feed = home / "team.ics"
    events = "".join(EVENT.format(n=n, day=n + 1) for n in range(7))
    feed.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n")
    began = time.perf_counter()
    feeds = Feeds({"team": str(feed)}, Copies())
    roster = await load(Policy.model_validate(_policy()), feeds, datetime.now(UTC))
    laid = time.perf_counter() - began
    dice = random.Random(1)  # noqa: S311 - nothing is secret
    span = (roster.until - roster.since).total_seconds()
    instants = [
        datetime.fromtimestamp(roster.since.timestamp() + dice.uniform(0, span), UTC)
        for _ in range(ASKED)
    ]
    spans = []
    for number, at in enumerate(instants):
        begun = time.perf_counter()
        found = roster.on_call(Role.OCIT, f"service-{number % ROTATIONS}", at)
        spans.append((time.perf_counter() - begun) * 1_000)
        assert all(found), (number, at)
    return Found({"p99 ms of an on-call answer": p99(spans)}, {"seconds to lay all out": laid})


def _policy() -> dict[str, Any]:
    people = [f"p{n}" for n in range(7)]
    written = {
        "layer": 2,
        "members": people,
        "start": "2024-01-01 09:00",
        "every": "FREQ=WEEKLY;BYDAY=MO",
    }
    rotation = {"timezone": "Europe/Berlin", "turns": [{"feed": "team"}, written]}
    return {
        "people": {name: {} for name in people},
        "oncall": {"services": {f"service-{n}": rotation for n in range(ROTATIONS)}},
    }
