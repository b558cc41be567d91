"""The page on which a person sees what is in Slack, Zoom, GitLab and X right now."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from muster.sandbox.page_shell import framed
from muster.sandbox.page_slack import channel_shown, in_use, left_out, tag
from muster.sandbox.vendor import Fields

if TYPE_CHECKING:
    from muster.sandbox.server import Sandbox

LAST_CALLS = 25
ITEMS = 50
"""Issues, meetings and posts that are shown at most, the newest first."""
LAST_NOTES = 8
_STATES = {"opened": "good", "started": "good", "closed": "warn"}


def page(sandbox: "Sandbox") -> str:
    """Return the page; every word of others is escaped."""
    panels = (_slack(sandbox), _gitlab(sandbox), _zoom(sandbox), _x(sandbox))
    return framed(f"{_faults(sandbox)}<main>{''.join(panels)}</main>{_calls(sandbox)}")


def _panel(name: str, title: str, count: int, noun: str, parts: Iterable[str]) -> str:
    inner = "".join(parts) or "<p class=quiet>nothing yet</p>"
    counted = f"{count} {noun}" if count == 1 else f"{count} {noun}s"
    return f'<section class="{name}"><h2>{title} <small>{counted}</small></h2>{inner}</section>'


def _slack(sandbox: "Sandbox") -> str:
    used = [one for one in sandbox.slack.channels.values() if in_use(one)]
    people = sandbox.slack.users
    shown = (channel_shown(one, people) for one in used)
    return _panel("slack", "Slack", len(used), "channel", shown)


def _zoom(sandbox: "Sandbox") -> str:
    meetings = list(sandbox.zoom.meetings.values())
    parts = (
        f"<article>{escape(str(one['topic']))} {_state(one['status'])}"
        f"<br><small>{escape(str(one['join_url']))}</small></article>"
        for one in meetings[: -ITEMS - 1 : -1]
    )
    return _panel("zoom", "Zoom", len(meetings), "meeting", parts)


def _gitlab(sandbox: "Sandbox") -> str:
    issues = list(sandbox.gitlab.issues.values())
    acted = [f"{one}" for one in sandbox.gitlab.quick_actions[-LAST_NOTES:]]
    acted += [f"@{one}" for one in sandbox.gitlab.mentions[-LAST_NOTES:]]
    acted += [f"@{one} in a title" for one in sandbox.gitlab.title_mentions[-LAST_NOTES:]]
    alarm = (
        [f"<p>texts have acted: {' '.join(tag(one, 'bad') for one in acted)}</p>"] if acted else []
    )
    return _panel(
        "gitlab", "GitLab", len(issues), "issue", (*alarm, *map(_issue, issues[: -ITEMS - 1 : -1]))
    )


def _issue(issue: Fields) -> str:
    labels = " ".join(tag(str(one)) for one in issue["labels"])
    linked = ", ".join(f"{_kind(issue, one)} #{one}" for one in issue["links"])
    count = len(issue["notes"])
    notes = "".join(
        f"<pre>{escape(str(one['body']).strip())}</pre>" for one in issue["notes"][-LAST_NOTES:]
    )
    return (
        f"<article><b>#{issue['iid']} {escape(str(issue['title']))}</b> {_state(issue['state'])} {labels}"
        f"{f'<p class=quiet>{escape(linked)}</p>' if linked else ''}"
        f'<details id="issue{issue["iid"]}"><summary>description and {count} '
        f"note{'' if count == 1 else 's'}</summary>"
        f"<pre>{escape(str(issue['description']))}</pre>{left_out(count)}{notes}</details></article>"
    )


def _kind(issue: Fields, other: int) -> str:
    kept = issue.get("linked", {}).get(str(other), {})
    return str(kept.get("type", "relates_to")).replace("_", " ")


def _state(word: object) -> str:
    return tag(str(word), _STATES.get(str(word), ""))


def _x(sandbox: "Sandbox") -> str:
    posts = list(sandbox.x.posts.values())
    parts = (
        f"<article>{escape(str(one['text'])).replace(chr(10), '<br>')}<br>"
        f"<time>{escape(str(one['created_at']))}</time></article>"
        for one in posts[: -ITEMS - 1 : -1]
    )
    return _panel("x", "X", len(posts), "post", parts)


def _faults(sandbox: "Sandbox") -> str:
    rules = "".join(
        f"<p><b class=bad>{escape(str(one['kind']))}</b> on {escape(one['vendor'])} "
        f"{escape(one['route'])} <small>{_often(one)}</small></p>"
        for one in sandbox.faults.active()
    )
    slow = (
        f"<p>every call takes {sandbox.latency * 1000:g} ms longer</p>" if sandbox.latency else ""
    )
    return (
        f"<div class=faults><h2>Faults on demand</h2>{rules}{slow}</div>" if rules or slow else ""
    )


def _often(rule: Fields) -> str:
    return "until it is cleared" if rule["count"] is None else f"{rule['count']} more"


def _calls(sandbox: "Sandbox") -> str:
    rows = "".join(
        f"<tr><td>{one.seq}<td>{one.at[11:19]}<td>{one.vendor}<td>{one.method} {escape(one.path[:120])}"
        f"<td>{one.status or '...'}<td>{'written' if one.committed else ''}"
        f"<td class=bad>{escape(one.fault)}"
        for one in list(sandbox.calls)[: -LAST_CALLS - 1 : -1]
    )
    count = f"<summary>last calls, of {len(sandbox.calls)}</summary>"
    return f"<footer><details id=calls>{count}<div class=wide><table>{rows}</table></div></details></footer>"
