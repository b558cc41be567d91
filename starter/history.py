"""What an incident's history in Temporal says of itself, read without a worker: who asked for what, and when."""

import contextlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from muster import keys
from muster.encrypted import Undecipherable
from starter.connection import within
from starter.failures import Gone, Illegible

Document = dict[str, Any]

PATIENCE = 10.0
"""Seconds for the history of one run."""
_ENVELOPE = frozenset(
    {"command_id", "actor", "declared_by", "source", "authenticated", "number", "at", "kind"}
)
"""What every command carries; the rest is what it asks for."""
_LARGEST = 64_000_000
"""Bytes that a decompressed payload may have."""
_SHOWN = 300
"""Characters of what a command asks for."""


@dataclass
class History:
    """The commands of all runs that Temporal still has, the oldest first."""

    commands: list[Document] = field(default_factory=list)
    private: bool = False
    declared_by: str = ""


async def read(client: Client, workflow_id: str) -> History:
    """Return what the runs say, the first one's declaration included. Raises Gone, Silent, Illegible, Unreachable."""
    found = History()
    for events in await _runs(client, workflow_id):
        for event in events:
            await _heard(client, event, found)
    found.commands = list(_each_once(found.commands))
    return found


async def _runs(client: Client, workflow_id: str) -> Sequence[list[HistoryEvent]]:
    """Return the events of each run, the oldest run first; those that retention has taken are not there."""
    runs: list[list[HistoryEvent]] = []
    run_id: str | None = None
    with contextlib.suppress(Gone):
        while run_id != "":
            events = await _events(client, workflow_id, run_id)
            runs.append(events)
            started = events[0].workflow_execution_started_event_attributes
            run_id = started.continued_execution_run_id
    if not runs:
        message = f"Temporal has no history of {workflow_id}"
        raise Gone(message)
    return runs[::-1]


async def _events(client: Client, workflow_id: str, run_id: str | None) -> list[HistoryEvent]:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    return list((await within(PATIENCE, handle.fetch_history)).events)


async def _heard(client: Client, event: HistoryEvent, found: History) -> None:
    reading = _READINGS.get(event.event_type)
    if reading is None:
        return
    name, payloads, outcome = reading(event)
    payload = await _decoded(client, payloads)
    at = event.event_time.ToDatetime(UTC).isoformat().replace("+00:00", "Z")
    if event.HasField("workflow_execution_started_event_attributes"):
        _begun(payload, at, found)
    elif payload or event.HasField("workflow_execution_signaled_event_attributes"):
        found.commands.append(_command(payload, at, name, outcome))


def _begun(payload: Document, at: str, found: History) -> None:
    """Take over a declaration; what a run was handed by the one before only where that one is not there any more."""
    if payload.keys() != {"carrier"}:
        found.private = bool(payload.get("private"))
        found.declared_by = str(payload.get("declared_by") or "unknown")
        given = payload | {"actor": found.declared_by}
        found.commands.append(_command(given, at, "declared", ""))
        return
    state = payload["carrier"]["state"]
    found.private, found.declared_by = state.get("private", False), state["declared_by"]
    if not found.commands:
        found.commands += [_command(one, one["at"], one["kind"], "") for one in state["facts"]]


def _command(payload: Document, at: str, name: str, outcome: str) -> Document:
    asked = {field: value for field, value in payload.items() if field not in _ENVELOPE}
    return {
        "at": at,
        "actor": str(payload.get("actor") or "unknown"),
        "source": str(payload.get("source") or "api"),
        "authenticated": payload.get("authenticated") is True,
        "command_id": str(payload.get("command_id") or ""),
        "kind": name,
        "text": f"{outcome}{json.dumps(asked, ensure_ascii=False)[:_SHOWN]}",
    }


Reading = tuple[str, Payloads, str]
"""The name of a message, what it carries, and what the event says became of it."""


def _started(event: HistoryEvent) -> Reading:
    return "", event.workflow_execution_started_event_attributes.input, ""


def _signalled(event: HistoryEvent) -> Reading:
    signal = event.workflow_execution_signaled_event_attributes
    return signal.signal_name, signal.input, "recorded: "


def _accepted(event: HistoryEvent) -> Reading:
    request = event.workflow_execution_update_accepted_event_attributes.accepted_request
    return request.input.name, request.input.args, "accepted: "


_READINGS: dict[int, Callable[[HistoryEvent], Reading]] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: _started,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: _signalled,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: _accepted,
}


async def _decoded(client: Client, payloads: Payloads) -> Document:
    """Return the one JSON object that a message carries; nothing of what is no message of ours. Raises Illegible."""
    try:
        values = [_plain(one) for one in await client.data_converter.decode(payloads.payloads)]
    except Undecipherable as error:
        raise Illegible(str(error), keys.VARIABLE) from None
    except Exception:  # noqa: BLE001 - whatever a foreign payload raises, it is only not ours
        return {}
    return values[0] if len(values) == 1 and isinstance(values[0], dict) else {}


def _plain(value: Any) -> Any:
    """Return a payload as it is; what a large incident hands to its next run is compressed JSON."""
    if not isinstance(value, bytes):
        return value
    return json.loads(zlib.decompressobj().decompress(value, _LARGEST))


def _each_once(commands: Sequence[Document]) -> Iterator[Document]:
    """Yield each command once: one that came as an update and as a signal counts once."""
    seen: set[str] = set()
    for one in commands:
        if one["command_id"] not in seen:
            yield one
        seen |= {one["command_id"]} - {""}
