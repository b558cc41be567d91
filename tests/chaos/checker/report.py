"""What a run is reported as: counts, and each promise with what breaks it."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, Json
from tests.chaos.checker.failures import healed
from tests.chaos.checker.promises import ELSEWHERE, PROMISES
from tests.chaos.checker.telling import intents
from tests.chaos.checker.timers import latest, latest_number

SHOWN = 12
HAPPENED = ("closed", "reopened", "regressed", "upgraded", "merged", "cancelled", "refused")
"""Facts of which a run is to have some, or it has shown nothing."""


def figures(evidence: Evidence, judged: dict[int, list[Finding]]) -> dict[str, float]:
    """Return the counts of a run."""
    kinds = Counter(one.kind for found in judged.values() for one in found)
    blows = Counter(one["what"] for one in evidence.events("blow"))
    faults = Counter(_kind(one) for one in evidence.calls if one["fault"])
    acks = sorted(one["took"] for one in evidence.events("ack"))
    effects = (one.snapshot.get("effects", ()) for one in evidence.incidents)
    return {
        "incidents": len(evidence.incidents),
        "commands": len(acks),
        "alert deliveries": sum(1 for _ in evidence.events("alerts_taken")),
        "effects": sum(len(found) for found in effects),
        "texts told": sum(1 for _ in intents(evidence)),
        "calls": len(evidence.calls),
        **{name: sum(len(one.of(name)) for one in evidence.incidents) for name in HAPPENED},
        **{f"blow {name}": count for name, count in sorted(blows.items())},
        "faults": sum(faults.values()),
        **{f"fault {name}": count for name, count in sorted(faults.items())},
        "duplicates": kinds["duplicate"],
        "losses": kinds["loss"],
        "order violations": kinds["order"],
        "others broken": sum(kinds.values()) - kinds["duplicate"] - kinds["loss"] - kinds["order"],
        "tasks tried again": _healed(evidence),
        "latest number s": round(latest_number(evidence), 2),
        "latest closing s": round(latest(evidence), 2),
        "answered at first try": sum(one["tries"] == 1 for one in evidence.acknowledged.values()),
        "answer p50 s": round(_share(acks, 0.5), 2),
        "answer p99 s": round(_share(acks, 0.99), 2),
        "seconds": round(evidence.seconds, 1),
    }


def _healed(evidence: Evidence) -> int:
    """Return how many tasks seemed not to replay, and did so when they were tried again."""
    return sum(
        healed(execution, place)
        for execution in evidence.executions
        for place, event in enumerate(execution["events"])
        if event["type"] == "WORKFLOW_TASK_FAILED"
    )


def _share(times: list[float], share: float) -> float:
    return times[int(len(times) * share)] if times else 0.0


def _kind(call: Json) -> str:
    """Return the fault by name; of a bad status also which."""
    return f"status {call['status']}" if call["fault"] == "status" else str(call["fault"])


def report(evidence: Evidence, judged: dict[int, list[Finding]]) -> str:
    """Return the whole report as text."""
    return "\n".join(_lines(evidence, judged))


def _lines(evidence: Evidence, judged: dict[int, list[Finding]]) -> Iterator[str]:
    for name, count in figures(evidence, judged).items():
        yield f"{name:<24}{count:>10g}"
    for number, (words, _) in PROMISES.items():
        found = judged[number]
        yield f"{'BROKEN' if found else 'kept':<7} promise {number}: {words}"
        for one in found[:SHOWN]:
            yield f"        {one.kind}: {one.what}"
        if len(found) > SHOWN:
            yield f"        and {len(found) - SHOWN} more"
    for number, test in ELSEWHERE.items():
        yield f"elsewhere promise {number}: {test}"
