"""Many incidents, one a line."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from starter.cli.lists import incidents
from starter.cli.page import width

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
