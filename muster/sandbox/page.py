"""The page on which a person sees what is in Slack, Zoom, GitLab and X right now."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muster.sandbox.server import Sandbox

LAST_CALLS = 20
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #4a6ee0; }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem }
h1 { font-size: 1.2rem; margin: 0 0 .2rem } h2 { font-size: 1rem; margin: 0 0 .6rem }
h3 { font-size: .9rem; margin: .9rem 0 .3rem } p { margin: .2rem 0 }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(21rem, 1fr)) }
section { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem;
  min-width: 0; overflow-wrap: anywhere }
article { background: var(--soft); border-left: 3px solid var(--accent); border-radius: .3rem; margin: .4rem 0;
  padding: .4rem .6rem }
article article { border-left-color: var(--line); margin-left: .5rem }
pre { margin: .3rem 0; white-space: pre-wrap; font: 12px/1.4 ui-monospace, monospace }
small, .quiet { opacity: .7 }
.tag { border: 1px solid var(--line); border-radius: 1rem; font-size: .78rem; padding: 0 .5rem; white-space: nowrap }
table { border-collapse: collapse; width: 100%; font-size: .82rem }
td { border-top: 1px solid var(--line); padding: .15rem .4rem }
footer { margin-top: 1rem } .bad { color: #d33 }
"""


def page(sandbox: "Sandbox") -> str:
    """Return the page; every word of others is escaped."""
    panels = (_slack(sandbox), _zoom(sandbox), _gitlab(sandbox), _x(sandbox))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Muster sandbox</title>'
        f"<style>{_STYLE}</style><h1>Sandbox</h1><p class=quiet>What Muster has done outside, "
        f"in stand-ins of the four vendors.</p><main>{''.join(panels)}</main>{_footer(sandbox)}</html>"
    )


def _panel(title: str, count: str, parts: Iterable[str]) -> str:
    inner = "".join(parts) or "<p class=quiet>nothing yet</p>"
    return f"<section><h2>{title} <small>{count}</small></h2>{inner}</section>"


def _slack(sandbox: "Sandbox") -> str:
    channels = [one for one in sandbox.slack.channels.values() if one["messages"] or one["members"]]
    return _panel("Slack", f"{len(channels)} channels in use", map(_channel, channels))


def _channel(channel: dict[str, Any]) -> str:
    archived = ' <span class="tag">archived</span>' if channel["is_archived"] else ""
    topic = f"<p class=quiet>{escape(str(channel['topic']['value']))}</p>"
    marks = " ".join(
        f'<span class="tag">{escape(str(one["title"]))}</span>' for one in channel["bookmarks"]
    )
    tops = [one for one in channel["messages"] if not one["thread_ts"]][-8:]
    shown = "".join(_message(one, channel) for one in tops)
    return f"<h3>#{escape(channel['name'])}{archived} {marks}</h3>{topic}{shown}"


def _message(message: dict[str, Any], channel: dict[str, Any]) -> str:
    replies = [one for one in channel["messages"] if one["thread_ts"] == message["ts"]][-8:]
    pinned = ' <span class="tag">pinned</span>' if message["ts"] in channel["pins"] else ""
    edited = f" <small>edited {message['edits']}x</small>" if message["edits"] else ""
    thread = "".join(f"<article>{_lines(_words(one))}</article>" for one in replies)
    return f"<article>{_lines(_words(message))}{pinned}{edited}{thread}</article>"


def _words(message: dict[str, Any]) -> str:
    """Return a message's words: its blocks where it has some."""
    texts = [
        str(part.get("text", ""))
        for block in message["blocks"]
        for part in (block.get("text"), *(block.get("elements") or ()))
        if isinstance(part, dict)
    ]
    return "\n".join(texts) or str(message["text"])


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _zoom(sandbox: "Sandbox") -> str:
    meetings = list(sandbox.zoom.meetings.values())
    parts = (
        f"<article>{escape(str(one['topic']))}<br><small>{escape(str(one['join_url']))}</small> "
        f'<span class="tag">{escape(str(one["status"]))}</span></article>'
        for one in reversed(meetings)
    )
    return _panel("Zoom", f"{len(meetings)} meetings", parts)


def _gitlab(sandbox: "Sandbox") -> str:
    issues = list(sandbox.gitlab.issues.values())
    return _panel("GitLab", f"{len(issues)} issues", map(_issue, reversed(issues)))


def _issue(issue: dict[str, Any]) -> str:
    labels = " ".join(f'<span class="tag">{escape(str(one))}</span>' for one in issue["labels"])
    notes = "".join(f"<pre>{escape(str(one['body']).strip())}</pre>" for one in issue["notes"][-6:])
    linked = (
        f"<p class=quiet>linked to {', '.join(f'!{one}' for one in issue['links'])}</p>"
        if issue["links"]
        else ""
    )
    return (
        f"<article><b>{escape(str(issue['title']))}</b> {labels} "
        f'<span class="tag">{escape(str(issue["state"]))}</span>{linked}'
        f"<details><summary>{len(issue['notes'])} notes</summary>"
        f"<pre>{escape(str(issue['description']))}</pre>{notes}</details></article>"
    )


def _x(sandbox: "Sandbox") -> str:
    posts = list(sandbox.x.posts.values())
    parts = (
        f"<article>{_lines(str(one['text']))}<br><small>{escape(str(one['created_at']))}</small></article>"
        for one in reversed(posts)
    )
    return _panel("X", f"{len(posts)} posts", parts)


def _footer(sandbox: "Sandbox") -> str:
    faults = "".join(
        f"<p class=bad>fault: {escape(str(one['kind']))} on {escape(one['vendor'])} {escape(one['route'])}</p>"
        for one in sandbox.faults.active()
    )
    rows = "".join(
        f"<tr><td>{one.seq}<td>{one.vendor}<td>{one.method} {escape(one.path[:80])}<td>{one.status}"
        f"<td class=bad>{escape(one.fault)}"
        for one in list(sandbox.calls)[: -LAST_CALLS - 1 : -1]
    )
    return f"<footer>{faults}<details><summary>last calls</summary><table>{rows}</table></details></footer>"
