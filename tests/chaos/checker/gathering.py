"""Promise 11: duplicate, reordered and concurrent deliveries of one alert group make one incident."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, instant


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each service with more incidents than its alerts fired, or with none."""
    made = Counter(one.service for one in evidence.incidents)
    for service, fired in _episodes(evidence).items():
        if made[service] > len(fired):
            what = f"{made[service]} incidents of {service}, whose alerts fired {len(fired)}x"
            yield Finding(11, "duplicate", what)
        if not made[service]:
            yield Finding(11, "loss", f"the alerts of {service} made no incident")


def _episodes(evidence: Evidence) -> dict[str, set[float]]:
    """Return when the alerts of each service began to fire, by what was acknowledged."""
    taken = {one["delivery"] for one in evidence.events("alerts_taken")}
    found: dict[str, set[float]] = {}
    for delivery in evidence.events("alerts"):
        for alert in delivery["alerts"] if delivery["delivery"] in taken else ():
            if alert["firing"]:
                found.setdefault(alert["service"], set()).add(instant(alert["starts_at"]))
    return found
