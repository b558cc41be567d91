"""The evidence of one small clean run, made by hand, for tests to break."""

import copy
from typing import Any

Json = dict[str, Any]
ID, LATER = "incident-a", "incident-b"
TEXTS = ("Some requests fail (t0.1)", "Fewer requests fail (t0.2)")
FIRED = "2026-01-01T12:00:00+00:00"


def at(second: float) -> str:
    """Return a time of the run."""
    whole = int(second)
    return f"2026-01-01T12:{whole // 60:02d}:{whole % 60:02d}.{int(second % 1 * 1e6):06d}Z"


def epoch(second: float) -> float:
    """Return the same as the record has it."""
    return 1_767_268_800.0 + second


def clean() -> Json:
    """Return evidence in which every promise is kept; the caller may change it."""
    return copy.deepcopy(
        {
            "plan": {"stability": 4.0, "upgrade": 5.0, "latest": 10.0},
            "settled": True,
            "alive": {"old": True, "new": True},
            "seconds": 60.0,
            "log": _log(),
            "vendors": _vendors(),
            "calls": [_made(ID), _made(LATER)],
            "executions": [
                _execution(ID, 1, _first()),
                _execution(LATER, 2, _second()),
                {**_execution("ledger", None, []), "type": "Ledger", "status": "RUNNING"},
            ],
            "ledger": [_entry(1, ID, 1.0, 14.0), _entry(2, LATER, 16.0, 24.0)],
        }
    )


def fact(kind: str, second: float, command_id: str = "", **fields: Any) -> Json:
    """Return a fact; a command's has its sender."""
    who = ("ana", "chaos-main") if command_id else ("automation:muster", "muster")
    said = {"at": at(second), "actor": who[0], "source": who[1], "command_id": command_id}
    return {"kind": kind, **said, **fields}


def record(evidence: Json, place: int = 0) -> list[Json]:
    """Return the facts of an incident, to be changed."""
    facts: list[Json] = evidence["executions"][place]["record"]
    return facts


def first(evidence: Json, kind: str, place: int = 0) -> Json:
    """Return the first fact of a kind."""
    return next(one for one in record(evidence, place) if one["kind"] == kind)


def sent(command_id: str, name: str, workflow_id: str, second: float) -> list[Json]:
    """Return a command with its acknowledgement."""
    known = {"command_id": command_id, "name": name, "workflow_id": workflow_id}
    payload = {"command_id": command_id, "actor": "ana", "source": "chaos-main"}
    ack = {"event": "ack", "at": epoch(second + 0.1), "outcome": "applied", "took": 0.1, "tries": 1}
    return [{"event": "sent", "at": epoch(second), **known, "payload": payload}, {**ack, **known}]


def _log() -> list[Json]:
    alert = {"fingerprint": "f1", "service": "web", "firing": True, "starts_at": FIRED}
    declared = {"workflow_id": LATER, "start": "s2"}
    return [
        {"event": "alerts", "at": epoch(0.5), "delivery": "d1", "alerts": [alert]},
        {"event": "alerts_taken", "at": epoch(0.6), "delivery": "d1"},
        *sent("c1", "assign_role", ID, 2),
        *sent("c2", "post_update", ID, 3),
        *sent("c3", "post_update", ID, 5),
        *sent("c4", "resolve", ID, 9.9),
        {"event": "declare", "at": epoch(16), **declared, "malformed": False},
        {"event": "declared", "at": epoch(16.1), **declared},
        {"event": "numbered", "at": epoch(16.2), **declared, "number": 2},
        *sent("c5", "resolve", LATER, 19.9),
        {"event": "end", "at": epoch(60)},
    ]


def _first() -> list[Json]:
    alert = {"fingerprint": "f1", "service": "web", "firing": False, "starts_at": FIRED}
    told = {"to": ["support"]}
    return [
        fact("declared", 1, service="web", alerts=[{**alert, "firing": True}]),
        fact("policy_adopted", 1.1, severity="S2"),
        fact("number_given", 1.5, number=1, predecessor=None),
        fact("role_assigned", 2, "c1", role="imoc", person="ana"),
        fact("update_posted", 3, "c2", message=TEXTS[0], **told),
        fact("update_posted", 5, "c3", message=TEXTS[1], **told),
        fact("alerts_reported", 6, "alerts-1", alerts=[alert]),
        fact("resolved", 10, "c4", firing=[]),
        fact("closed", 14, severity="S2"),
        fact("closing_confirmed", 14.1, closed_at=at(14)),
        fact("window_ended", 19.1),
    ]


