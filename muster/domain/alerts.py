"""Alerts as evidence: which fire, which count, which were set aside."""

from typing import Annotated

from pydantic import AfterValidator

from muster.domain.foreign import address, shortened
from muster.domain.model import Record, Time


class Alert(Record):
    """One alert instance as its service last reported it; labels are the ones Muster uses, cleaned and cut."""

    fingerprint: Annotated[str, AfterValidator(shortened(64))]
    name: Annotated[str, AfterValidator(lambda text: shortened(120)(text) or "alert")]
    service: Annotated[str, AfterValidator(shortened(200))]
    firing: bool
    starts_at: Time
    ends_at: Time | None = None
    summary: Annotated[str, AfterValidator(shortened(300))] = ""
    link: Annotated[str, AfterValidator(address)] = ""
    set_aside: Annotated[str, AfterValidator(shortened(1_000))] | None = None
    """The reason for which a person declared it no evidence."""
    set_aside_by: Annotated[str, AfterValidator(shortened(64))] | None = None
    linked: bool = False
    """Part of the incident's evidence, not only something else on the same service."""

    @property
    def counts(self) -> bool:
        """Tell whether it stops the clock of the stability wait."""
        return self.firing and self.set_aside is None

    @property
    def weight(self) -> int:
        """Return about how many bytes it has as JSON."""
        texts = (self.fingerprint, self.name, self.service, self.summary, self.link)
        return OVERHEAD + sum(len(text) if text.isascii() else 4 * len(text) for text in texts)


OVERHEAD = 220


def bounded(
    known: dict[str, Alert], weight: int, new: dict[str, Alert], limit: int
) -> tuple[dict[str, Alert], int]:
    """Return known and new alerts in so many bytes, and how many they have.

    First their words go, then what has ended, the oldest first, then the newest. ``weight`` is that of the known.
    """
    merged = {**known, **new}
    weight += sum(alert.weight for alert in new.values())
    weight -= sum(known[key].weight for key in new.keys() & known.keys())
    if weight <= limit:
        return merged, weight
    for key in [key for key, alert in merged.items() if alert.summary or alert.link]:
        lean = merged[key].model_copy(update={"summary": "", "link": ""})
        weight += lean.weight - merged[key].weight
        merged[key] = lean
    ended = [key for key, alert in merged.items() if not alert.firing]
    firing = [key for key, alert in reversed(merged.items()) if alert.firing]
    for key in (*ended, *firing):
        if weight <= limit:
            break
        weight -= merged.pop(key).weight
    return merged, weight
