"""One incident fits a first screen of 24 lines of 80 columns, with the most needed on it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.messages import Snapshot
from starter.cli.page import Row, width
from starter.cli.screen import screen

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LINES, COLUMNS = 24, 80


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def incident(**changes: Any) -> dict[str, Any]:
    """Return an incident that has everything, often."""
    wid = "incident-0123456789abcdef0123456789"
    minutes = [f"2026-03-10T12:{minute:02}:00Z" for minute in range(5, 20)]
    given = {
        "number": 42,
        "workflow_id": wid,
        "title": "api errors " + "x" * 180,
        "severity": "S1",
        "phase": "active",
        "service": "api",
        "services": ["api", "checkout"],
        "declared_at": "2026-03-10T11:25:00Z",
        "declared_by": "eve",
        "since": "2026-03-10T11:20:00Z",
        "severity_reason": "S2 by the 3-hour rule, after #41",
        "roles": {
            "imoc": {"person": "ann", "accepted": True},
            "cmoc": None,
            "ocit": [{"person": f"engineer{one}", "accepted": False} for one in range(9)],
            "covered_by": "ann",
        },
        "alerts": [
            {"name": f"Alert{one}", "service": "api", "fingerprint": "f", "firing": True,
             "linked": True, "summary": "too many errors " * 9}
            for one in range(20)
        ],
        "updates": [
            {"audience": audience, "at": minutes[0], "by": "ann", "text": "words " * 60}
            for audience in ("end-users", "support", "estaff", "employees")
        ],
        "trying": [
            {"text": "failing over " * 9, "by": "eve", "until": minutes[3]} for _ in range(6)
        ],
        "deadlines": [{"kind": "update", "at": at, "text": "update promised"} for at in minutes],
        "late": ["update to support promised for 11:50 UTC"] * 5,
        "requests": ['muster severity 42 S2 --reason "lower"'] * 5,
        "refusals": ["resolve refused: it is resolved already"] * 5,
        "effects": [
            *(
                {"key": f"{wid}/{name}", "state": "done", "title": name,
                 "link": f"https://vendor.example.com/{name}/" + "y" * 70}
                for name in ("bridge", "issue", "channel", "announce")
            ),
            *(
                {"key": f"{wid}/post:{one}", "state": "degraded", "title": f"public post {one}",
                 "reason": "503 from the vendor", "since": "2026-03-10T11:58:00Z"}
                for one in range(9)
            ),
        ],
        "degraded": True,
        "next_command": 'muster update 42 "..." --to support --status investigating',
    }  # fmt: skip
    snapshot = Snapshot.model_validate(given | changes)
    found: dict[str, Any] = snapshot.model_dump(mode="json")
    return found


def drawn(document: dict[str, Any], lines: int | None = LINES) -> list[Row]:
    """Return the rows of a terminal of the usual size."""
    return screen(document, NOW, COLUMNS, lines)


def lines_taken(rows: list[Row]) -> int:
    """Count the lines as a terminal wraps them."""
    return sum(-(-max(width(f"{row.margin}{row.text}"), 1) // COLUMNS) for row in rows)


def text_of(rows: list[Row]) -> str:
    """Return the rows as they are written."""
    return "\n".join(f"{row.margin}{row.text}" for row in rows)


def test_an_incident_with_everything_leaves_a_line_for_the_prompt() -> None:
    assert lines_taken(drawn(incident())) <= LINES - 1


@pytest.mark.parametrize(
    "wanted",
    [
        '#42 S1 active "api errors',
        "Service   api, checkout",
        "Since     11:20 UTC, 40 min ago, declared by eve",
        "Rated     S2 by the 3-hour rule, after #41",
        "IMOC      ann (accepted) · CMOC ann (IMOC covers)",
        "OCIT      engineer0 (not accepted yet)",
        "Refused   ",
        "Asked for muster severity 42 S2",
        "Trying    eve until 12:08 UTC, 8 min left: failing over",
        "Late      update to support promised for 11:50 UTC",
        "Due       12:05 UTC update promised",
        "Alerts    Alert0 on api fires",
        "Said      end-users",
        "Links     bridge https://vendor.example.com/bridge/",
        "Degraded  public post 0 degraded since 11:58 UTC: 503 from the vendor",
        'Next      muster update 42 "..." --to support --status investigating',
    ],
)
def test_nothing_that_matters_is_missing(wanted: str) -> None:
    assert wanted in text_of(drawn(incident()))


def test_what_is_left_out_is_counted_and_full_leaves_nothing_out() -> None:
    assert " more)" in text_of(drawn(incident()))
    full = text_of(drawn(incident(), None))
    assert " more)" not in full
    assert "Alert19" in full
    assert "failing over " * 8 in full
    assert "words " * 59 in full
    assert "public post 8" in full


def test_the_order_is_what_who_tried_late_next_links_degraded() -> None:
    labels = [row.label for row in drawn(incident()) if row.label]
    wanted = ["Service", "Since", "IMOC", "Trying", "Late", "Due", "Links", "Degraded", "Next"]
    assert [label for label in labels if label in wanted] == wanted


@given(
    title=st.text(min_size=1, max_size=200),
    alerts=st.integers(0, 60),
    late=st.integers(0, 30),
    wide=st.booleans(),
)
def test_it_fits_whatever_there_is(title: str, alerts: int, late: int, *, wide: bool) -> None:
    full = incident()
    many = {
        "title": "日本" * 100 if wide else title,
        "alerts": full["alerts"][:1] * alerts,
        "late": ["日本" * 90 if wide else "late"] * late,
    }
    assert lines_taken(drawn(full | many)) <= LINES - 1


def test_what_is_over_its_time_says_by_how_much() -> None:
    late = incident(trying=[{"text": "x", "by": "eve", "until": "2026-03-10T11:50:00Z"}])
    assert "Trying    eve until 11:50 UTC, 10 min over: x" in text_of(drawn(late))


@pytest.mark.parametrize(("state", "words"), [("needs_human", "needs human"), ("abandoned",) * 2])
def test_what_waits_for_a_human_shows_its_key_and_reason_before_the_rest(
    state: str, words: str
) -> None:
    effect = {
        "key": "incident-1/post:7",
        "state": state,
        "title": "public post",
        "reason": "403 forbidden",
        "since": "2026-03-10T11:58:00Z",
        "meanwhile": "tell those affected another way, for as long as it takes",
    }
    shown = text_of(drawn(incident(effects=[effect])))
    wanted = f"Degraded  public post {words} since 11:58 UTC; retry post:7: 403 forbidden"
    assert wanted in shown


def test_a_wait_shows_when_it_is_over_or_what_stops_it() -> None:
    waiting = incident(phase="resolved", closes_at="2026-03-10T12:29:30Z")
    assert "Closes    12:29:30 UTC, in 30 min, if it stays stable" in text_of(drawn(waiting))
    stopped = incident(phase="resolved", closes_at=None, stopped_by=["DiskFull"])
    assert "not before this stops firing: DiskFull" in text_of(drawn(stopped))


def test_a_closed_one_shows_until_when_it_can_be_reopened() -> None:
    closed = incident(
        phase="closed",
        closed_at="2026-03-10T11:59:00Z",
        window_ends_at="2026-03-10T14:59:00Z",
        closing_recorded=False,
    )
    wanted = "Closed    11:59 UTC, can be reopened until 14:59 UTC; the ledger has yet to record it"
    assert wanted[:79] in text_of(drawn(closed))


def test_one_whose_window_is_over_does_not_offer_it() -> None:
    closed = incident(
        phase="closed", closed_at="2026-03-10T08:59:00Z", window_ends_at="2026-03-10T11:59:00Z"
    )
    assert "Closed    08:59 UTC, can no longer be reopened" in text_of(drawn(closed))


def test_what_search_alone_knows_says_so() -> None:
    stale = {
        "number": 42,
        "workflow_id": "incident-1",
        "title": "",
        "severity": "S1",
        "phase": "active",
        "service": None,
        "roles": {"imoc": {"person": "ann", "accepted": None}},
        "stale": True,
    }
    shown = text_of(drawn(stale))
    assert "No worker answers" in shown
    assert "ann (assigned); the other roles are not known" in shown


def test_what_is_withheld_is_said_to_be_so_and_not_to_be_nobodys() -> None:
    bare: dict[str, Any] = {"title": "private incident", "declared_by": "", "service": None}
    roles: dict[str, Any] = {"imoc": None, "cmoc": None, "ocit": [], "covered_by": None}
    kept = ("number", "workflow_id", "severity", "phase", "declared_at", "since")
    shown = {name: incident()[name] for name in kept} | bare | {"roles": roles, "redacted": True}
    text = "\n".join(row.text for row in screen(shown, NOW, COLUMNS, LINES))
    assert "only its people read more" in text
    assert "nobody yet" not in text
    assert "not named" not in text


def test_foreign_text_moves_no_cursor() -> None:
    shown = text_of(drawn(incident(late=["\x1b[2J\x1b[31mowned\r\nnext"], requests=["\x9b31mred"])))
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "owned next" in shown


def test_the_same_alert_of_several_instances_is_one_row_and_a_machine_has_a_short_name() -> None:
    alert = {"name": "Errors", "service": "api", "firing": True, "linked": True, "summary": "5xx"}
    aside = alert | {"set_aside": "a spare node"}
    alerts = [alert | {"fingerprint": str(one)} for one in range(3)]
    alerts += [{**aside, "fingerprint": "a"}, alert | {"fingerprint": "b", "firing": False}]
    given = incident(alerts=alerts, declared_by="automation:alertmanager")
    rows = [f"{row.margin}{row.text}" for row in screen(given, NOW, COLUMNS, None)]
    at = rows.index("Alerts    Errors on api fires x3: 5xx")
    assert rows[at + 1].strip() == "Errors set aside: a spare node"
    assert not rows[at + 2].startswith(" " * 10 + "Errors")
    assert any(row.endswith("declared by alertmanager") for row in rows)
