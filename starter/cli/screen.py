"""One incident on a screen of 24 lines: what, who, what is tried, late, next to do."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Any

from starter.cli.answers import head, next_step
from starter.cli.page import Row, cut, inert
from starter.cli.times import length, parsed, reopenable, shown

Document = dict[str, Any]

_BAD = {"degraded": "yellow", "needs_human": "bold red", "abandoned": "red"}
_STUCK = frozenset({"needs_human", "abandoned"})
"""What only a command tries again."""
_LINKED = {"bridge": "bridge", "issue": "issue", "channel": "channel", "announce": "card"}
"""Effects whose links people follow, by the name in their key."""
_ACCEPTED = {True: "accepted", False: "not accepted yet", None: "assigned"}
LATE = "bold red"


def screen(incident: Document, now: datetime, columns: int, lines: int | None) -> list[Row]:
    """Return the incident in so many lines, the prompt's included; all where lines is None."""
    top = [head(incident), *_facts(incident, now)]
    sections = [section for part in _SECTIONS if (section := list(_labelled(part(incident, now))))]
    bottom = [next_step(incident["next_command"])] if incident.get("next_command") else []
    if lines is not None:
        taken = sum(row.height(columns) for row in (*top, *bottom))
        sections = _fitting(sections, lines - 1 - taken, columns)
    body = [row for section in sections for row in section]
    rows = [*top, *body, *bottom]
    return rows if lines is None else [row.fitted(columns) for row in rows]


