"""Every hostile text, in every field that takes it, at every place where it is shown: it is read, and does nothing."""

import io
import json
import logging
import re
import shlex
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from muster import messages, views
from muster.domain.effects import PROJECTIONS, Card, Effect, EffectState, Link, Op, Receipt
from muster.domain.facts import Fact
from muster.domain.foreign import in_code
from muster.domain.outbox import Outbox
from muster.domain.plan import plan
from muster.domain.policy import Policy
from muster.domain.render import card, document, headline, topic
from muster.domain.severity import Severity
from muster.domain.state import IncidentState
from muster.logs import OneRecord
from muster.providers import slack_words
from muster.providers.gitlab import description, inert, title
from muster.providers.gitlab import marker as gitlab_marker
from muster.sandbox import Sandbox
from muster.sandbox.gitlab import GitLab
from muster.sandbox.page import page as sandbox_page
from muster.sandbox.slack import _notified
from starter.cli import lists, screen
from starter.cli.page import Row, write
from tests.providers.clients import gitlab, slack, zoom
from tests.security.hostile import HOSTILE, incident

texts = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
POLICY = Policy()
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


def nothing(_name: str) -> None:
    """Find no receipt."""


def effects(state: IncidentState) -> Iterator[Effect]:
    """Yield what the facts of an incident make to be done."""
    for fact in state.facts:
        yield from plan(state, fact, POLICY)


