"""Search attributes: added where we may, and where not, said what to run."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from muster import names
from workers.attributes import commands, registered


class Operator:
    """An operator service that knows some attributes and lets them be read or added, or not."""

    def __init__(self, known: set[str], *, reads: bool = True, adds: bool = True) -> None:
        self.known, self.reads, self.adds = set(known), reads, adds

    async def list_search_attributes(self, request: Any) -> Any:
        assert request.namespace == "ops"
        self._allow(may=self.reads)
        return SimpleNamespace(custom_attributes=dict.fromkeys(self.known))

    async def add_search_attributes(self, request: Any) -> None:
        self._allow(may=self.adds)
        self.known |= set(request.search_attributes)

    def _allow(self, *, may: bool) -> None:
        if not may:
            raise RPCError("no", RPCStatusCode.PERMISSION_DENIED, b"")


def client(operator: Operator) -> Client:
    return cast("Client", SimpleNamespace(namespace="ops", operator_service=operator))


ALL = set(names.SEARCH_ATTRIBUTES)


@pytest.mark.parametrize("known", [set(), {"IncidentNumber"}, ALL])
async def test_what_is_missing_is_added(known: set[str]) -> None:
    operator = Operator(known)
    assert set(await registered(client(operator))) == ALL
    assert operator.known == ALL


async def test_where_adding_is_forbidden_only_what_is_there_is_used() -> None:
    operator = Operator({"IncidentNumber"}, adds=False)
    assert await registered(client(operator)) == ("IncidentNumber",)


async def test_where_even_reading_is_forbidden_none_is_used() -> None:
    assert await registered(client(Operator(ALL, reads=False, adds=False))) == ()


def test_the_commands_to_run_name_namespace_attribute_and_type() -> None:
    line = (
        "temporal operator search-attribute create --namespace ops --name IncidentNumber --type Int"
    )
    assert commands("ops", ["IncidentNumber"]) == [line]
