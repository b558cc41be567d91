"""Messages of every kind to an incident, drawn at random: now and then said twice, meant for another, or no command at all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from muster import names

PEOPLE = ("ana", "ben", "cem")
ACTORS = (*PEOPLE, "automation:bot")
ALERTS = ("HighErrorRate", "DiskFull")
Message = tuple[str, dict[str, Any]]
NONSENSE: list[Message] = [
    (names.CHANGE_SEVERITY, {"severity": "S9", "reason": "because"}),
    (names.REOPEN, {}),
    (names.ADD_NOTE, {"text": "looking", "kind": "note", "lasts": 60.0}),
    (names.ASSIGN_ROLE, {"role": "king", "person": "ana"}),
    ("explode", {"reason": "because"}),
]


class Messages:
    """What people and machines send to one incident."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 - no secret
        self._sent: list[Message] = []
        self._count = 0
        self._table: list[Callable[[datetime], Message]] = [
            one for one, often in self._weights().items() for _ in range(often)
        ]

    def _weights(self) -> dict[Callable[[datetime], Message], int]:
        return {
            self._assign: 12,
            self._rate: 12,
            self._resolve: 14,
            self._reopen: 8,
            self._report: 14,
            self._note: 8,
            self._update: 14,
            self._absorb: 3,
            self._retry: 3,
            self._nonsense: 4,
            self._ends: 1,
        }

    def signal(self, now: datetime) -> Message:
        """Return the next one; now and then it is one of the last once more."""
        if self._sent and self.dice.random() < 0.1:
            return self.again()
        self._sent.append(self.draw(now))
        return self._sent[-1]

    def draw(self, now: datetime) -> Message:
        """Return one with a command id of its own."""
        name, fields = self.dice.choice(self._table)(now)
        self._count += 1
        told = {"command_id": f"c{self._count}", "actor": self.dice.choice(ACTORS), **fields}
        if self.dice.random() < 0.03:
            told["number"] = 9_999
        return name, told

    def again(self) -> Message:
        """Return one of the last once more."""
        return self.dice.choice(self._sent[-20:])

    def _assign(self, _now: datetime) -> Message:
        role = self.dice.choice(["imoc", "imoc", "cmoc", "ocit"])
        return names.ASSIGN_ROLE, {"role": role, "person": self.dice.choice(PEOPLE)}

    def _rate(self, _now: datetime) -> Message:
        severity = self.dice.choice(["S1", "S2", "S3", "S4"])
        return names.CHANGE_SEVERITY, {"severity": severity, "reason": "because"}

    def _resolve(self, _now: datetime) -> Message:
        if self.dice.random() < 0.25:
            alert = self.dice.choice([*ALERTS, "Unknown"])
            return names.RESOLVE, {"despite": alert, "reason": "noise"}
        return names.RESOLVE, {}

    def _reopen(self, _now: datetime) -> Message:
        mistake = self.dice.random() < 0.3
        return names.REOPEN, {"reason": "again", "closed_by_mistake": mistake}

    def _ends(self, _now: datetime) -> Message:
        if self.dice.random() < 0.5:
            return names.CANCEL, {"reason": "false alarm"}
        return names.MERGE, {"into": 50, "into_workflow": "incident-50"}

    def _report(self, now: datetime) -> Message:
        alerts = [self._alert(now) for _ in range(self.dice.choice([1, 1, 2]))]
        return names.REPORT_ALERTS, {"actor": "automation:alertmanager", "alerts": alerts}

    def _alert(self, now: datetime) -> dict[str, Any]:
        name = self.dice.choice(ALERTS)
        at = now - timedelta(minutes=self.dice.choice([0, 5, 40]))
        firing = self.dice.random() < 0.4
        told = {"fingerprint": name, "name": name, "service": "web", "firing": firing}
        return {**told, "starts_at": at.isoformat()}

    def _note(self, _now: datetime) -> Message:
        kind = self.dice.choice(["note", "tried", "trying"])
        lasts = 60.0 if kind == "trying" else None
        return names.ADD_NOTE, {"text": "looking", "kind": kind, "lasts": lasts}

    def _update(self, now: datetime) -> Message:
        promised = self.dice.choice([None, None, -10, 10, 100])
        return names.POST_UPDATE, {
            "message": self.dice.choice(["Some requests fail.", "Fewer requests fail."]),
            "to": self.dice.sample(["end-users", "support", "estaff"], self.dice.choice([1, 2])),
            "status": self.dice.choice([None, None, "investigating", "monitoring", "resolved"]),
            "next_at": (now + timedelta(minutes=promised)).isoformat() if promised else None,
            "correction": self.dice.random() < 0.2,
        }

    def _absorb(self, now: datetime) -> Message:
        return names.ABSORB, {
            "duplicate": 50,
            "duplicate_workflow": "incident-50",
            "severity": self.dice.choice(["S1", "S2", "S3", "S4"]),
            "declared_at": (now - timedelta(minutes=self.dice.choice([0, 40]))).isoformat(),
            "wait_owed": self.dice.random() < 0.5,
            "waited": self.dice.random() < 0.1,
            "services": self.dice.choice([[], ["web"], ["db"]]),
        }

    def _retry(self, _now: datetime) -> Message:
        return names.RETRY_EFFECT, {"key": "issue"}

    def _nonsense(self, _now: datetime) -> Message:
        return self.dice.choice(NONSENSE)
