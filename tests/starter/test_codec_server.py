"""The codec server over HTTP: whom it lets in, what it decrypts, and what it gives back as it was."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from temporalio.client import Client

from muster.domain.policy import Policy
from muster.encrypted import FAILURE
from muster.settings import SettingsError
from starter.gateway import settings
from starter.gateway.app import Gateway
from starter.gateway.settings import CodecSettings, GatewaySettings
from tests.security.rings import FOREIGN, NEW, OLD, ring

TOKEN = "battery staple"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
UI = "https://temporal.example.com"
CODEC = CodecSettings(TOKEN, frozenset({UI}))
PLAIN = {"metadata": {"encoding": base64.b64encode(b"json/plain").decode()}, "data": "ImFiYyI="}

Door: TypeAlias = TestClient[web.Request, web.Application]


@asynccontextmanager
async def opened(
    codec: CodecSettings | None = CODEC, keys: Any = (NEW, OLD), limit: int = 1_000_000
) -> AsyncIterator[Door]:
    """Serve a gateway in this process, whose Temporal nobody needs."""
    chosen = GatewaySettings(
        {"alertmanager": "gateway"}, Policy(), keys=keys, codec=codec, limit=limit
    )
    client = await Client.connect("127.0.0.1:1", lazy=True)
    async with TestClient(TestServer(Gateway(client, chosen).app())) as door:
        yield door


async def post(
    door: Door, what: str, body: object, headers: Mapping[str, str] = AUTHORIZED
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with door.post(f"/codec/{what}", data=data, headers=headers) as answer:
        return answer.status, await answer.json()


def key_of(payload: Any) -> str:
    return base64.b64decode(payload["metadata"]["encryption-key-id"]).decode()


async def test_what_it_encrypts_it_decrypts() -> None:
    async with opened() as door:
        status, sealed = await post(door, "encode", {"payloads": [PLAIN, PLAIN]})
        assert status == 200
        assert [key_of(one) for one in sealed["payloads"]] == ["new", "new"]
        assert await post(door, "decode", sealed) == (200, {"payloads": [PLAIN, PLAIN]})


async def test_it_decrypts_with_an_old_key_and_leaves_what_is_plain() -> None:
    async with opened(keys=(OLD,)) as before:
        _, sealed = await post(before, "encode", {"payloads": [PLAIN]})
    async with opened() as door:
        both = {"payloads": [*sealed["payloads"], PLAIN]}
        assert await post(door, "decode", both) == (200, {"payloads": [PLAIN, PLAIN]})


async def test_what_it_cannot_decrypt_comes_back_with_the_reason_and_hides_no_other() -> None:
    async with opened(keys=(FOREIGN,)) as elsewhere:
        _, sealed = await post(elsewhere, "encode", {"payloads": [PLAIN]})
    strange = sealed["payloads"][0]
    async with opened() as door:
        status, answer = await post(door, "decode", {"payloads": [strange, PLAIN]})
    assert (status, answer["payloads"][1]) == (200, PLAIN)
    back = answer["payloads"][0]
    assert (back["data"], key_of(back)) == (strange["data"], "foreign")
    assert base64.b64decode(back["metadata"][FAILURE]) == b"unknown"


async def test_nothing_comes_back_as_nothing() -> None:
    async with opened() as door:
        assert await post(door, "decode", {}) == (200, {})


STRANGERS: dict[str, dict[str, str]] = {
    "nobody": {},
    "another token": {"Authorization": "Bearer battery stable"},
    "the gateway's own token": {"Authorization": "Bearer gateway"},
    "another scheme": {"Authorization": f"Basic {TOKEN}"},
    "no text": {"Authorization": "Bearer \udcff"},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS.keys())
@pytest.mark.parametrize("what", ["decode", "encode"])
async def test_without_its_token_it_does_nothing(what: str, headers: dict[str, str]) -> None:
    async with opened() as door:
        data = json.dumps({"payloads": [PLAIN]})
        async with door.post(f"/codec/{what}", data=data, headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (await answer.json())["error"]["code"] == "unauthorized"


WRONG = {
    "no JSON": (b"{", 400),
    "no text": (b"\xff\xfe\xff", 400),
    "a list": ([PLAIN], 400),
    "other fields": ({"payload": PLAIN}, 400),
    "no base64": ({"payloads": [{"data": "a"}]}, 400),
    "a depth": (b'{"payloads":' + b"[" * 5_000, 400),
    "too many": ({"payloads": [{}] * 10_001}, 400),
    "too much": (b" " * 1_000_001, 413),
}


@pytest.mark.parametrize(("body", "status"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_body_is_refused(body: object, status: int) -> None:
    async with opened() as door:
        found, answer = await post(door, "decode", body)
    assert found == status
    assert answer["error"]["code"] in {"bad_input", "too_large"}


async def test_a_page_of_an_allowed_origin_may_ask_and_read_the_answer() -> None:
    asked = {"Origin": UI, "Access-Control-Request-Method": "POST"}
    async with opened() as door:
        async with door.options("/codec/decode", headers=asked) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == UI
            assert "X-Namespace" in answer.headers["Access-Control-Allow-Headers"]
        for headers in (AUTHORIZED, {}):
            sent = {**headers, "Origin": UI}
            async with door.post("/codec/decode", data="{}", headers=sent) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == UI
                assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", f"{UI}.evil.example", "null", ""])
async def test_a_page_of_another_origin_is_refused_even_with_the_token(origin: str) -> None:
    async with opened() as door:
        sent = {**AUTHORIZED, "Origin": origin}
        for call in (door.options, door.post):
            async with call("/codec/decode", data="{}", headers=sent) as answer:
                assert answer.status == 403
                assert "Access-Control-Allow-Origin" not in answer.headers


async def test_other_routes_are_open_to_no_page() -> None:
    async with opened() as door, door.get("/healthz", headers={"Origin": UI}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_it_is_off_unless_configured() -> None:
    async with opened(codec=None) as door:
        assert (await post(door, "decode", {"payloads": [PLAIN]}))[0] == 404


BASE = {"MUSTER_GATEWAY_TOKEN": "canary-gateway"}
REFUSED = {
    "a token without keys": ({"MUSTER_CODEC_TOKEN": "canary"}, "MUSTER_CODEC_KEYS"),
    "origins without a token": ({"MUSTER_CODEC_ORIGINS": UI}, "MUSTER_CODEC_TOKEN"),
    "every origin": ({"MUSTER_CODEC_ORIGINS": "*"}, "MUSTER_CODEC_ORIGINS"),
    "an origin with a path": ({"MUSTER_CODEC_ORIGINS": f"{UI}/"}, "MUSTER_CODEC_ORIGINS"),
    "no origin of the web": ({"MUSTER_CODEC_ORIGINS": "null"}, "MUSTER_CODEC_ORIGINS"),
}


@pytest.mark.parametrize(("given", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_settings_are_refused_without_their_values(
    given: dict[str, str], named: str, tmp_path: Any
) -> None:
    both = named == "MUSTER_CODEC_ORIGINS"
    more = {"MUSTER_CODEC_TOKEN": "canary", "MUSTER_CODEC_KEYS": ring(tmp_path, NEW)}
    with pytest.raises(SettingsError, match=named) as caught:
        settings.from_environment({**BASE, **given, **(more if both else {})})
    assert "canary" not in str(caught.value)


def test_right_settings_are_taken_and_do_not_show_their_secrets(tmp_path: Any) -> None:
    found = settings.from_environment(
        {
            **BASE,
            "MUSTER_CODEC_TOKEN": "canary-codec",
            "MUSTER_CODEC_KEYS": ring(tmp_path, NEW, OLD),
            "MUSTER_CODEC_ORIGINS": f"{UI}, http://localhost:8233",
        }
    )
    assert found.codec == CodecSettings("canary-codec", frozenset({UI, "http://localhost:8233"}))
    assert [key.id for key in found.keys] == ["new", "old"]
    assert "canary" not in repr(found)
