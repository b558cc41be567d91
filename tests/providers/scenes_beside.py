"""Every write of bridges, of the tracker and of what end users read."""

from datetime import UTC, datetime
from typing import Any

from muster.domain.effects import Document, Receipt
from muster.providers.gitlab import GitLabTracker
from muster.sandbox import Sandbox
from tests.providers.clients import AT, PATIENT, gitlab, x, zoom
from tests.providers.scenes import Case

ISSUE = Document(title="#42 api errors", labels=("incident", "severity::S2"))
CLOSED = Document(title="#42 api errors", labels=("incident", "state::closed"), closed=True)
WORDS = "Some requests fail."


# Bridges.


async def opened_bridge(sandbox: Sandbox) -> Case:
    conference = zoom(sandbox)
    return Case(
        lambda fresh: conference.open("k/bridge", "api errors", fresh=fresh),
        lambda: list(sandbox.zoom.meetings),
        lambda done: [done.id],
    )


async def opened_bridge_twice(sandbox: Sandbox) -> Case:
    sandbox.faults.add("ghost_duplicate", "zoom", "POST /v2/users")
    conference = zoom(sandbox)
    await zoom(sandbox, timeout=PATIENT).open("k/bridge", "api errors", fresh=True)
    return Case(
        lambda _: conference.open("k/bridge", "api errors", fresh=False),
        lambda: list(sandbox.zoom.meetings),
        lambda done: [done.id],
    )


async def swept_bridges(sandbox: Sandbox) -> Case:
    sandbox.faults.add("ghost_duplicate", "zoom", "POST /v2/users")
    conference = zoom(sandbox)
    kept = await zoom(sandbox, timeout=PATIENT).open("k/bridge", "api errors", fresh=True)
    return Case(
        lambda _: conference.sweep("k/bridge", kept),
        lambda: list(sandbox.zoom.meetings),
        lambda _: [kept.id],
    )


async def ended_bridge(sandbox: Sandbox) -> Case:
    conference = zoom(sandbox)
    bridge = await zoom(sandbox, timeout=PATIENT).open("k/bridge", "api errors", fresh=True)
    other = await zoom(sandbox, timeout=PATIENT).open("l/bridge", "another", fresh=True)
    return Case(
        lambda _: conference.end(bridge),
        lambda: list(sandbox.zoom.meetings),
        lambda _: [other.id],
    )


# The tracker.


def open_issues(sandbox: Sandbox) -> list[str]:
    return [iid for iid, one in sandbox.gitlab.issues.items() if one["state"] == "opened"]


async def issued(sandbox: Sandbox) -> tuple[GitLabTracker, Receipt, dict[str, Any]]:
    """Return a client, its issue, and what the vendor has of it."""
    issue = await gitlab(sandbox, PATIENT).open("k/issue", ISSUE, fresh=True)
    return gitlab(sandbox), issue, sandbox.gitlab.issues[issue.id]


async def opened_issue(sandbox: Sandbox) -> Case:
    tracker = gitlab(sandbox)
    return Case(
        lambda fresh: tracker.open("k/issue", ISSUE, fresh=fresh),
        lambda: open_issues(sandbox),
        lambda done: [done.id],
    )


async def opened_issue_twice(sandbox: Sandbox) -> Case:
    sandbox.faults.add("ghost_duplicate", "gitlab", "POST")
    tracker, *_ = await issued(sandbox)
    return Case(
        lambda _: tracker.open("k/issue", ISSUE, fresh=False),
        lambda: open_issues(sandbox),
        lambda done: [done.id],
    )


async def edited_issue(sandbox: Sandbox) -> Case:
    """Its labels and its state."""
    tracker, issue, kept = await issued(sandbox)
    return Case(
        lambda _: tracker.edit(issue, CLOSED, key="k/issue"),
        lambda: (list(sandbox.gitlab.issues), kept["labels"], kept["state"]),
        lambda done: ([done.id], list(CLOSED.labels), "closed"),
    )


async def noted(sandbox: Sandbox) -> Case:
    tracker, issue, kept = await issued(sandbox)
    return Case(
        lambda fresh: tracker.note("k/note:1", issue, "resolved", AT, fresh=fresh),
        lambda: [str(one["id"]) for one in kept["notes"]],
        lambda done: [done.id],
    )


async def noted_twice(sandbox: Sandbox) -> Case:
    tracker, issue, kept = await issued(sandbox)
    sandbox.faults.add("ghost_duplicate", "gitlab", "/notes")
    await gitlab(sandbox, PATIENT).note("k/note:1", issue, "resolved", AT, fresh=True)
    return Case(
        lambda _: tracker.note("k/note:1", issue, "resolved", AT, fresh=False),
        lambda: [str(one["id"]) for one in kept["notes"]],
        lambda done: [done.id],
    )


async def linked(sandbox: Sandbox) -> Case:
    tracker, issue, kept = await issued(sandbox)
    earlier = Document(title="#41 api errors", labels=("incident",))
    other = await gitlab(sandbox, PATIENT).open("l/issue", earlier, fresh=True)
    return Case(
        lambda _: tracker.link(issue, 41, "follows"),
        lambda: kept["links"],
        lambda _: [int(other.id)],
    )


async def swept_tracker(sandbox: Sandbox) -> Case:
    """A second issue, and two notes of one key."""
    sandbox.faults.add("ghost_duplicate", "gitlab", "POST")
    tracker, issue, kept = await issued(sandbox)
    sandbox.faults.add("ghost_duplicate", "gitlab", "/notes")
    await gitlab(sandbox, PATIENT).note("k/note:1", issue, "resolved", AT, fresh=True)
    return Case(
        lambda _: tracker.sweep("k/", issue),
        lambda: (open_issues(sandbox), len(kept["notes"])),
        lambda _: ([issue.id], 1),
    )


# What end users read.


async def published(sandbox: Sandbox) -> Case:
    status, at = x(sandbox), datetime.now(UTC)
    return Case(
        lambda fresh: status.post("k/post", WORDS, at, fresh=fresh),
        lambda: [(one["id"], one["text"]) for one in sandbox.x.posts.values()],
        lambda done: [(done.id, WORDS)],
    )


async def published_twice(sandbox: Sandbox) -> Case:
    status, at = x(sandbox), datetime.now(UTC)
    for _ in range(2):
        sandbox.x.store(WORDS)
    return Case(
        lambda _: status.post("k/post", WORDS, at, fresh=False),
        lambda: [(one["id"], one["text"]) for one in sandbox.x.posts.values()],
        lambda done: [(done.id, WORDS)],
    )
