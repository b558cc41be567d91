"""The policy file: complete, equal to the defaults, and refused with file, line and key where it does not do."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from muster.domain.audiences import Audience
from muster.domain.policy import Policy, Scope
from muster.policy import PolicyError, load
from muster.toml_lines import lines

ROOT = Path(__file__).parents[2]


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "muster.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _keys(table: object, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(table, BaseModel):
        inner = {name: getattr(table, name) for name in type(table).model_fields}
    elif isinstance(table, dict) and table:
        inner = {str(name): value for name, value in table.items()}
    else:
        return [prefix]
    return [key for name, value in inner.items() for key in _keys(value, (*prefix, name))]


def _durations(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _durations(kind, f"{prefix}{name}.")
        elif "timedelta" in str(kind):
            yield f"{prefix}{name}"


def test_the_shipped_policy_is_the_defaults() -> None:
    assert load(ROOT / "muster.toml") == Policy()


def test_the_shipped_policy_shows_every_key() -> None:
    text = (ROOT / "muster.toml").read_text(encoding="utf-8")
    shown = lines(re.sub(r"(?m)^# (?=\w+ = )", "", text))

    assert set(_keys(Policy())) <= set(shown)


def test_every_key_may_be_left_out(tmp_path: Path) -> None:
    assert load(_write(tmp_path, "")) == Policy()


def test_what_is_given_stands_over_the_defaults(tmp_path: Path) -> None:
    policy = load(
        _write(
            tmp_path,
            """
            windows = { stability = "4s", upgrade_scope = "service" }
            [severity.S3]
            confirm = "1h"
            [audiences.support]
            channels = ["#help", "#support"]
            [people]
            "ana@example" = { slack = "U1" }
            """,
        )
    )

    assert policy.windows.stability == timedelta(seconds=4)
    assert policy.windows.upgrade == timedelta(hours=3)
    assert policy.windows.upgrade_scope is Scope.SERVICE
    assert policy.severity.S3.confirm == timedelta(hours=1)
    assert policy.severity.S3.users == "a few, or one paying customer"
    assert policy.channels(Audience.SUPPORT) == ("#help", "#support")
    assert policy.channels(Audience.ESTAFF) == ("#estaff",)
    assert policy.people["ana@example"].slack == "U1"


TURNS = "[people]\nana = {}\n[[oncall.imoc.turns]]\nmembers = ['ana']\n[[oncall.imoc.turns]]\nlayer = 2\n"
WEEKLY = 'members = ["ana"]\nstart = "2026-01-05 09:00"\nevery = '

WRONG = {
    "unknown member": (
        TURNS + 'members = ["zoe"]',
        7,
        "oncall.imoc.turns.1.members.0",
        "zoe is nobody of [people]",
    ),
    "unknown key of turns": (TURNS + "who = 1", 7, "oncall.imoc.turns.1.who", "members, start"),
    "turns without members": (TURNS, 5, "oncall.imoc.turns.1", "neither members nor a feed"),
    "a rotation without turns": ("[oncall.imoc]\nturns = []", 2, "oncall.imoc.turns", "at least 1"),
    "turns of two without a rule": (
        TURNS + 'members = ["ana", "bo"]',
        5,
        "oncall.imoc.turns.1",
        "needs to know when",
    ),
    "a rule that cannot be": (
        TURNS + WEEKLY + '"FREQ=WEEKLY;INTERVAL=0"',
        9,
        "oncall.imoc.turns.1.every",
        "INTERVAL=0 must be from 1",
    ),
    "a start that is no handover": (
        TURNS + WEEKLY + '"FREQ=WEEKLY;BYDAY=TU"',
        8,
        "oncall.imoc.turns.1.start",
        "is no handover of",
    ),
    "a hostile rule": (
        TURNS + WEEKLY + '"FREQ=SECONDLY"',
        9,
        "oncall.imoc.turns.1.every",
        "FREQ=SECONDLY must be one of",
    ),
    "unknown zone": (
        '[oncall.cmoc]\ntimezone = "Europe/Nowhere"\nturns = [{ feed = "a" }]',
        2,
        "oncall.cmoc.timezone",
        "IANA time zone",
    ),
    "an override on a layer without turns": (
        (
            "[people]\nana = {}\n[oncall.imoc]\nturns = [{ members = ['ana'] }]\noverrides = [{ person = 'ana', layer = 2, "
            "begins = '2026-02-02 09:00', ends = '2026-02-03 09:00' }]"
        ),
        3,
        "oncall.imoc",
        "the layer 2 has no turns",
    ),
    "an override that goes back": (
        (
            '[people]\nana = {}\n[oncall.imoc]\nturns = [{ feed = "a" }]\n[[oncall.imoc.overrides]]\n'
            'person = "ana"\nbegins = "2026-02-02 09:00"\nends = "2026-02-02 09:00"'
        ),
        5,
        "oncall.imoc.overrides.0",
        "must be after begins",
    ),
    "one account of two people": (
        '[people]\nana = { slack = "U1" }\nbo = { slack = "u1" }',
        3,
        "people.bo.slack",
        "is ana's already",
    ),
    "unknown table": ("\n[window]\n", 2, "window", "did you mean windows"),
    "unknown key": ('[windows]\n\nstabilty = "3m"\n', 3, "windows.stabilty", "stability, upgrade"),
    "unknown key of a person": ('[people.ana]\nphone = "1"', 2, "people.ana.phone", "slack"),
    "unknown key inline": ('\nchat = { color = "red" }', 2, "chat.color", "announcements"),
    "unknown audience": ("[audiences.users]\n", 1, "audiences.users", "end-users"),
    "unknown severity": ("[severity.S5]\n", 1, "severity.S5", "S1, S2, S3, S4"),
    "negative duration": ('[windows]\nupgrade = "-3h"', 2, "windows.upgrade", "not negative"),
    "zero duration": ('[windows]\nupgrade = "0s"', 2, "windows.upgrade", "greater than"),
    "duration without unit": ("[effects]\ngive_up = 7", 2, "effects.give_up", '"30m"'),
    "date for a duration": ("[windows]\nupgrade = 2026-01-01", 2, "windows.upgrade", "duration"),
    "date for a text": ("[chat]\nreach_imoc = 2026-01-01", 2, "chat.reach_imoc", "text"),
    "text for a flag": ('[chat]\nown_channel = "yes"', 2, "chat.own_channel", "true or false"),
    "number for a text": ("[alerts]\n# n\nservice_label = 1", 3, "alerts.service_label", "text"),
    "wrong choice": ('[alerts]\nregression = "all"', 2, "alerts.regression", "'linked' or 'any'"),
    "wrong severity": ('declare.severity = "S9"', 1, "declare.severity", "S1, S2, S3, S4"),
    "value for a table": ("windows = 3", 1, "windows", "must be a table"),
    "item of an array": (
        '[audiences.support]\nchannels = [\n  "#a",\n  2,\n]\n[windows]\n',
        2,
        "audiences.support.channels.1",
        "text",
    ),
    "settle not over the timeout": (
        '[effects]\nhttp_timeout = "10s"\nsettle = "10s"',
        3,
        "effects.settle",
        "10s must be longer than effects.http_timeout, 10s",
    ),
    "a timeout over the default settle": (
        '[effects]\nhttp_timeout = "12s"',
        1,
        "effects.settle",
        "10s must be longer than effects.http_timeout, 12s",
    ),
    "an S1 without a CMOC of its own": (
        '[severity.S1]\nname = "worst"\ndedicated_cmoc = false',
        3,
        "severity.S1.dedicated_cmoc",
        "in an S1 the CMOC is dedicated",
    ),
    "announcements without #": (
        '[chat]\nannouncements = "incident\\n"',
        2,
        "chat.announcements",
        "such as #incident",
    ),
    "announcements in capitals": (
        '[chat]\nannouncements = "#Incident"',
        2,
        "chat.announcements",
        "such as #incident",
    ),
    "no channel": (
        '[audiences.support]\nchannels = ["#x", "fax"]',
        2,
        "audiences.support.channels.1",
        "must be status or a chat channel",
    ),
    "after a long string": (
        '[chat]\nreach_imoc = """a\n[windows]\nb = 1"""\nx = 1',
        5,
        "chat.x",
        "allowed",
    ),
    "syntax": ("[windows]\nstability = \n", 2, "", "Invalid value"),
    "twice": ('[declare]\nseverity = "S1"\nseverity = "S2"', 3, "", "overwrite"),
    "unclosed": ("[declare]\n\nseverity = 'S1", 3, "", "Expected"),
}


@pytest.mark.parametrize(("text", "line", "key", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_policy_is_refused_with_its_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, says: str
) -> None:
    path = _write(tmp_path, text)

    with pytest.raises(PolicyError, match=re.escape(f"{path}:{line}: ")) as caught:
        load(path)

    assert (caught.value.line, caught.value.key) == (line, key)
    assert says in str(caught.value)


@pytest.mark.parametrize("key", list(_durations(Policy)))
@pytest.mark.parametrize("span", ["367d", "8785h", "99999999d", "9" * 400 + "s"])
def test_no_duration_leaves_the_calendar(tmp_path: Path, key: str, span: str) -> None:
    with pytest.raises(PolicyError, match="must be a duration of at most 366d") as caught:
        load(_write(tmp_path, f'{key} = "{span}"'))
    assert (caught.value.line, caught.value.key) == (1, key)


@pytest.mark.parametrize("channel", ["#support", "#störung_1-a", "C0123456789", "status"])
def test_an_audience_hears_in_channels_by_name_or_id_and_in_public(
    tmp_path: Path, channel: str
) -> None:
    policy = load(_write(tmp_path, f'[audiences.support]\nchannels = ["{channel}"]'))
    assert policy.channels(Audience.SUPPORT) == (channel,)


def test_a_year_is_a_duration(tmp_path: Path) -> None:
    policy = load(_write(tmp_path, 'windows.upgrade = "366d"'))
    assert policy.windows.upgrade == timedelta(days=366)


def test_a_policy_that_cannot_be_read_names_its_file(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    endless = tmp_path / "endless.toml"
    endless.write_text('effects.settle = "99999999999999d"', encoding="utf-8")
    deep = _write(tmp_path, "a = " + "[" * 20_000)
    for path, says in (
        (tmp_path / "none.toml", "No such file"),
        (tmp_path, "directory"),
        (binary, "UTF-8"),
        (deep, "deep"),
        (endless, "duration"),
    ):
        with pytest.raises(PolicyError, match=says) as caught:
            load(path)
        assert str(path) in str(caught.value)
