"""Requests and replies of the main routes, held against the vendors' own OpenAPI documents."""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import (
    RequestsOpenAPIRequest,
    RequestsOpenAPIResponse,
)

from muster.sandbox import Sandbox


@cache
def document(file: Path, server: str, *, integer_ids: bool = False) -> OpenAPI:
    text = file.read_text()
    content: dict[str, Any] = yaml.safe_load(text) if file.suffix == ".yaml" else json.loads(text)
    content["servers"] = [{"url": server}]
    if integer_ids:
        _integer_ids(content)
    content.pop("security", None)  # openapi-core does not know X's scheme
    content.get("components", {}).pop("securitySchemes", None)
    for path in content["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return OpenAPI.from_dict(
        content,
        config=Config(
            spec_validator_cls=None,
            extra_media_type_deserializers={"application/problem+json": json.loads},
        ),
    )


def _integer_ids(node: Any) -> None:
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict) and {"uuid", "id"} <= set(properties):
            properties["id"] = {"type": "integer"}
        for child in node.values():
            _integer_ids(child)
    elif isinstance(node, list):
        for child in node:
            _integer_ids(child)


def hold(api: OpenAPI, method: str, url: str, *, expect: int, **options: Any) -> Any:
    """Send a request; both it and its reply must be as documented."""
    headers = {"Authorization": "Bearer test", **options.pop("headers", {})}
    prepared = requests.Request(method, url, headers=headers, **options).prepare()
    with requests.Session() as session:
        reply = session.send(prepared, timeout=5)
    assert reply.status_code == expect, reply.text
    asked = RequestsOpenAPIRequest(prepared)
    api.validate_request(asked)
    api.validate_response(asked, RequestsOpenAPIResponse(reply))
    return reply.json() if reply.content else None


SLACK = [
    ("chat.postMessage", {"channel": "C00000001", "text": "words"}),
    ("chat.update", {"channel": "C00000001", "ts": "TS", "text": "others"}),
    ("chat.getPermalink", {"channel": "C00000001", "message_ts": "TS"}),
    ("conversations.create", {"name": "inc-7"}),
    ("conversations.list", {}),
    ("conversations.info", {"channel": "C00000001"}),
    ("conversations.history", {"channel": "C00000001"}),
    ("conversations.replies", {"channel": "C00000001", "ts": "TS"}),
    ("conversations.invite", {"channel": "C00000001", "users": "UANA"}),
    ("conversations.setTopic", {"channel": "C00000001", "topic": "t"}),
    ("conversations.archive", {"channel": "C00000002"}),
    ("pins.add", {"channel": "C00000001", "timestamp": "TS"}),
]
READS = frozenset({"conversations.list", "conversations.info", "conversations.history"})
READS |= {"conversations.replies", "chat.getPermalink"}


@pytest.mark.parametrize(("method", "given"), SLACK)
async def test_slack_follows_its_document(
    sandbox: Sandbox, specs: Path, method: str, given: dict[str, str]
) -> None:
    """Bodies are forms here, as the document of 2021 has them."""
    api = document(specs / "slack-web-api.json", sandbox.urls["slack"].rstrip("/"))
    base = sandbox.urls["slack"]

    def calls() -> None:
        posted = requests.post(
            f"{base}chat.postMessage",
            json={"channel": "C00000001", "text": "first"},
            headers={"Authorization": "Bearer test"},
            timeout=5,
        ).json()
        body = {key: posted["ts"] if value == "TS" else value for key, value in given.items()}
        verb, place = ("GET", "params") if method in READS else ("POST", "data")
        assert hold(api, verb, base + method, expect=200, **{place: body})["ok"]

    await asyncio.to_thread(calls)


async def test_zoom_follows_its_document(sandbox: Sandbox, specs: Path) -> None:
    """The token route is in no document, and a meeting's id is an integer in today's documentation."""
    api = document(specs / "zoom-v2.json", sandbox.urls["zoom"], integer_ids=True)
    base = sandbox.urls["zoom"]

    def life() -> None:
        query = {"grant_type": "account_credentials", "account_id": "a"}
        grant = requests.post(
            sandbox.urls["zoom_oauth"], params=query, auth=("a", "b"), timeout=5
        ).json()
        headers = {"Authorization": f"Bearer {grant['access_token']}"}
        body = {"topic": "Bridge", "type": 2}
        made = hold(
            api, "POST", f"{base}/users/me/meetings", expect=201, json=body, headers=headers
        )
        one = f"{base}/meetings/{made['id']}"
        hold(api, "GET", f"{base}/users/me/meetings", expect=200, headers=headers)
        hold(api, "GET", one, expect=200, headers=headers)
        hold(api, "PATCH", one, expect=204, json={"topic": "Other"}, headers=headers)
        hold(api, "PUT", f"{one}/status", expect=204, json={"action": "end"}, headers=headers)
        hold(api, "DELETE", one, expect=204, headers=headers)
        gone = requests.get(one, headers=headers, timeout=5)
        assert (gone.status_code, gone.json()["code"]) == (404, 3001)
        sandbox.zoom.expire_tokens()
        late = requests.get(one, headers=headers, timeout=5)
        assert (late.status_code, late.json()["code"]) == (401, 124)

    await asyncio.to_thread(life)


async def test_gitlab_issues_follow_their_document(sandbox: Sandbox, specs: Path) -> None:
    """Notes, links and users are not in the community document; the SDK's test holds those."""
    api = document(specs / "gitlab-v4.yaml", sandbox.urls["gitlab"])
    issues = f"{sandbox.urls['gitlab']}/api/v4/projects/1/issues"

    def life() -> None:
        body = {
            "title": "Fire",
            "issue_type": "incident",
            "labels": ["severity::1"],
            "assignee_ids": [11],
        }
        made = hold(api, "POST", issues, expect=201, json=body)
        one = f"{issues}/{made['iid']}"
        hold(api, "GET", issues, expect=200, params={"search": "Fire", "per_page": 1})
        kept = hold(api, "GET", one, expect=200)
        assert [user["username"] for user in kept["assignees"]] == ["ana"]
        change = {"state_event": "close", "assignee_ids": [0]}
        assert hold(api, "PUT", one, expect=200, json=change)["assignees"] == []

    await asyncio.to_thread(life)


async def test_x_follows_its_document(sandbox: Sandbox, specs: Path) -> None:
    """Refusals follow what X sends today: its document has no schema for ``about:blank``."""
    api = document(specs / "x-v2.json", sandbox.urls["x"])
    base = f"{sandbox.urls['x']}/2"

    def life() -> None:
        post = hold(api, "POST", f"{base}/tweets", expect=201, json={"text": "hello"})
        me = hold(api, "GET", f"{base}/users/me", expect=200)["data"]["id"]
        query = {"tweet.fields": "created_at"}
        hold(api, "GET", f"{base}/users/{me}/tweets", expect=200, params=query)
        for text in ("hello", "x" * 281):
            headers = {"Authorization": "Bearer test"}
            no = requests.post(f"{base}/tweets", json={"text": text}, headers=headers, timeout=5)
            assert (no.status_code, no.json()["type"]) == (403, "about:blank")
            assert no.headers["Content-Type"] == "application/problem+json"
        hold(api, "DELETE", f"{base}/tweets/{post['data']['id']}", expect=200)

    await asyncio.to_thread(life)