def strings(node: Any) -> Iterator[str]:
    """Yield all texts in a document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for child in node.values():
            yield from strings(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from strings(child)


# Slack.


def objects(node: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for child in node:
            yield from objects(child, kind)
    elif isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        for child in node.values():
            yield from objects(child, kind)


@texts
def test_slack(text: str) -> None:
    life = incident(text)
    shown = [slack_words.card(card(life.state, POLICY, nothing))]
    shown += [
        slack_words.text(one.body.text, []) for one in effects(life.state) if one.op is Op.CHAT_SAY
    ]
    link = Link(title=text, url=f"https://x/{text}")
    shown.append(
        slack_words.card(Card(headline=text, fields=((text, text),), links=(link,), footer=text))
    )
    for message in shown:
        assert _notified({"text": message["text"], "blocks": message["blocks"]}) == []
        assert "<" not in message["text"]
        assert not list(objects(message["blocks"], "markdown"))
        for formatted in objects(message["blocks"], "mrkdwn"):
            assert formatted["verbatim"] is True
            assert re.fullmatch(r"<[^<>|]*\|[^<>]*>", formatted["text"]), "one link of ours"
    assert "<" not in slack_words.escaped(topic(life.state))


# GitLab.

_OLD_FENCE = re.compile(r"^```.+?\n```$", re.MULTILINE | re.DOTALL)
"""How older versions found the code of which they take no actions."""
_REFERENCE = re.compile(r"[@#!~%&$^]\w|://|\[\w+:\d")


@texts
def test_gitlab(text: str) -> None:
    life = incident(text)
    project, issue = GitLab(), {"state": "opened"}
    notes = [one.body.text for one in effects(life.state) if one.op is Op.TRACKER_NOTE]
    shown = document(life.state, POLICY, nothing)
    written = [
        description(shown, "k"),
        *(f"{inert(one)}\n\n{gitlab_marker('k')}" for one in (*notes, text)),
    ]
    for body in written:
        project._act(issue, body)
        assert not re.search(r"^/\w", _OLD_FENCE.sub("", body), re.MULTILINE)
        assert body.endswith(gitlab_marker("k"))
    assert (issue["state"], project.quick_actions, project.mentions) == ("opened", [], [])
    assert shown.labels == ("incident", "severity::S1", "state::active")


@texts
def test_a_title_of_gitlab_calls_nobody_and_refers_to_nothing(text: str) -> None:
    own, _, foreign = title(document(incident(text).state, POLICY, nothing).title).partition(" ")
    assert own == "#42"
    assert not _REFERENCE.search(foreign)
    assert len(title(text)) <= 255


# The public account.


@texts
def test_what_machines_say_is_never_posted_by_itself(text: str) -> None:
    life = incident(text)
    posted = [one.body.text for one in effects(life.state) if one.op is Op.STATUS_POST]
    said = [fact.message for fact in life.state.facts if fact.kind == "update_posted"]
    assert posted == said


def test_no_fact_but_an_update_of_a_person_is_posted() -> None:
    for text in HOSTILE.values():
        for fact in _others(incident(text).state):
            assert Op.STATUS_POST not in {one.op for one in plan(incident("x").state, fact, POLICY)}


def _others(state: IncidentState) -> Iterator[Fact]:
    return (fact for fact in state.facts if fact.kind != "update_posted")


# The terminal.


class Terminal(io.StringIO):
    """A terminal with colours."""

    def isatty(self) -> bool:
        return True


_OURS = re.compile(r"\x1b\[[0-9;]*m")
_JOINERS = "\u200c\u200d"


def acting(text: str) -> list[str]:
    """Return the characters that do something, or hide something."""
    return [
        f"U+{ord(one):04X}"
        for one in text
        if one != "\n"
        and one not in _JOINERS
        and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]


def rows(text: str) -> list[Row]:
    life = incident(text)
    outbox = Outbox()
    outbox.queue((one for one in effects(life.state) if one.op not in PROJECTIONS), life.now)
    for entry in list(outbox.ready(life.now)):
        outbox.degrade(entry.effect.key, text, life.now)
        outbox.need_human(entry.effect.key, text, life.now)
    shown = views.snapshot(life.state, outbox, POLICY).model_dump(mode="json")
    lines = [one.model_dump(mode="json") for one in views.timeline(life.state)]
    listed = {"number": 1, "title": text, "service": text, "severity": "S1", "phase": "active"}
    return [
        *screen.screen(shown, NOW, 80, None),
        *screen.screen(shown, NOW, 80, 24),
        *lists.timeline(lines, NOW),
        *lists.incidents([listed], NOW, 80),
        Row(text, label=text, style="red"),
    ]


@texts
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_the_terminal(
    text: str, stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = rows(text)
    out = stream()
    write(shown, out)
    written = _OURS.sub("", out.getvalue())
    assert acting(written) == []
    assert written.count("\n") >= len(shown)
    if text.startswith("[red]"):
        assert "[red]x[/red]" in written


@texts
def test_json_for_programs_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = views.snapshot(incident(text).state, Outbox(), POLICY).model_dump(mode="json")
    assert acting(json.dumps(shown)) == []


_QUOTED = re.compile(r"'[^']*'|\"'\"")


@texts
def test_a_command_to_copy_is_one_command(text: str) -> None:
    state = incident(text).state
    grants = [fact.grant for fact in state.facts if fact.kind == "requested"]
    assert grants
    for grant in grants:
        words = shlex.split(grant)
        assert words[0] == "muster"
        if "--reason" in words:
            assert len(words) == words.index("--reason") + 2
        assert "!" not in _QUOTED.sub("", grant), "an interactive shell looks for its history"


@texts
def test_a_key_to_copy_is_one_word(text: str) -> None:
    for row in rows(text):
        if "; retry " in row.text and row.label == "Degraded":
            command = row.text.partition("; retry ")[2].partition(": ")[0]
            if "'" not in command or command.endswith("'"):
                assert len(shlex.split(f"retry {command}")) == 2


# The Web UI.

_SPAN = re.compile(r"`[^`\n]+`")
_LEAD = re.compile(r"<https?://[\w./?#@&=:;,%-]+>", re.ASCII)


@texts
def test_the_web_ui(text: str) -> None:
    life = incident(text, Severity.S2)
    outbox = Outbox()
    outbox.queue(effects(life.state), life.now)
    for entry in list(outbox.ready(life.now)):
        outbox.degrade(entry.effect.key, text, life.now)
    outbox.settle("incident-1/bridge", EffectState.DONE, Receipt(link=f"https://x/{text}"))
    shown = views.details(life.state, outbox, POLICY)
    rest = _LEAD.sub("", _SPAN.sub("", shown))
    assert "`" not in rest
    assert not re.search(r"[<\[!@]|https?:|^#", rest, re.MULTILINE)
    assert acting(shown) == []
    assert in_code(text).count("`") in {0, 2}


# Logs and refusals.


@texts
def test_a_record_of_a_log_is_one_record(text: str) -> None:
    try:
        raise ValueError(text)  # noqa: TRY301 - an error of others
    except ValueError as error:
        record = logging.LogRecord("muster", 30, __file__, 1, "refused: %s", (text,), None)
        record.exc_info = (ValueError, error, error.__traceback__)
    lines = OneRecord("%(levelname)s %(message)s").format(record).split("\n")
    assert [line for line in lines if not line.startswith("    ")] == [lines[0]]
    assert acting("\n".join(lines)) == []


@texts
def test_a_refusal_names_a_strangers_field_harmlessly(text: str) -> None:
    payload = {"command_id": "c", "actor": "ana", "text": "x", text * 500: 1}
    with pytest.raises(messages.BadInput) as caught:
        messages.parse("add_note", payload)
    assert acting(str(caught.value)) == []
    assert len(str(caught.value)) <= 700


# Everything at once, on the page of the sandbox.


class Tags(HTMLParser):
    """Keeps which elements and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, ""), *((tag, name) for name, _ in attrs)}


