"""Search attributes: registered where we may, and where not, said what to run."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from muster import names

_TYPES = {
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def registered(client: Client) -> tuple[str, ...]:
    """Return which of our search attributes the namespace has, after adding what is missing where we may."""
    known = await _known(client)
    missing = [name for name in names.SEARCH_ATTRIBUTES if name not in known]
    if missing and await _add(client, missing):
        known |= set(missing)
    return tuple(name for name in names.SEARCH_ATTRIBUTES if name in known)


def commands(namespace: str, missing: list[str]) -> list[str]:
    """Return what someone with the right to do so runs, a line for each attribute."""
    return [
        f"temporal operator search-attribute create --namespace {namespace} "
        f"--name {name} --type {names.SEARCH_ATTRIBUTES[name]}"
        for name in missing
    ]


async def _known(client: Client) -> set[str]:
    try:
        reply = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError:
        return set()
    return set(reply.custom_attributes)


async def _add(client: Client, missing: list[str]) -> bool:
    wanted = {name: _TYPES[names.SEARCH_ATTRIBUTES[name]] for name in missing}
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
        )
    except RPCError:
        return False
    return True
