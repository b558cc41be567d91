"""The phases of an incident."""

from enum import StrEnum


class Phase(StrEnum):
    """Active, then resolved, then closed; or ended early as cancelled or merged."""

    ACTIVE = "active"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


OPEN = frozenset({Phase.ACTIVE, Phase.RESOLVED})
ENDED = frozenset({Phase.CANCELLED, Phase.MERGED})
