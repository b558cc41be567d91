"""Watches the running parts: what ends by itself is started again, and less often the more often it ends."""

import sys
from dataclasses import dataclass
from threading import Event
from time import monotonic

from starter.stack.children import Child, StackError
from starter.stack.embedded import Stack

LOOK = 0.5
"""Seconds between two looks."""
LONGEST_PAUSE = 30.0
"""Seconds after which a part that keeps ending is started again at the latest."""
SOUND = 60.0
"""Seconds after which a part that was started again counts as sound."""


def watch(stack: Stack, stopped: Event) -> None:
    """Watch until told to stop. Raises StackError when the server ends: without it there is no stack."""
    parts = [Part(child) for child in (stack.sandbox, stack.worker, stack.gateway)]
    while not stopped.wait(LOOK):
        if not stack.server.running():
            message = f"Temporal has ended; the end of its log:\n{stack.server.last_words()}"
            raise StackError(message)
        for part in parts:
            part.look(monotonic())


@dataclass
class Part:
    """One child, and how patient we are with it."""

    child: Child
    pause: float = 0.0
    due: float | None = None
    began: float = 0.0

    def look(self, now: float) -> None:
        """Start it again where it has ended and its pause is over."""
        if self.child.running():
            return
        if self.due is None:
            self.pause = 0.0 if now - self.began > SOUND else self.pause
            self.due = now + self.pause
            self._tell()
        if now >= self.due:
            self.child.start()
            self.began, self.due = now, None
            self.pause = min(max(2 * self.pause, 2 * LOOK), LONGEST_PAUSE)

    def _tell(self) -> None:
        when = f"in {self.pause:g} s" if self.pause else "now"
        print(
            f"{self.child.name} has ended ({self.child.end()}) and is started again {when}; "
            f"its log is {self.child.log}{self._last()}",
            file=sys.stderr,
            flush=True,
        )

    def _last(self) -> str:
        """Return its last word; of one that was killed that is no cause."""
        words = self.child.last_words().splitlines()
        return f": {words[-1]}" if words and self.child.end().startswith("exit") else ""