async def written(text: str) -> tuple[str, Sandbox]:
    """Let the providers write the text wherever they do; return the sandbox's page."""
    async with Sandbox.serve() as sandbox:
        life = incident(text)
        chat, tracker = slack(sandbox), gitlab(sandbox)
        shown = card(life.state, POLICY, nothing)
        posted = await chat.announce("k/announce", "#incident", shown, fresh=True)
        await chat.say("k/say", headline(life.state), thread=posted, fresh=True)
        channel = await chat.open_channel("k/channel", "inc-42", fresh=True)
        await chat.set_topic(channel, topic(life.state), key="k/channel")
        issue = await tracker.open("k/issue", document(life.state, POLICY, nothing), fresh=True)
        await tracker.note("k/note", issue, text.encode(errors="replace").decode(), NOW, fresh=True)
        await zoom(sandbox).open("k/bridge", headline(life.state), fresh=True)
        return sandbox_page(sandbox), sandbox


@texts
async def test_the_way_through_the_vendors_and_the_page(text: str) -> None:
    page, sandbox = await written(text)
    assert Tags(page).found == Tags((await written("plain words"))[0]).found
    acted = sandbox.gitlab.quick_actions + sandbox.gitlab.mentions + sandbox.gitlab.title_mentions
    assert acted == []
    rooms = sandbox.slack.channels.values()
    assert not [ping for room in rooms for one in room["messages"] for ping in one["notified"]]


def test_an_incident_is_full_of_the_text() -> None:
    """See that the table reaches the places of which the tests above say that nothing acts."""
    mark = "unmistakable"
    life = incident(mark)
    shown = card(life.state, POLICY, nothing)
    places = {
        "card": "\n".join(strings(shown.model_dump())),
        "document": "\n".join(strings(document(life.state, POLICY, nothing).model_dump())),
        "thread": "\n".join(one.body.text for one in effects(life.state) if one.op is Op.CHAT_SAY),
        "notes": "\n".join(
            one.body.text for one in effects(life.state) if one.op is Op.TRACKER_NOTE
        ),
        "post": "\n".join(one.body.text for one in effects(life.state) if one.op is Op.STATUS_POST),
        "topic": topic(life.state),
        "details": views.details(life.state, Outbox(), POLICY),
        "timeline": "\n".join(one.text for one in views.timeline(life.state)),
        "rows": "\n".join(row.text for row in rows(mark)),
    }
    assert [name for name, shown in places.items() if mark not in shown] == []
    kinds = {fact.kind for fact in life.state.facts}
    assert {
        "noted",
        "requested",
        "update_posted",
        "resolved",
        "reopened",
        "alerts_reported",
    } <= kinds
