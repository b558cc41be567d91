"""The ledger without its workflow: its rules, pages in memory, the clock in the test's hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from muster import names
from muster.domain import ledger_pages as pages
from muster.domain import ledger_rules as rules
from muster.domain.commands import Registered
from muster.domain.ledger import (
    Claim,
    Claimed,
    LedgerEntry,
    LedgerState,
    Limits,
    Registration,
    lookup,
)
from muster.domain.policy import Scope
from muster.domain.severity import Severity

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
WINDOW = timedelta(hours=3)


def registration(
    name: str = "a",
    severity: Severity = Severity.S3,
    at: datetime = START,
    *,
    service: str | None = "web",
    key: str | None = None,
    scope: Scope = Scope.GLOBAL,
    first_run: str = "run-1",
    private: bool = False,
) -> Registration:
    """Return what an incident asks."""
    return Registration(
        workflow_id=names.incident_id(key) if key else f"incident-{name}",
        title=f"{name} is broken",
        severity=severity,
        service=service,
        key=key,
        declared_at=at,
        window=WINDOW,
        scope=scope,
        first_run=first_run,
        private=private,
    )


class Desk:
    """Does what the workflow does, at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.state = LedgerState(limits=limits or Limits())
        self.now = START
        self.pages: dict[str, pages.Page] = {}

    def register(self, asked: Registration) -> Registered:
        paged = self._read(asked)
        self.state, answer = rules.register(self.state, asked, self.now, paged)
        self.move()
        return answer

    def claim(self, asked: Claim) -> Claimed:
        paged = self._read(asked)
        self.state, answer = rules.claim(self.state, asked, self.now, paged)
        return answer

    def tell(self, rule: Callable[..., Any], told: LedgerEntry) -> Any:
        self._read(told)
        self.state, answer = rule(self.state, told, self.now)
        return answer

    def entry(self, number: int) -> LedgerEntry | None:
        return lookup(self.state, number) or self._read(number)

    def known(self, number: int) -> LedgerEntry:
        entry = self.entry(number)
        assert entry is not None
        return entry

    def move(self) -> None:
        while (batch := pages.batch(self.state, self.now)).pages:
            for page_id, more in batch.pages.items():
                self.pages[page_id] = pages.merged(self.pages.get(page_id, pages.Page()), more)
            self.state = pages.moved(self.state, batch)

    def _read(self, message: Registration | Claim | LedgerEntry | int) -> LedgerEntry | None:
        question = pages.question(self.state, message)
        if question is None:
            return None
        number = question.number
        if question.key_digest is not None:
            number = self._ask(names.ledger_keys_id(question.key_digest), question).number
        if number is None:
            return None
        entry = self._ask(names.ledger_page_id(number), pages.Question(number=number)).entry
        entry = lookup(self.state, number) or entry
        assert entry is not None
        if isinstance(message, LedgerEntry):
            self.state = pages.recalled(self.state, entry)
        return entry

    def _ask(self, page_id: str, question: pages.Question) -> pages.Found:
        return pages.found(self.pages.get(page_id, pages.Page()), question)
