"""Everything that a run has written, place by place."""

import base64
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from muster.encryption import Codec
from muster.keys import read
from starter.stack.embedded import Stack
from starter.stack.places import HOST


async def histories(stack: Stack, keys: Path) -> dict[str, bytes]:
    """Return the history of every workflow, what is encrypted in it decrypted."""
    codec = Codec(read(str(keys)))
    client = await Client.connect(f"{HOST}:{stack.ports.temporal}")
    places = {}
    async for one in client.list_workflows(None):
        handle = client.get_workflow_handle(one.id, run_id=one.run_id)
        events = [MessageToDict(event) async for event in handle.fetch_history_events()]
        places[f"history of {one.id}"] = b"\n".join(texts(events, codec))
    return places


def texts(found: Any, codec: Codec) -> Iterator[bytes]:
    """Yield every text of a document, and what its payloads hold."""
    if isinstance(found, str):
        yield found.encode()
    elif isinstance(found, list):
        for one in found:
            yield from texts(one, codec)
    elif isinstance(found, dict):
        if "metadata" in found and "data" in found:
            yield decrypted(found, codec)
        for one in found.values():
            yield from texts(one, codec)


def decrypted(payload: dict[str, Any], codec: Codec) -> bytes:
    metadata = {name: base64.b64decode(value) for name, value in payload["metadata"].items()}
    sealed = Payload(metadata=metadata, data=base64.b64decode(payload["data"]))
    return codec.decrypted(sealed).data


def files(home: Path) -> dict[str, bytes]:
    """Return the database with its log of writes, the logs of all processes, and the sandbox's state."""
    return {str(file.relative_to(home)): file.read_bytes() for file in _all_files(home)}


def _all_files(home: Path) -> list[Path]:
    return [file for file in home.rglob("*") if file.is_file()]


def pages(addresses: dict[str, str]) -> dict[str, bytes]:
    """Return what is served at these addresses."""
    return {name: get(address) for name, address in addresses.items()}


def get(address: str, token: str = "", body: bytes | None = None) -> bytes:
    """Return an answer of any status, with its headers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(address, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer: bytes = reply.read()
            return answer + str(reply.headers).encode()
    except urllib.error.HTTPError as error:
        with error:
            return error.read() + str(error.headers).encode()


def incidents(places: dict[str, bytes]) -> int:
    """Return of how many incidents there is a history."""
    return sum(bool(re.match("history of incident-", place)) for place in places)
