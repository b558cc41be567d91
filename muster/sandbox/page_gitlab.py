"""How the page shows what is in GitLab: issues with labels, links and notes, and whether texts of others have acted."""

import re
from html import escape
from typing import TYPE_CHECKING

from muster.sandbox.page_parts import SHOWN, left_out, state, tag
from muster.sandbox.vendor import Fields

if TYPE_CHECKING:
    from muster.sandbox.gitlab import GitLab

_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def alarm(gitlab: "GitLab") -> str:
    """Return what the texts have done: quick actions and mentions, of which there should be none."""
    acted = [f"{one}" for one in gitlab.quick_actions[-SHOWN:]]
    acted += [f"@{one}" for one in gitlab.mentions[-SHOWN:]]
    acted += [f"@{one} in a title" for one in gitlab.title_mentions[-SHOWN:]]
    return f"<p>texts have acted: {' '.join(tag(one, 'bad') for one in acted)}</p>" if acted else ""


def issue_shown(issue: Fields) -> str:
    """Return an issue; its texts are folded."""
    labels = " ".join(tag(str(one)) for one in issue["labels"])
    linked = ", ".join(f"{_kind(issue, one)} #{one}" for one in issue["links"])
    count = len(issue["notes"])
    notes = "".join(f"<div class=note>{text(_body(one))}</div>" for one in issue["notes"][-SHOWN:])
    return (
        f"<article><b>{escape(str(issue['title']))}</b>"
        f"<div class=tags>{state(issue['state'])} {labels}</div>"
        f"{_assigned(issue)}"
        f"{f'<div class=about>{escape(linked)}</div>' if linked else ''}"
        f'<details id="issue{issue["iid"]}"><summary>issue {issue["iid"]}: description and '
        f"{count} note{'' if count == 1 else 's'}</summary>"
        f"{text(str(issue['description']))}{left_out(count)}{notes}</details></article>"
    )


def _assigned(issue: Fields) -> str:
    names = ", ".join(f"@{one['username']}" for one in issue.get("assignees", ()))
    return f"<div class=about>assigned to {escape(names)}</div>" if names else ""


def _kind(issue: Fields, other: int) -> str:
    kept = issue.get("linked", {}).get(str(other), {})
    return str(kept.get("type", "relates_to")).replace("_", " ")


def _body(note: Fields) -> str:
    return str(note["body"]).strip()


def text(markdown: str) -> str:
    """Return Markdown as far as our issues need it: code in fences, headings, and comments, which stay visible."""
    shown, place = "", 0
    for found in _FENCE.finditer(markdown):
        shown += _lines(markdown[place : found.start()])
        shown += f"<pre>{escape(found[2].rstrip())}</pre>"
        place = found.end()
    return shown + _lines(markdown[place:])


def _lines(markdown: str) -> str:
    return "".join(_line(line.strip()) for line in markdown.splitlines() if line.strip())


def _line(line: str) -> str:
    if line.startswith("#") and line.lstrip("#").startswith(" "):
        return f"<h4>{escape(line.lstrip('# '))}</h4>"
    if line.startswith("<!--"):
        return f"<p class=about>{escape(line)}</p>"
    return f"<p>{escape(line)}</p>"
