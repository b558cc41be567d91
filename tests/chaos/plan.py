"""What one chaos run is: how much of everything, from which seed, under which shortened policy."""

from dataclasses import asdict, dataclass
from typing import Any

POLICY = """
[windows]
stability = "{stability}s"
upgrade = "{upgrade}s"
[alerts]
starting_severity = "S3"
[chat]
own_channel = true
[effects]
http_timeout = "1s"
settle = "{settle}s"
first_leg = "8s"
slowest_retry = "4s"
"""


@dataclass(frozen=True)
class Plan:
    """One run; equal plans draw the same lives, kills and faults."""

    incidents: int = 10
    seed: int = 1
    at_once: int = 25
    """So many incidents live at the same time."""
    worker_kills: int = 0
    worker_stops: int = 0
    deploys: int = 0
    """So often another version becomes current, or the same one again."""
    server_kills: int = 0
    outages: int = 0
    faulted: float = 0.0
    """The share of writes that a vendor's fault strikes."""
    kinds: tuple[str, ...] = ()
    """The kinds of fault; none named is all."""
    naive: bool = False
    """Run the control, which writes without looking for what is there."""
    every: float = 2.0
    """Seconds between two blows, on average."""
    patience: float = 180.0
    """Seconds that everything has to settle in, once the faults are over."""
    latest: float = 10.0
    """So many undisturbed seconds late may be what is due; the server itself is late where it gets no processor."""
    stability: float = 4.0
    upgrade: float = 5.0
    settle: float = 3.0

    def policy(self) -> str:
        """Return the policy as TOML."""
        return POLICY.format(stability=self.stability, upgrade=self.upgrade, settle=self.settle)

    def described(self) -> dict[str, Any]:
        """Return the plan as JSON has it."""
        return asdict(self)
