"""Times and spans, as people write them and as they are shown."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from starter.cli import times

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Four hours behind UTC on that day."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("20m", 1200), ("3h", 10_800), ("1h30m", 5400), ("1.5h", 5400), ("7d", 604_800)],
)
def test_spans(text: str, seconds: int) -> None:
    assert times.span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "-5m", "m", "5 m", "1w", "9" * 400 + "d", "inf", "\uff15m5"]
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is too long"):
        times.span(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20m", "2026-03-10T12:20:00Z"),
        ("14:30", "2026-03-10T18:30:00Z"),
        ("07:30", "2026-03-11T11:30:00Z"),
        ("2026-03-10T12:00:01Z", "2026-03-10T12:00:01Z"),
        ("2026-03-10 09:00", "2026-03-10T13:00:00Z"),
    ],
)
def test_ahead(text: str, expected: str) -> None:
    assert times.wire(times.ahead(text, NOW)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20m", "2026-03-10T11:40:00Z"),
        ("07:30", "2026-03-10T11:30:00Z"),
        ("14:30", "2026-03-09T18:30:00Z"),
        ("2026-03-01T00:00:00+01:00", "2026-02-28T23:00:00Z"),
    ],
)
def test_back(text: str, expected: str) -> None:
    assert times.wire(times.back(text, NOW)) == expected


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (times.ahead, "0m"),
        (times.ahead, "2026-03-10T12:00:00Z"),
        (times.back, "2026-03-10T12:00:01Z"),
        (times.ahead, "25:00"),
        (times.ahead, "soon"),
        (times.back, "99999999999d"),
        (times.ahead, "99999999d"),
    ],
)
def test_what_is_no_such_time(read: Callable[[str, datetime], datetime], text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read(text, NOW)


@pytest.mark.parametrize("text", ["0s", "8d", "-1m"])
def test_what_nobody_tries_for(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        times.trying(text)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-10T12:34:56Z", "08:34 (12:34 UTC)"),
        ("2026-03-11T02:00:00Z", "22:00 (03-11 02:00 UTC)"),
        ("2026-03-01T12:00:00Z", "2026-03-01 07:00 (12:00 UTC)"),
        (None, "?"),
    ],
)
def test_local_time_with_utc_beside_it(at: str | None, expected: str) -> None:
    assert times.shown(at, NOW) == expected


def test_where_local_is_utc_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert times.shown(NOW, NOW, seconds=True) == "12:00:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (599, "10 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (172_800, "2 d 0 h"),
        (-90, "2 min"),
    ],
)
def test_lengths(seconds: int, expected: str) -> None:
    assert times.length(timedelta(seconds=seconds)) == expected
