"""Where a number is, by the ledger or search, and what the server gives back between two runs."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from starter import client
from starter.failures import NoSuchIncident, Unreachable

NUMBER = SearchAttributeKey.for_int("IncidentNumber")
HOUR = 3600.0
WAIT = 0.05


class Server:
    """A ledger that answers when and what it is told to, and a search that knows some numbers."""

    def __init__(self, found: Any, *, after: float = 0.0, searchable: tuple[int, ...] = ()) -> None:
        self.found, self.after, self.searchable = found, after, searchable
        self.searches = 0

    def get_workflow_handle(self, workflow_id: str) -> "Server":
        assert workflow_id == "ledger"
        return self

    async def execute_update(self, _name: str, number: int, *, id: str) -> Any:  # noqa: A002 - the SDK's word
        assert id
        await asyncio.sleep(self.after)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found and {"workflow_id": f"told-{number}", "title": "api errors"}

    async def list_workflows(self, query: str, limit: int) -> AsyncIterator[Any]:
        assert limit == 1
        self.searches += 1
        for number in self.searchable:
            if query.endswith(f"IncidentNumber = {number}"):
                attributes = TypedSearchAttributes([SearchAttributePair(NUMBER, number)])
                yield SimpleNamespace(id=f"found-{number}", typed_search_attributes=attributes)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LEDGER_ALONE", WAIT)
    monkeypatch.setattr(client, "LEDGER_PATIENCE", HOUR)


async def place(server: Server) -> str:
    muster = client.Muster(server)  # type: ignore[arg-type]
    return (await muster.address(7)).workflow_id


async def test_a_ledger_that_answers_is_asked_alone() -> None:
    server = Server(found=True, searchable=(7,))
    assert (await place(server), server.searches) == ("told-7", 0)


async def test_search_may_answer_before_a_ledger_that_hesitates() -> None:
    assert await place(Server(found=True, after=HOUR, searchable=(7,))) == "found-7"


async def test_the_ledger_may_know_what_search_does_not_yet() -> None:
    server = Server(found=True, after=10 * WAIT, searchable=(8,))
    assert (await place(server), server.searches) == ("told-7", 1)


async def test_what_the_ledger_does_not_know_is_not_there() -> None:
    with pytest.raises(NoSuchIncident, match="there is no incident #7"):
        await place(Server(found=None))


async def test_neither_may_know_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LEDGER_PATIENCE", 2 * WAIT)
    with pytest.raises(NoSuchIncident, match="the ledger is silent, and search knows no incident"):
        await place(Server(found=True, after=HOUR))


async def test_a_server_that_serves_nobody_is_said_at_once() -> None:
    gone = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    with pytest.raises(Unreachable):
        await place(Server(found=gone, searchable=(7,)))


class Between:
    """An incident whose run has just ended: it gives an update back until the next one is there."""

    def __init__(self, given_back: int) -> None:
        self.given_back = given_back
        self.asked: list[str] = []

    def get_workflow_handle(self, _workflow_id: str) -> "Between":
        return self

    async def execute_update(self, _name: str, _payload: Any, *, id: str) -> Any:  # noqa: A002 - the SDK's word
        self.asked.append(id)
        if len(self.asked) <= self.given_back:
            raise RPCError(
                "unexpected workflow task failure", RPCStatusCode.FAILED_PRECONDITION, b""
            )
        return {"outcome": "accepted"}


async def test_an_update_that_came_between_two_runs_is_asked_for_again_by_its_id() -> None:
    between = Between(given_back=2)
    muster = client.Muster(between)  # type: ignore[arg-type]
    address = client.Address("incident-7", 7)
    answer = await muster.command(address, "add_note", {"command_id": "c1", "text": "x"})
    assert (answer, between.asked) == ({"outcome": "accepted"}, ["c1"] * 3)
