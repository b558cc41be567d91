"""Promise 9: a human is answered, or told that the command is recorded, whichever worker has died."""

from collections.abc import Iterator

from tests.chaos.checker.evidence import Evidence, Finding, Json

TRIES = 4
"""Of at most 4.5 s each; a machine that all of this runs on may lose one, and what nothing answers fails them all."""
RECOVERS = 5.0
"""Seconds that a server has, once it listens again, until it answers everybody."""


def judge(evidence: Evidence) -> Iterator[Finding]:
    """Yield each command that was never answered, and each that needed many tries while the server was there."""
    for sent in evidence.events("sent"):
        ack = evidence.acknowledged.get(sent["command_id"])
        named = f"{sent['name']} {sent['command_id']}"
        if ack is None:
            yield Finding(9, "loss", f"{named} was never answered")
        elif ack["tries"] > TRIES and not _server_away(evidence, sent, ack):
            yield Finding(9, "unanswered", f"{named} was answered at try {ack['tries']}")


def _server_away(evidence: Evidence, sent: Json, ack: Json) -> bool:
    return any(
        began < ack["at"] and sent["at"] < over + RECOVERS
        for began, over in evidence.blows("server_kill")
    )
