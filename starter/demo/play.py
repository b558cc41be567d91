"""The acts of the demo, in order."""

import secrets
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from time import monotonic
from typing import Any

from starter.demo.stage import Missing, Stage
from starter.stack.children import StackError
from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports

STABILITY = 12.0
"""Seconds of the demo's stability wait, as in its policy."""
INCIDENTS = 2
LATE = 8.0
"""Seconds by which a closing may be late after a worker was killed and started again."""


def demo() -> int:
    """Play all acts; return 0 only if everything came that they promise."""
    token = secrets.token_urlsafe(16)
    begun = monotonic()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="muster-demo-") as home,
            _policy() as policy,
            Stack(Path(home), free_ports(), token=token, policy=policy) as stack,
        ):
            stage = Stage(stack, token)
            _play(stage)
            stage.say(f"everything was as promised, in {monotonic() - begun:.0f} s")
    except (Missing, StackError) as error:
        print(f"muster demo: {error}", file=sys.stderr)
        return 1
    return 0


def _policy() -> Any:
    return as_file(files("starter.demo").joinpath("policy.toml"))


def _play(stage: Stage) -> None:
    ports = stage.stack.ports
    stage.say(
        "The demo's policy shortens the stability wait to 12 s and the upgrade window to 90 s; "
        "the defaults are 30 minutes and 3 hours."
    )
    stage.say(f"Web UI http://{HOST}:{ports.ui}, sandbox http://{HOST}:{ports.sandbox}")
    started = datetime.now(UTC)
    for act in (_alert, _roles, _updates):
        act(stage, started)
    _broken_wait(stage, started)
    _killed_worker(stage)
    _second_incident(stage)
    _record(stage)


def _alert(stage: Stage, started: datetime) -> None:
    stage.title("An alert arrives, and an incident forms")
    stage.alert(started=started)
    stage.wait("incident #1 was declared", lambda: stage.see(1).get("number") == 1)
    stage.wait("bridge, channel, issue and announcement stand", lambda: _stands(stage, 1))
    stage.alert(started=started)
    stage.say("the same delivery again changes nothing")
    stage.type("list")


def _stands(stage: Stage, number: int) -> bool:
    done = {
        one["key"].rpartition("/")[2]
        for one in stage.see(number)["effects"]
        if one["state"] == "done"
    }
    return {"announce", "bridge", "issue", "channel", "pin"} <= done


def _roles(stage: Stage, _: datetime) -> None:
    stage.title("People take their roles; an IMOC who fixes is refused")
    stage.type("severity", "1", "S2", "--reason", "several paying customers cannot check out")
    stage.type("assign", "1", "imoc", "me")
    refusal = stage.type("assign", "1", "ocit", "ana", code=4)
    stage.insist("never does the technical fix" in refusal, "the refusal says why")
    stage.type("assign", "1", "ocit", "ben")
    stage.type("assign", "1", "cmoc", "cem")


def _updates(stage: Stage, _: datetime) -> None:
    stage.title("The audiences hear, each in its place")
    stage.type(
        "note", "1", "rolling back the last deploy", "--trying", "--by", "ben", "--for", "10m"
    )
    words = "Some requests fail. We are on it."
    stage.type(
        "update", "1", words, "--to", "end-users,support", "--status", "investigating", "--yes"
    )
    stage.wait("X has the post, once", lambda: _posted(stage, words) == 1)
    stage.wait("#support has it too", lambda: len(_messages(stage, "support", words)) == 1)


def _posted(stage: Stage, words: str) -> int:
    return sum(one["text"] == words for one in stage.sandbox()["x"]["posts"].values())


def _messages(stage: Stage, channel: str, words: str) -> list[Any]:
    channels = stage.sandbox()["slack"]["channels"].values()
    return [
        one
        for room in channels
        if room["name"] == channel
        for one in room["messages"]
        if words in one["text"]
    ]


def _broken_wait(stage: Stage, started: datetime) -> None:
    stage.title("Resolved too early: an alert breaks the stability wait")
    stage.alert(firing=False, started=started)
    stage.wait("the alert has stopped", lambda: not _firing(stage))
    stage.type("resolve", "1", "--message", "rolled back", "--yes")
    again = datetime.now(UTC)
    stage.alert(started=again)
    stage.wait("the incident is active again", lambda: stage.see(1)["phase"] == "active")
    stage.alert(firing=False, started=again)
    stage.wait("the alert has stopped again", lambda: not _firing(stage))


def _firing(stage: Stage) -> bool:
    return any(one["firing"] for one in stage.see(1)["alerts"])


def _killed_worker(stage: Stage) -> None:
    stage.title(
        "The worker is killed in the middle of the second wait, which ends on time nonetheless"
    )
    stage.type("resolve", "1", "--message", "the rollback holds", "--yes")
    closes_at = _time(stage.see(1)["closes_at"])
    stage.stack.worker.kill()
    stage.say("worker killed (SIGKILL); no worker runs now")
    stage.stack.start_worker()
    stage.say("worker started again")
    stage.wait("closed", lambda: stage.see(1)["phase"] == "closed")
    stage.wait(
        "the ledger has recorded the closing", lambda: bool(stage.see(1)["closing_recorded"])
    )
    late = (_time(stage.see(1)["closed_at"]) - closes_at).total_seconds()
    stage.insist(0 <= late <= LATE, f"closed {late:.1f} s after its time")
    stage.say(f"closed {late:.1f} s after its wait of {STABILITY:g} s was over, not before")
    stage.type(
        "update",
        "1",
        "Everything works again.",
        "--to",
        "end-users",
        "--status",
        "resolved",
        "--yes",
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _second_incident(stage: Stage) -> None:
    stage.title("A second S3 inside the upgrade window becomes an S2")
    stage.type("declare", "search is slow", "--severity", "S3", "--service", "search")
    seen = stage.see(2)
    stage.insist((seen["severity"], seen["predecessor"]) == ("S2", 1), f"#2 is {seen['severity']}")
    stage.insist("after #1" in seen["severity_reason"], "the reason is told")
    stage.say(seen["severity_reason"])


def _record(stage: Stage) -> None:
    stage.title("The record")
    stage.wait("the outside has caught up", lambda: _settled(stage, 1) and _settled(stage, 2))
    stage.type("timeline", "1")
    stage.type("show", "2")
    seen = stage.sandbox()
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("two issues, each once", lambda: len(seen["gitlab"]["issues"]) == INCIDENTS),
        ("the closed one is closed", lambda: seen["gitlab"]["issues"]["1"]["state"] == "closed"),
        ("two bridges", lambda: len(seen["zoom"]["meetings"]) == INCIDENTS),
        ("two announcements", lambda: len(_announcements(seen)) == INCIDENTS),
        (
            "no words of others acted",
            lambda: not seen["gitlab"]["quick_actions"] + seen["gitlab"]["mentions"],
        ),
    )
    for what, holds in checks:
        stage.wait(what, holds, seconds=0)
    links = {one["key"].rpartition("/")[2]: one["link"] for one in stage.see(1)["effects"]}
    for name in ("bridge", "channel", "issue"):
        stage.insist(bool(links.get(name)), f"the {name} of #1 has a link")
        stage.say(f"{name:8} {links[name]}")


def _settled(stage: Stage, number: int) -> bool:
    return all(one["state"] in {"done", "off"} for one in stage.see(number)["effects"])


def _announcements(seen: dict[str, Any]) -> list[Any]:
    rooms = seen["slack"]["channels"].values()
    return [
        one
        for room in rooms
        if room["name"] == "incident"
        for one in room["messages"]
        if not one["thread_ts"]
    ]
