"""Promise 5: a dead provider never blocks an incident nor another provider."""

from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, Json, instant

ENOUGH = 8
"""So many facts with something to tell are recorded in an outage before silence elsewhere proves anything."""
TELLS = ("role_assigned", "update_posted", "noted", "rated", "resolved")


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each outage in which what could go on did not."""
    for blow in evidence.events("blow"):
        if blow["what"] == "outage":
            yield from _blocked(evidence, blow)


def _blocked(evidence: Evidence, blow: Json) -> Iterator[Finding]:
    named = f"the outage of {blow['whom']} at {blow['began']:.0f}"
    sent = _during(blow, (one["at"] for one in evidence.events("sent")))
    told = _during(blow, (instant(one["at"]) for one in _facts(evidence)))
    written = _during(blow, (instant(one["at"]) for one in _elsewhere(evidence, blow["whom"])))
    if sent >= ENOUGH and not told:
        yield Finding(
            5, "blocked", f"in {named} no incident went on, and {sent} commands were sent"
        )
    if told >= ENOUGH and not written:
        yield Finding(5, "blocked", f"in {named} no other vendor was written to")


def _during(blow: Json, times: Iterator[float]) -> int:
    return sum(blow["began"] <= at <= blow["over"] for at in times)


def _facts(evidence: Evidence) -> Iterator[Json]:
    return (fact for incident in evidence.starts for fact in incident.of(*TELLS))


def _elsewhere(evidence: Evidence, vendor: str) -> Iterator[Json]:
    return (one for one in evidence.calls if one["committed"] and one["vendor"] != vendor)
