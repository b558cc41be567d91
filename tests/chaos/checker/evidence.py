"""What a run has left behind, as plain JSON; nothing here knows the product's code."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """One broken promise, and by what."""

    promise: int
    kind: str
    """``loss``, ``duplicate``, ``order``, or what else was broken."""
    what: str


def instant(text: str) -> float:
    """Return an RFC 3339 time in seconds, to the microsecond."""
    head, _, tail = text.replace("Z", "+00:00").partition(".")
    if not tail:
        return datetime.fromisoformat(head).timestamp()
    digits = "".join(one for one in tail[: len(tail) - 6] if one.isdigit())
    zone = tail[-6:]
    whole = datetime.fromisoformat(head + zone).timestamp()
    return whole + int(digits[:6].ljust(6, "0")) / 1e6


def _timed_out(execution: Json) -> Iterator[tuple[float, float]]:
    """Yield from when to when each workflow task was begun that timed out."""
    begun = ""
    for event in execution["events"]:
        if event["type"] == "WORKFLOW_TASK_SCHEDULED":
            begun = ""
        elif event["type"] == "WORKFLOW_TASK_STARTED":
            begun = event["at"]
        elif event["type"] == "WORKFLOW_TASK_TIMED_OUT" and begun:
            yield instant(begun), instant(event["at"])


class Incident:
    """One execution of the workflow ``Incident`` with the facts that it has recorded."""

    def __init__(self, execution: Json) -> None:
        self.workflow_id: str = execution["workflow_id"]
        self.run_id: str = execution["run_id"]
        self.status: str = execution["status"]
        self.facts: list[Json] = execution.get("record") or []
        self.snapshot: Json = execution.get("snapshot") or {}

    def of(self, *kinds: str) -> list[Json]:
        """Return the facts of these kinds, in order."""
        return [fact for fact in self.facts if fact["kind"] in kinds]

    @cached_property
    def number(self) -> int | None:
        """Return the number that the ledger gave it as its own."""
        given = self.of("number_given")
        return int(given[0]["number"]) if given else None

    @cached_property
    def second_start(self) -> bool:
        """Tell whether it is another start of a key that was known."""
        return bool(self.of("known_already"))

    @cached_property
    def service(self) -> str | None:
        """Return the service for which it was declared."""
        declared = self.of("declared")
        return declared[0]["service"] if declared else None

    def __str__(self) -> str:
        """Return how a finding names it."""
        return f"#{self.number} ({self.workflow_id})"


class Evidence:
    """Everything that there is, with what all judges ask for."""

    def __init__(self, found: Json) -> None:
        self.plan: Json = found["plan"]
        self.latest: float = found["plan"]["latest"]
        self.log: list[Json] = found["log"]
        self.vendors: Json = found["vendors"]
        self.calls: list[Json] = found["calls"]
        self.executions: list[Json] = found["executions"]
        self.ledger: list[Json] = found["ledger"]
        self.settled: bool = found["settled"]
        self.alive: dict[str, bool] = found.get("alive", {})
        self.seconds: float = found["seconds"]

    def events(self, *names: str) -> Iterator[Json]:
        """Yield the events of the record with these names."""
        return (one for one in self.log if one["event"] in names)

    def blows(self, *what: str) -> list[tuple[float, float]]:
        """Return from when to when each disturbance of these kinds went."""
        return [(one["began"], one["over"]) for one in self.events("blow") if one["what"] in what]

    @cached_property
    def taken_along(self) -> dict[str, list[tuple[float, float]]]:
        """Return, by workflow id, from when to when a task was with a worker that no longer worked."""
        hurt = [began for began, _ in self.blows("worker_kill", "worker_stop")]
        found: dict[str, list[tuple[float, float]]] = {}
        for execution in self.executions:
            for begun, over in _timed_out(execution):
                when = [began for began in hurt if begun <= began <= over][:1]
                spans = found.setdefault(execution["workflow_id"], [])
                spans += ((began, over) for began in when)
        return found

    @cached_property
    def starts(self) -> list[Incident]:
        """Return every execution that has declared something, second starts too."""
        found = (one for one in self.executions if one["type"] == "Incident" and one.get("record"))
        return [Incident(one) for one in found]

    @cached_property
    def incidents(self) -> list[Incident]:
        """Return the incidents: one for each declaration that was not known already."""
        return [one for one in self.starts if not one.second_start]

    @cached_property
    def by_workflow(self) -> dict[str, list[Incident]]:
        """Return all starts of each workflow id."""
        found: dict[str, list[Incident]] = {}
        for one in self.starts:
            found.setdefault(one.workflow_id, []).append(one)
        return found

    @cached_property
    def malformed(self) -> frozenset[str]:
        """Return the workflow ids of the declarations that were malformed on purpose."""
        return frozenset(one["workflow_id"] for one in self.events("declare") if one["malformed"])

    @cached_property
    def acknowledged(self) -> dict[str, Json]:
        """Return the acknowledgements of commands by their id."""
        return {one["command_id"]: one for one in self.events("ack")}