def _labelled(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows of a section; its label stands before the first."""
    for place, row in enumerate(rows):
        label = row.label if place == 0 else ""
        yield Row(row.text, label, row.style, row.whole, indented=True)


def _fitting(sections: list[list[Row]], budget: int, columns: int) -> list[list[Row]]:
    """Return the sections in so many lines: the longest gives way, down to one row."""
    kept = [len(section) for section in sections]
    while True:
        fitting = [
            _shortened(section, count, columns)
            for section, count in zip(sections, kept, strict=True)
        ]
        taken = sum(row.height(columns) for section in fitting for row in section)
        if taken <= budget or max(kept, default=1) == 1:
            return fitting
        kept[max(range(len(kept)), key=lambda place: (kept[place], place))] -= 1


def _shortened(section: list[Row], count: int, columns: int) -> list[Row]:
    """Return the first rows of a section; the last says how many more there are."""
    if count == len(section):
        return section
    suffix = f" (+{len(section) - count} more)"
    last = section[count - 1]
    short = replace(last, text="", whole=False)
    room = columns - len(short.margin) - len(suffix)
    text = last.text if last.whole else cut(last.text, room)
    return [*section[: count - 1], replace(last, text=text + suffix)]


def _facts(incident: Document, now: datetime) -> Iterator[Row]:
    if incident.get("stale"):
        told = "No worker answers (muster worker starts one); search knows this, it may be old"
        yield Row(told, style="yellow")
    if incident.get("redacted"):
        yield Row("only its people read more, and ask anything of it", label="Private")
        yield from _ending(incident, now)
        return
    since = parsed(incident.get("since") or incident.get("declared_at"))
    service = ", ".join(inert(one) for one in incident.get("services") or ())
    yield Row(service or inert(incident.get("service") or "not named"), label="Service")
    if since is not None:
        by = inert(incident.get("declared_by") or "").removeprefix("automation:")
        told = f"{shown(since, now)}, {length(now - since)} ago"
        yield Row(f"{told}, declared by {by}" if by else told, label="Since")
    if reason := inert(incident.get("severity_reason") or ""):
        yield Row(reason, label="Rated")
    yield from _ending(incident, now)
    yield from _people(incident["roles"], known=not incident.get("stale"))


def _ending(incident: Document, now: datetime) -> Iterator[Row]:
    phase = incident["phase"]
    if phase == "resolved" and incident.get("closes_at"):
        closes_at = parsed(incident["closes_at"])
        left = length(closes_at - now) if closes_at else "?"
        yield Row(f"{shown(closes_at, now, seconds=True)}, in {left}, if it stays stable", "Closes")
    elif phase == "resolved" and incident.get("stopped_by"):
        firing = ", ".join(inert(name) for name in incident["stopped_by"])
        yield Row(f"not before this stops firing: {firing}", label="Closes", style=LATE)
    if phase == "closed":
        recorded = (
            "" if incident.get("closing_recorded", True) else "; the ledger has yet to record it"
        )
        until = incident.get("window_ends_at")
        reopen = f", {reopenable(until, now)}" if until else ""
        yield Row(f"{shown(incident.get('closed_at'), now)}{reopen}{recorded}", label="Closed")
    if incident.get("merged_into"):
        yield Row(f"#{incident['merged_into']}", label="Same as")


def _people(roles: Document, *, known: bool) -> Iterator[Row]:
    if not known:
        yield Row(f"{_holder(roles['imoc'])}; the other roles are not known", label="IMOC")
        return
    cmoc = _holder(roles.get("cmoc"))
    if not roles.get("cmoc") and roles.get("covered_by"):
        cmoc = f"{inert(roles['covered_by'])} (IMOC covers)"
    team = ", ".join(_holder(one) for one in roles.get("ocit") or ())
    yield Row(f"{_holder(roles.get('imoc'))} · CMOC {cmoc}", label="IMOC")
    yield Row(team or "nobody yet", label="OCIT")


def _holder(holder: Document | None) -> str:
    if not holder:
        return "nobody yet"
    return f"{inert(holder['person'])} ({_ACCEPTED[holder.get('accepted')]})"


def _requests(incident: Document, _now: datetime) -> Iterator[Row]:
    for request in incident.get("requests") or ():
        yield Row(inert(request), label="Asked for", style="yellow")


def _refusals(incident: Document, _now: datetime) -> Iterator[Row]:
    for refusal in incident.get("refusals") or ():
        yield Row(inert(refusal), label="Refused", style="yellow")


def _trying(incident: Document, now: datetime) -> Iterator[Row]:
    for one in incident.get("trying") or ():
        yield Row(f"{inert(one['by'])}{_until(one, now)}: {inert(one['text'])}", label="Trying")


def _until(one: Document, now: datetime) -> str:
    until = parsed(one.get("until"))
    if until is None:
        return ""
    left = length(until - now)
    return f" until {shown(until, now)}, {left} {'left' if until > now else 'over'}"


def _late(incident: Document, now: datetime) -> Iterator[Row]:
    for late in incident.get("late") or ():
        yield Row(inert(late), label="Late", style=LATE)
    for due in incident.get("deadlines") or ():
        if (at := parsed(due["at"])) and at < now - timedelta(seconds=2):
            yield Row(f"{shown(at, now)} {inert(due['text'])}", label="Late", style=LATE)


def _due(incident: Document, now: datetime) -> Iterator[Row]:
    for due in incident.get("deadlines") or ():
        at = parsed(due["at"])
        if at and at >= now - timedelta(seconds=2) and due["kind"] not in _ELSEWHERE:
            yield Row(f"{shown(at, now)} {inert(due['text'])}", label="Due")


def _alerts(incident: Document, _now: datetime) -> Iterator[Row]:
    """Yield what fires; the same of several instances is one row."""
    told = Counter(text for alert in incident.get("alerts") or () if (text := _alert(alert)))
    for (fires, summary), count in told.items():
        yield Row(f"{fires} x{count}{summary}" if count > 1 else f"{fires}{summary}", "Alerts")


def _alert(alert: Document) -> tuple[str, str] | None:
    if alert["set_aside"]:
        return f"{inert(alert['name'])} set aside", f": {inert(alert['set_aside'])}"
    summary = f": {inert(alert['summary'])}" if alert.get("summary") else ""
    fires = f"{inert(alert['name'])} on {inert(alert['service'])} fires"
    return (fires, summary) if alert["firing"] else None


def _said(incident: Document, now: datetime) -> Iterator[Row]:
    for said in incident.get("updates") or ():
        status = f" [{said['status']}]" if said.get("status") else ""
        text = f"{said['audience']} {shown(said['at'], now)}{status} {inert(said['text'])}"
        yield Row(text, label="Said")


def _links(incident: Document, _now: datetime) -> Iterator[Row]:
    found = {
        name_of(effect["key"]): effect["link"]
        for effect in incident.get("effects") or ()
        if effect.get("link")
    }
    for name, title in _LINKED.items():
        if name in found:
            yield Row(f"{title} {inert(found[name])}", label="Links", whole=True)


def name_of(key: str) -> str:
    """Return the name in the key of an effect, behind the workflow's id; a service in it may have a slash."""
    return key.partition("/")[2]


def _degraded(incident: Document, now: datetime) -> Iterator[Row]:
    for effect in incident.get("effects") or ():
        if style := _BAD.get(effect["state"]):
            yield Row(_trouble(effect, now), "Degraded", style)


def _trouble(effect: Document, now: datetime) -> str:
    """Return what is wrong, what tries it again, why, and what people do until then."""
    since = f" since {shown(effect['since'], now)}" if effect.get("since") else ""
    stuck = effect["state"] in _STUCK
    retry = f"; retry {quote(inert(name_of(effect['key'])))}" if stuck else ""
    todo = f"; {inert(effect['meanwhile'])}" if effect.get("meanwhile") else ""
    what = f"{inert(effect['title'])} {effect['state'].replace('_', ' ')}"
    return f"{what}{since}{retry}: {inert(effect.get('reason') or '')}{todo}"


_ELSEWHERE = frozenset({"stability", "window", "trying"})
"""Deadlines that have rows of their own."""
_SECTIONS = (
    _refusals,
    _requests,
    _trying,
    _late,
    _due,
    _alerts,
    _said,
    _links,
    _degraded,
)
"""In the order in which a person needs them; the later ones give way first."""
