"""Alerts as evidence: which fire, which count, which were set aside."""

from muster.domain.model import Record, Time


class Alert(Record):
    """One alert instance as its service last reported it; labels are the ones Muster uses."""

    fingerprint: str
    name: str
    service: str
    firing: bool
    starts_at: Time
    ends_at: Time | None = None
    summary: str = ""
    link: str = ""
    set_aside: str | None = None
    """The reason for which a person declared it no evidence."""
    set_aside_by: str | None = None
    linked: bool = False
    """Part of the incident's evidence, not only something else on the same service."""

    @property
    def counts(self) -> bool:
        """Tell whether it stops the clock of the stability wait."""
        return self.firing and self.set_aside is None
