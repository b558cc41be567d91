"""Alertmanager's webhook as it was captured, as it may be bent, and as it is split."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.severity import Severity
from muster.messages import AlertBatch, BadInput
from starter.gateway.alertmanager import batches, read

PAYLOADS = Path(__file__).parents[1] / "payloads"
CAPTURED = sorted(PAYLOADS.glob("alertmanager-v4-*.json"))

Document = dict[str, Any]


def captured(name: str) -> Document:
    found: Document = json.loads((PAYLOADS / f"alertmanager-v4-{name}.json").read_text())["body"]
    return found


def split(document: object, label: str = "service") -> list[AlertBatch]:
    return list(batches(read(json.dumps(document).encode()), label, Severity.S3))


def bent(change: Callable[[Document], object]) -> Document:
    document = captured("firing-two-instances")
    change(document)
    return document


def test_every_captured_delivery_is_read() -> None:
    assert len(CAPTURED) == 3
    for path in CAPTURED:
        (batch,) = split(json.loads(path.read_text())["body"])
        assert batch.service == "web"
        assert batch.policy_severity is Severity.S3


def test_the_fields_that_are_used_are_kept() -> None:
    (batch,) = split(captured("firing-two-instances"))
    first, second = batch.alerts

    assert (first.fingerprint, first.name, first.firing) == (
        "d7fa68729bba71dd",
        "HighErrorRate",
        True,
    )
    assert first.starts_at.isoformat() == "2026-11-23T09:36:12.923593+00:00"
    assert first.ends_at is None
    assert first.summary == "5xx ratio > 5% on web"
    assert first.link == "https://runbooks.example/web-5xx"
    assert second.link == ""


def test_resolved_alerts_have_their_end() -> None:
    (batch,) = split(captured("partial-resolve"))

    assert [alert.firing for alert in batch.alerts] == [False, True]
    assert batch.alerts[0].ends_at is not None
    assert batch.alerts[0].ends_at.isoformat() == "2026-11-23T09:36:20+00:00"


def test_the_label_of_the_service_is_policy() -> None:
    first, second = split(captured("firing-two-instances"), label="instance")

    assert (first.service, second.service) == ("web-01", "web-02")


@pytest.mark.parametrize("label", [None, "", " \x00\n"])
def test_alerts_without_the_label_belong_to_the_unknown_service(label: str | None) -> None:
    def change(document: Document) -> None:
        for alert in document["alerts"]:
            alert["labels"].pop("service")
            if label is not None:
                alert["labels"]["service"] = label

    (batch,) = split(bent(change))

    assert batch.service == "unknown"


def test_foreign_text_is_cleaned_and_cut_and_fails_nothing() -> None:
    def change(document: Document) -> None:
        alert = document["alerts"][0]
        alert["labels"] = {
            "service": "w\x00e\nb\ud800",
            "alertname": "\u202e<!channel>" + "x" * 500,
        }
        alert["annotations"] = {
            "summary": "@all\r\n/close " + "y" * 9_000,
            "runbook_url": "javascript:x",
        }
        alert["generatorURL"] = 7

    alert = split(bent(change))[0].alerts[0]

    assert alert.service == "we b"
    assert alert.name.startswith("<!channel>xx")
    assert len(alert.name) == 120
    assert alert.summary.startswith("@all /close yy")
    assert len(alert.summary) == 300
    assert alert.link == ""


def _set(*path: str | int, to: object) -> Callable[[Document], object]:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = to

    return change


def _drop(*path: str | int) -> Callable[[Document], object]:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        del document[path[-1]]

    return change


WRONG = {
    "another version": (_set("version", to="3"), "version"),
    "no version": (_drop("version"), "version"),
    "no alerts": (_drop("alerts"), "alerts"),
    "alerts that are none": (_set("alerts", to={"a": 1}), "alerts"),
    "an alert that is none": (_set("alerts", 1, to="x"), "alerts.1"),
    "an unknown status": (_set("alerts", 1, "status", to="burning"), "alerts.1.status"),
    "no fingerprint": (_drop("alerts", 0, "fingerprint"), "alerts.0.fingerprint"),
    "an empty fingerprint": (_set("alerts", 0, "fingerprint", to=""), "alerts.0.fingerprint"),
    "no labels": (_drop("alerts", 1, "labels"), "alerts.1.labels"),
    "a label that is no text": (_set("alerts", 1, "labels", "service", to=3), "alerts.1.labels"),
    "annotations that are none": (_set("alerts", 0, "annotations", to=[]), "alerts.0.annotations"),
    "no start": (_drop("alerts", 0, "startsAt"), "alerts.0.startsAt"),
    "a start that is no time": (_set("alerts", 0, "startsAt", to="now"), "alerts.0.startsAt"),
    "a start without a zone": (
        _set("alerts", 0, "startsAt", to="2026-11-23T09:36:12"),
        "alerts.0.startsAt",
    ),
    "a start past the calendar": (
        _set("alerts", 0, "startsAt", to="0001-01-01T00:00:00+12:00"),
        "alerts.0.startsAt",
    ),
    "an end that is no time": (_set("alerts", 0, "endsAt", to=[]), "alerts.0.endsAt"),
}


@pytest.mark.parametrize(("change", "field"), WRONG.values(), ids=WRONG.keys())
def test_a_body_that_is_not_version_4_is_refused_with_the_field(
    change: Callable[[Document], object], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        split(bent(change))

    assert caught.value.field == field
    assert str(caught.value).startswith(field)


NO_JSON = {
    "empty": b"",
    "text": b"firing",
    "cut off": b'{"version": "4", "alerts": [',
    "binary": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "a number": b"7",
    "null": b"null",
    "a list": b"[]",
    "a huge number": b'{"version": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        read(body)


def many(count: int, services: int = 1) -> Document:
    """Return a delivery of so many different alerts, as large as a real one."""
    document = captured("firing-two-instances")
    template = document["alerts"][0]
    alerts = []
    for number in range(count):
        alert = copy.deepcopy(template)
        alert["fingerprint"] = f"{number:016x}"
        alert["labels"] |= {"service": f"web-{number % services}", "instance": f"host-{number}"}
        alerts.append(alert)
    return document | {"alerts": alerts}


def test_a_delivery_is_split_into_batches_of_a_hundred_of_one_service() -> None:
    found = split(many(250, services=2))

    assert [(batch.service, len(batch.alerts)) for batch in found] == [
        ("web-0", 100),
        ("web-0", 25),
        ("web-1", 100),
        ("web-1", 25),
    ]
    kept = [int(alert.fingerprint, 16) for batch in found for alert in batch.alerts]
    assert sorted(kept) == list(range(250))
    assert all(kept[at] < kept[at + 1] for at in range(124))


def test_twenty_thousand_alerts_are_split_quickly() -> None:
    body = json.dumps(many(20_000)).encode()
    begun = time.process_time()

    found = list(batches(read(body), "service", Severity.S3))

    assert time.process_time() - begun < 3
    assert len(found) == 200
    largest = max(len(batch.model_dump_json(exclude_defaults=True)) for batch in found)
    assert largest < 100_000


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_PATHS = st.sampled_from(
    [
        ("version",),
        ("alerts",),
        ("alerts", 0),
        ("groupLabels",),
        *[("alerts", 0, field) for field in captured("firing-two-instances")["alerts"][0]],
        ("alerts", 0, "labels", "service"),
        ("alerts", 0, "labels", "alertname"),
        ("alerts", 0, "annotations", "summary"),
    ]
)


@given(_PATHS, _JSON)
def test_whatever_stands_in_a_field_is_taken_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    try:
        found = split(bent(_set(*path, to=value)))
    except BadInput as error:
        assert error.field is None or error.field.startswith(str(path[0]))  # noqa: PT017 - either is right
    else:
        assert all(batch.service for batch in found)
