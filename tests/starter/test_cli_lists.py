"""Many incidents, one a line."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from starter.cli.lists import incidents
from starter.cli.page import width
from starter.cli.session import Session
from starter.cli.watching import _all

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show times with UTC beside them, which is of another day."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "XYZ-13")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("service", ["web", "checkout-" * 20, "日本" * 90])
@pytest.mark.parametrize("closed_at", [None, "2026-03-09T11:59:00Z"])
@pytest.mark.parametrize("columns", [80, 200])
def test_one_takes_one_line(service: str, closed_at: str | None, columns: int) -> None:
    entry = {
        "number": 42,
        "severity": "S1",
        "phase": "active",
        "title": "api errors " * 18,
        "service": service,
        "declared_at": "2026-03-10T11:00:00Z",
        "closed_at": closed_at,
    }
    (row,) = incidents([entry], NOW, columns)
    assert row.text.startswith('#42 S1 active "a')
    assert service[:3] in row.text
    assert width(row.text) <= columns


@pytest.mark.parametrize(("stale", "last"), [({"stale": True}, True), ({}, False)])
def test_all_that_are_watched_say_when_they_may_be_old(
    stale: dict[str, bool], last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "24")
    _looking, draw = _all(Session(as_json=False, given_actor=None))
    entries = [{"number": one, "severity": "S1", "phase": "active"} | stale for one in range(1, 60)]
    rows = draw(entries, NOW)
    assert len(rows) < 24
    assert rows[-1].text.startswith("No worker answers") is last
