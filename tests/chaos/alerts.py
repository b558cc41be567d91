"""The alerts of a run: one group for each incident that machines declare."""

from datetime import UTC, datetime
from typing import Any


class Group:
    """Two instances of one alert on one service, which fire and stop together."""

    def __init__(self, index: int, service: str) -> None:
        self._index, self._service = index, service
        self._started = datetime.now(UTC)
        self._ended: datetime | None = None

    def again(self) -> None:
        """Let it fire anew."""
        self._started, self._ended = datetime.now(UTC), None

    def end(self) -> None:
        """Let it stop."""
        self._ended = self._ended or datetime.now(UTC)

    def webhook(self, *, firing: bool) -> dict[str, Any]:
        """Return the delivery as Alertmanager posts it."""
        ended = (self._ended or datetime.now(UTC)).isoformat()
        status = "firing" if firing else "resolved"
        alerts = [
            {
                "status": status,
                "labels": {"alertname": self._name, "service": self._service, "severity": "s1"},
                "annotations": {"summary": "5xx ratio > 5%"},
                "startsAt": self._started.isoformat(),
                "endsAt": "0001-01-01T00:00:00Z" if firing else ended,
                "generatorURL": "",
                "fingerprint": fingerprint,
            }
            for fingerprint in self._fingerprints
        ]
        return {"version": "4", "status": status, "receiver": "muster", "alerts": alerts}

    def signal(self, *, firing: bool) -> list[dict[str, Any]]:
        """Return the same as the service itself takes it."""
        return [
            {
                "fingerprint": fingerprint,
                "name": self._name,
                "service": self._service,
                "firing": firing,
                "starts_at": self._started.isoformat(),
                "ends_at": None if firing or self._ended is None else self._ended.isoformat(),
            }
            for fingerprint in self._fingerprints
        ]

    @property
    def _name(self) -> str:
        return f"Errors{self._index}"

    @property
    def _fingerprints(self) -> tuple[str, ...]:
        return (f"{self._index:08x}a", f"{self._index:08x}b")
