"""What people can do while a provider is down: policy's places to meet and to write, and what waits by itself."""

from muster.domain.effects import Op
from muster.domain.policy import Fallback

_PATIENT = {
    "tracker": "go on with muster note; the issue gets it all with its times when it is back",
    "status": "it goes out once when it is back; tell those affected another way",
}


def meanwhile(op: Op, fallback: Fallback) -> str:
    """Return what to do until this kind of effect can be done; empty where nobody needs to do anything."""
    family = op.partition(".")[0]
    places = {
        "conference": f"meet at {fallback.bridge}" if fallback.bridge else "",
        "chat": f"talk in {fallback.channel}" if fallback.channel else "",
    }
    return places.get(family, "") or _PATIENT.get(family, "")
