"""What a service knows of its alerts: the latest of each, whatever is delivered twice or late."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from muster.domain.alerts import Alert
from muster.domain.model import Record, Time

KEPT: Final = 5_000
KEPT_WEIGHT: Final = 1_000_000
"""About how many bytes the kept alerts may have as JSON: a payload ends at 2 MB."""
REORDERED: Final = timedelta(minutes=2)
"""So long after its end, an alert said to fire under its old start is a delivery that came late."""


class Known(Record):
    """An alert as it was last reported, and when the service heard of it."""

    alert: Alert
    at: Time


class Sightings(Record):
    """The alerts of one service by fingerprint; the latest change stands last."""

    known: dict[str, Known] = {}
    weight: int = 0
    unkept: int = 0
    """How often one was passed over because nothing could be forgotten for it."""

    def firing(self) -> tuple[Alert, ...]:
        """Return what is known to fire."""
        return tuple(one.alert for one in self.known.values() if one.alert.firing)

    def since(self, instant: Time) -> tuple[Alert, ...]:
        """Return what fires, and what has ended since then."""
        return tuple(
            one.alert for one in self.known.values() if one.alert.firing or one.at >= instant
        )

    def ended(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Return, of these, what is known to have ended."""
        fingerprints = dict.fromkeys(one.fingerprint for one in alerts)
        known = (self.known.get(one) for one in fingerprints)
        return tuple(one.alert for one in known if one is not None and not one.alert.firing)

    def begun_since(self, instant: Time) -> tuple[Alert, ...]:
        """Return what fires and was first heard of later than that."""
        return tuple(
            one.alert for one in self.known.values() if one.alert.firing and one.at > instant
        )


def remember(
    before: Sightings, alerts: Iterable[Alert], now: Time
) -> tuple[Sightings, tuple[Alert, ...]]:
    """Take in tidied alerts; return those that are news, the others are repeated or overtaken."""
    known, changed = dict(before.known), []
    weight, unkept = before.weight, before.unkept
    forgettable = iter([key for key, one in known.items() if not one.alert.firing])
    for alert in alerts:
        last = known.get(alert.fingerprint)
        news = _news(last, alert, now)
        if news is None:
            continue
        weight += news.weight - (last.alert.weight if last else 0)
        known.pop(news.fingerprint, None)
        known[news.fingerprint] = Known(alert=news, at=now)
        weight -= _forget(known, forgettable, weight)
        if _too_much(known, weight):
            weight, unkept = weight - known.pop(news.fingerprint).alert.weight, unkept + 1
        else:
            changed.append(news)
    return Sightings(known=known, weight=weight, unkept=unkept), tuple(changed)


def tidy(alert: Alert, service: str) -> Alert:
    """Return a foreign alert without what only an incident says."""
    ours = {"service": service, "set_aside": None, "set_aside_by": None, "linked": False}
    ended = {"ends_at": None if alert.firing else alert.ends_at}
    return alert.model_copy(update=ours | ended)


def _news(last: Known | None, alert: Alert, now: Time) -> Alert | None:
    """Return what the report changes, or None where it is repeated or overtaken."""
    if last is None or alert.starts_at > last.alert.starts_at:
        return alert
    if last.alert.firing:
        return _ended(last.alert, alert)
    again = alert.firing and alert.starts_at == last.alert.starts_at and now - last.at > REORDERED
    # Alertmanager ends what it has not heard of for a while, and may take it up with its old start.
    return alert.model_copy(update={"starts_at": now}) if again else None


def _ended(firing: Alert, alert: Alert) -> Alert | None:
    if alert.firing:
        return None
    overtaken = alert.starts_at < firing.starts_at and (
        alert.ends_at is None or alert.ends_at < firing.starts_at
    )
    return None if overtaken else alert.model_copy(update={"starts_at": firing.starts_at})


def _too_much(known: dict[str, Known], weight: int) -> bool:
    return len(known) > KEPT or weight > KEPT_WEIGHT


def _forget(known: dict[str, Known], forgettable: Iterator[str], weight: int) -> int:
    """Drop resolved alerts, the oldest first, until the rest fits; return the weight that went."""
    freed = 0
    while _too_much(known, weight - freed):
        key = next(forgettable, None)
        if key is None:
            break
        if key in known and not known[key].alert.firing:
            freed += known.pop(key).alert.weight
    return freed
