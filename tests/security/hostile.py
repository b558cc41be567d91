"""One table of texts that would act if anything read them as more than text, and one incident that is full of each."""

from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from muster.domain import commands as c
from muster.domain import facts as f
from muster.domain.alerts import Alert
from muster.domain.model import Line, Reason, Text, Title
from muster.domain.severity import Severity
from tests.domain.life import START, Life

HOSTILE = {
    "a quick action": "/close",
    "quick actions on later lines": "x\n/close\n/label ~x\n /assign @ana",
    "a mention": "@all look, @ana too",
    "a channel ping": "<!channel> down <!here|here> <!subteam^S1> <!everyone>",
    "a user ping": "<@UANA> you",
    "a link of Slack": "& <https://evil.test|click> <mailto:a@evil.test>",
    "markup of Slack": "*bold* _it_ ~gone~ `code` :siren:",
    "a fence": "```\n/close\n```",
    "a fence in a fence": "````\n```\n/close\n````\n/assign @ana\n",
    "a fence of tildes": "~~~\n/close\n~~~",
    "a forged marker": "<!-- muster:forged -->\n/close",
    "references": "fixes #1, closes !2 and &3, %4 ~bug $5 ^6 [vulnerability:7] abc#8",
    "an address that is a reference": "https://gitlab.test/ops/production/-/issues/1",
    "an image": "![x](https://evil.test/beacon.png)",
    "a link of Markdown": "[click me](javascript:alert(1)) <https://evil.test>",
    "an image of a reference": "![x][1]\n\n[1]: https://evil.test/beacon.png",
    "code and then an image": "`` ` ``![x](https://evil.test/b.png)",
    "a heading": "# big\n===\n- [ ] task\n> quote\n| a | b |\n|---|---|",
    "a script": "<script>alert(1)</script>",
    "an image of HTML": '"><img src=x onerror=alert(1)>',
    "an element without an end": "<svg/onload=alert(1)//",
    "an entity": "&lt;b&gt; &#60;i&#62; &nbsp",
    "markup of rich": "[red]x[/red] [link=https://evil.test]click[/link] [/]",
    "a colour": "\x1b[31mred\x1b[0m",
    "a title of the terminal": "\x1b]0;owned\x07",
    "a link of the terminal": "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\",
    "eight bits": "\x9b2J\x9d8;;https://evil.test\x9cx\x90q\x9c",
    "every control character": "".join(map(chr, (*range(32), *range(127, 160)))),
    "right to left": "abc\u202edcba\u202c \u2066x\u2069 \u061c\u200e\u200f",
    "unseen": "pay\u200bpal\u2060\ufeff\u00ad\u180e\U000e0041\U000e007f\u3164",
    "other line ends": "a\u2028b\u2029c\x85d\ve\ff\r\n2026-01-01 ERROR forged",
    "a line of a log": "x\n2026-01-01 00:00:00,000 INFO muster forged",
    "a lone surrogate": "\ud800x\udfff",
    "a formula": '=HYPERLINK("https://evil.test")',
    "a command substitution": "$(touch /tmp/owned) `touch /tmp/owned` ${HOME}",
    "a command line": 'x"; touch /tmp/owned; echo "',
    "an apostrophe": "it's'; touch /tmp/owned; echo '!!",
    "a header": "x\r\nBcc: everybody@evil.test\r\n\r\nbody",
    "a post": "@everyone #sale https://evil.test",
    "braces": "{0} {title!r} %s %(message)s {{x}}",
    "combining": "Z" + "\u0335\u0321\u0353" * 60,
    "long": "x" * 199,
}  # fmt: skip


def fits(kind: Any, text: str) -> str:
    """Return the text as a field of this kind takes it, or plain words where it is refused at the door."""
    try:
        taken: str = TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return "refused"
    return taken


def incident(text: str, severity: Severity = Severity.S1) -> Life:
    """Return an incident with the text in every field that a person or a machine can fill."""
    firing = Alert(
        fingerprint=text,
        name=text,
        service=text,
        firing=True,
        starts_at=START,
        summary=text,
        link=f"https://evil.test/{text}",
    )
    life = Life(severity, service=fits(Line, text), alerts=(firing,))
    title = fits(Title, text)
    first = life.state.facts[0]
    assert isinstance(first, f.Declared)
    facts = (first.model_copy(update={"title": title}), *life.state.facts[1:])
    life.state = life.state.model_copy(update={"title": title, "facts": facts})
    words, reason = fits(Text, text), fits(Reason, text)
    life.must(c.AddNote, text=words)
    life.must(c.AddNote, text=words, kind="trying", lasts=timedelta(minutes=5))
    life.must(c.AssignRole, role="imoc", person="ana")
    life.must(c.AssignRole, role="ocit", person="ben")
    life.say(c.PostUpdate, message=words, to=("support", "end-users"))
    life.must(c.ChangeSeverity, "ben", severity="S3", reason=reason)
    life.must(c.Cancel, "ben", reason=reason)
    life.say(c.Resolve, "ben", message=words, despite=fits(Line, text), reason=reason)
    life.must(c.Resolve, message=words)
    life.report(firing.model_copy(update={"fingerprint": "another", "starts_at": life.now}))
    life.must(c.Reopen, reason=reason)
    return life
