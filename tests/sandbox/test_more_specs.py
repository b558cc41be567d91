"""Further routes of Slack held against its document, and its reads sent the way slack-sdk sends them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from muster.sandbox import Sandbox
from tests.sandbox.test_specs import document, hold

WRITES = [
    ("chat.delete", {"channel": "C00000001", "ts": "TS"}),
    ("conversations.rename", {"channel": "C00000001", "name": "other"}),
    ("conversations.join", {"channel": "C00000001"}),
    ("conversations.setPurpose", {"channel": "C00000001", "purpose": "p"}),
]
READS = [
    ("conversations.members", {"channel": "C00000001"}),
    ("auth.test", {}),
]
REFUSALS = [
    ("users.lookupByEmail", {"email": "nobody@example.com"}),
    ("users.info", {"user": "UNOBODY"}),
    ("conversations.info", {"channel": "CNONE"}),
    ("pins.list", {"channel": "CNONE"}),
]


def send(url: str, verb: str, given: dict[str, str]) -> requests.Response:
    place = "data" if verb == "POST" else "params"
    headers = {"Authorization": "Bearer test"}
    how: dict[str, Any] = {place: given}
    return requests.request(verb, url, headers=headers, timeout=5, **how)


@pytest.mark.parametrize(("method", "given"), WRITES + READS)
async def test_slack_follows_its_document_further(
    sandbox: Sandbox, specs: Path, method: str, given: dict[str, str]
) -> None:
    """Good answers of ``users.*`` and ``pins.list`` are not among them: they follow today's documentation."""
    api = document(specs / "slack-web-api.json", sandbox.urls["slack"].rstrip("/"))
    base = sandbox.urls["slack"]
    verb, place = ("POST", "data") if (method, given) in WRITES else ("GET", "params")

    def calls() -> None:
        send(f"{base}conversations.join", "POST", {"channel": "C00000001"})
        first = {"channel": "C00000001", "text": "first"}
        ts = send(f"{base}chat.postMessage", "POST", first).json()["ts"]
        body = {key: ts if value == "TS" else value for key, value in given.items()}
        assert hold(api, verb, base + method, expect=200, **{place: body})["ok"]

    await asyncio.to_thread(calls)


@pytest.mark.parametrize(("method", "given"), REFUSALS)
async def test_slack_refuses_as_its_document_says(
    sandbox: Sandbox, specs: Path, method: str, given: dict[str, str]
) -> None:
    """The document has refusals under ``default``, but Slack sends them, and so do we, with status 200."""
    api = document(specs / "slack-web-api.json", sandbox.urls["slack"].rstrip("/"))
    url = sandbox.urls["slack"] + method

    def calls() -> None:
        reply = send(url, "GET", given)
        assert reply.status_code == 200
        assert reply.json()["ok"] is False
        reply.status_code = 599  # so that the document's ``default`` is what it is held against
        api.validate_response(RequestsOpenAPIRequest(reply.request), RequestsOpenAPIResponse(reply))

    await asyncio.to_thread(calls)
