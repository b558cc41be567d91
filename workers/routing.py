"""To which version of the workers the tasks go, and when another one may take them over: pure."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Routing:
    """What the server knows of our versions, by their build ids."""

    current: str = ""
    """The one that gets the tasks; empty while they go to workers without a version."""
    ramping: str = ""
    """The one that gets a share of them, where a person has set that."""
    been: frozenset[str] = frozenset()
    """Those that were current at some time."""
    manager: str = ""
    """Who alone may change it; empty is anyone."""
    token: bytes = b""
    """What a change names, so that it fails where another came first."""

    @property
    def active(self) -> frozenset[str]:
        """Return those that get tasks."""
        return frozenset(filter(None, (self.current, self.ramping)))


def takes_over(build: str, routing: Routing, *, silent: bool) -> bool:
    """Tell whether this build is to become current; ``silent`` says that nobody of the active ones works.

    A new build does so at its start. One that was current before has been superseded or rolled back: started again
    it comes second, and so does any where a person moves the tasks share by share. But nobody working is worse.
    """
    if build in routing.active:
        return False
    if build in routing.been or routing.ramping:
        return silent and bool(routing.current)
    return True


class Silence:
    """Since when nobody was heard of, by our own clock: those of other machines need not be right."""

    def __init__(self, now: float) -> None:
        """Begin to listen now: whoever has just started has not been heard yet."""
        self._last = now
        self._beats: Mapping[str, Hashable] = {}

    def after(self, beats: Mapping[str, Hashable], now: float) -> float:
        """Return for how many seconds it has been silent, given everyone's latest heartbeat."""
        if any(self._beats.get(name) != beat for name, beat in beats.items()):
            self._last = now
        self._beats = dict(beats)
        return now - self._last