def _second() -> list[Json]:
    return [
        fact("declared", 16, service="db", alerts=[]),
        fact("policy_adopted", 16.1, severity="S3"),
        fact("number_given", 16.2, number=2, predecessor={"number": 1}),
        fact("upgraded", 16.2, previous="S3", predecessor=1),
        fact("resolved", 20, "c5", firing=[]),
        fact("closed", 24.2, severity="S2"),
        fact("closing_confirmed", 24.3, closed_at=at(24)),
        fact("window_ended", 29.5),
    ]


def _execution(workflow_id: str, number: int | None, facts: list[Json]) -> Json:
    imoc = {"person": "ana"} if number == 1 else None
    timer = {"timerId": "1", "startToFireTimeout": "4s"}
    return {
        "workflow_id": workflow_id,
        "run_id": f"run-{workflow_id}",
        "type": "Incident",
        "status": "COMPLETED",
        "record": facts,
        "snapshot": {
            "phase": "closed",
            "severity": "S2",
            "number": number,
            "roles": {"imoc": imoc, "cmoc": None, "ocit": []},
            "effects": [{"key": f"{workflow_id}/issue", "state": "done"}],
        },
        "events": [
            {"at": at(10), "type": "TIMER_STARTED", "timerStartedEventAttributes": timer},
            {"at": at(14), "type": "TIMER_FIRED", "timerFiredEventAttributes": {"timerId": "1"}},
            *(accepted(one["command_id"], one["at"]) for one in facts if one["command_id"]),
        ],
    }


def accepted(command_id: str, when: str) -> Json:
    """Return the event with which the server has a command."""
    kind = "WORKFLOW_EXECUTION_UPDATE_ACCEPTED"
    return {"at": when, "type": kind, "command_id": command_id}


def _entry(number: int, workflow_id: str, declared: float, closed: float) -> Json:
    return {
        "number": number,
        "workflow_id": workflow_id,
        "phase": "closed",
        "severity": "S2",
        "declared_at": at(declared),
        "closed_at": at(closed),
        "past": [],
    }


def _made(workflow_id: str) -> Json:
    mark = f"[muster {workflow_id}/bridge]"
    return {"at": at(1), "vendor": "zoom", "committed": True, "mark": mark, "fault": ""}


def message(key: str, text: str, ts: str, thread: str | None = None) -> Json:
    """Return a message of ours in Slack."""
    metadata = {"event_type": "muster_effect", "event_payload": {"key": key}}
    return {"ts": ts, "text": text, "thread_ts": thread, "metadata": metadata}


def note(key: str, text: str, number: int) -> Json:
    """Return a note of ours in GitLab."""
    return {"id": number, "body": f"{text}\n\n<!-- muster:{key} -->"}


def _vendors() -> Json:
    thread = [message(f"{ID}/say:{n}", text, f"2{n}.0", "10.0") for n, text in enumerate(TEXTS)]
    cards = [message(f"{ID}/announce", "#1", "10.0"), message(f"{LATER}/announce", "#2", "11.0")]
    posts = [message(f"{ID}/post:{n}", text, f"3{n}.0") for n, text in enumerate(TEXTS)]
    notes = [note(f"{ID}/note:{n}", text, n) for n, text in enumerate(TEXTS)]
    channels = {
        "C1": _channel("incident", [*cards, *thread]),
        "C2": _channel("support", posts),
        "C3": _channel("inc-1", [], archived=True),
        "C4": _channel("inc-2", [], archived=True),
    }
    issues = {"1": _issue(ID, notes), "2": _issue(LATER, [])}
    return {
        "slack": {"channels": channels},
        "zoom": {"meetings": {}},
        "gitlab": {"issues": issues},
        "x": {"posts": {}},
    }


def _channel(name: str, messages: list[Json], *, archived: bool = False) -> Json:
    return {"name": name, "is_archived": archived, "messages": messages}


def _issue(workflow_id: str, notes: list[Json]) -> Json:
    marked = f"text\n\n<!-- muster:{workflow_id}/issue -->"
    return {"title": "x", "description": marked, "notes": notes}
