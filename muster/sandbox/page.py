"""The page on which a person sees what is in Slack, Zoom, GitLab and X right now."""

from html import escape
from typing import TYPE_CHECKING

from muster.sandbox.faults import Kind
from muster.sandbox.page_gitlab import alarm, issue_shown
from muster.sandbox.page_parts import counted, lines, moment, panel, state
from muster.sandbox.page_shell import framed
from muster.sandbox.page_slack import channel_shown, in_use
from muster.sandbox.vendor import Fields

if TYPE_CHECKING:
    from muster.sandbox.server import Logged, Sandbox

LAST_CALLS = 25
ITEMS = 50
"""Issues, meetings and posts that are shown at most, the newest first."""
_FAILED = 400
"""The first status of an answer that says no."""
_NAMES = (("slack", "Slack"), ("gitlab", "GitLab"), ("zoom", "Zoom"), ("x", "X"))


def page(sandbox: "Sandbox") -> str:
    """Return the page; every word of others is escaped."""
    panels = (_slack(sandbox), _gitlab(sandbox), _zoom(sandbox), _x(sandbox))
    links = "".join(f'<a class="{name}" href="#{name}">{title}</a>' for name, title in _NAMES)
    return framed(
        f"<nav>{links}</nav>{_faults(sandbox)}<main>{''.join(panels)}</main>"
        f"<footer>{_calls(sandbox)}{_breaking(sandbox)}</footer>"
    )


def _slack(sandbox: "Sandbox") -> str:
    used = [one for one in sandbox.slack.channels.values() if in_use(one)]
    people = sandbox.slack.users
    shown = (channel_shown(one, people) for one in used)
    return panel("slack", "Slack", counted(len(used), "channel"), shown)


def _zoom(sandbox: "Sandbox") -> str:
    meetings = list(sandbox.zoom.meetings.values())
    parts = (
        f"<article><b>{escape(str(one['topic']))}</b>"
        f"<div class=about>{state(one['status'])} {escape(str(one['join_url']))}</div></article>"
        for one in meetings[: -ITEMS - 1 : -1]
    )
    return panel("zoom", "Zoom", counted(len(meetings), "meeting"), parts)


def _gitlab(sandbox: "Sandbox") -> str:
    issues = list(sandbox.gitlab.issues.values())
    shown = (alarm(sandbox.gitlab), *map(issue_shown, issues[: -ITEMS - 1 : -1]))
    return panel("gitlab", "GitLab", counted(len(issues), "issue"), shown)


def _x(sandbox: "Sandbox") -> str:
    posts = list(sandbox.x.posts.values())
    parts = (
        f"<article><p>{lines(str(one['text']))}</p>"
        f"<div class=about>{moment(str(one['created_at']))}</div></article>"
        for one in posts[: -ITEMS - 1 : -1]
    )
    return panel("x", "X", counted(len(posts), "post"), parts)


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
    often = "until it is cleared" if rule["count"] is None else f"{rule['count']} more"
    chance = rule["probability"]
    return often if chance == 1 else f"{often}, {chance * 100:g} % of the calls"


def _calls(sandbox: "Sandbox") -> str:
    rows = "".join(_call(one) for one in list(sandbox.calls)[: -LAST_CALLS - 1 : -1])
    head = "<tr><th>#<th>at (UTC)<th>vendor<th>call<th>answer<th>written<th>fault"
    made = len(sandbox.calls)
    count = f"<summary>The last {min(made, LAST_CALLS)} of {counted(made, 'call')}</summary>"
    return f"<details id=calls>{count}<div class=wide><table>{head}{rows}</table></div></details>"


def _call(one: "Logged") -> str:
    failed = " class=bad" if one.status >= _FAILED else ""
    return (
        f"<tr><td>{one.seq}<td>{one.at[11:19]}<td>{one.vendor}"
        f"<td>{one.method} {escape(one.path[:120])}<td{failed}>{one.status or 'none'}"
        f"<td>{'yes' if one.committed else ''}<td class=bad>{escape(one.fault)}"
    )


def _breaking(sandbox: "Sandbox") -> str:
    """Return how to break something, with every kind that there is."""
    url = f"{sandbox.url}/_control/faults"
    told = (
        f'curl {url} -d \'{{"kind": "outage", "vendor": "slack"}}\'\n'
        f"curl -X DELETE {url}    # all is well again\n\n"
        f"kind    {', '.join(Kind)}\n"
        "also    route (part of METHOD and path), count (null: for ever), probability, seed,\n"
        "        status, seconds, retry_after, error"
    )
    return f"<details id=breaking><summary>Break something</summary><pre>{escape(told)}</pre></details>"
