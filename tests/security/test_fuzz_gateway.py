"""Malformed requests at every route: no answer says that we have failed, and only what is taken changes anything."""

import asyncio
import gzip
import json
import re
from http import HTTPStatus
from typing import NamedTuple, NoReturn, TypeAlias

import pytest
from aiohttp import ClientResponseError
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from muster.encryption import Codec
from muster.messages import BadInput
from starter.gateway.app import Gateway
from tests.security.doors import (
    AUTHORIZED,
    DECODE,
    ENCODE,
    EVENTS,
    READING,
    UI,
    WEBHOOK,
    Door,
    Taking,
    opened,
    signed,
)
from tests.security.junk import TEXTS, VALUES, bent, refused, tried
from tests.security.rings import NEW
from tests.starter.test_alertmanager import captured

AT_ONCE, REFUSED = 25, 23
"""Requests to one gateway, and how many of them it refuses at least."""

_METHODS = st.sampled_from(
    ["POST", "POST", "POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X"]
)
_PATHS = st.sampled_from(
    [WEBHOOK, WEBHOOK, WEBHOOK, EVENTS, EVENTS, DECODE, DECODE, ENCODE, "/codec/", "/codec/nothing", "/healthz", "/readyz", "/metrics", "/", "//", f"{WEBHOOK}/",
     "/webhooks/%61lertmanager", "/%00", "/..%2f..%2fetc/passwd", "/%0d%0aX: y", "/" + "a" * 3_000, "/?a=b", "*"]
)  # fmt: skip
_PLAIN = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.sampled_from(
            [*AUTHORIZED.values(), *READING.values()] * 4 + ["Bearer", "Basic x"]
        )
        | _PLAIN,
        "Origin": st.sampled_from([UI, UI, "null", "https://evil.example"]),
        "Content-Type": st.sampled_from(["application/json", "text/plain; charset=nope", "a/b;c"])
        | _PLAIN,
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "nope"]),
        "X-Slack-Signature": _PLAIN,
        "Accept": _PLAIN,
    },
)
_PLAINTEXT = Payload(metadata={"encoding": b"json/plain"}, data=b'"abc"')
_PAYLOADS = [
    {"payloads": [MessageToDict(one), MessageToDict(_PLAINTEXT)]}
    for one in (_PLAINTEXT, Codec((NEW,)).encrypted(_PLAINTEXT))
]
_BODIES = st.one_of(
    bent(_PAYLOADS).map(lambda one: json.dumps(one).encode()),
    bent([captured("firing-two-instances"), captured("resolved")]).map(
        lambda one: json.dumps(one).encode()
    ),
    VALUES.map(lambda one: json.dumps(one).encode()),
    TEXTS.map(lambda one: one.encode(errors="replace")),
    st.binary(max_size=100),
    st.sampled_from([b"", b"[" * 50_000, b'{"a":' * 20_000, gzip.compress(b" " * 2_000_000)]),
    st.just(b'{"type": "url_verification", "challenge": "x"}'),
)
REQUESTS = st.tuples(_METHODS, _PATHS, _HEADERS, _BODIES, st.booleans())
Request: TypeAlias = tuple[str, str, dict[str, str], bytes, bool]


class Exchange(NamedTuple):
    """A request, its answer's status, and how many workflows were started for it."""

    request: Request
    status: int
    started: int

    @property
    def is_refused(self) -> bool:
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def is_wrong(self) -> bool:
        """Tell whether it says that we have failed, or has changed something without being a delivery that was taken."""
        method, path, *_ = self.request
        taken = self.status == HTTPStatus.OK and method == "POST" and "lertmanager" in path
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or (self.started > 0 and not taken)


async def send(door: Door, request: Request) -> int:
    """Send a request and return its answer's status; one that is not sent, or has no answer, is an error."""
    method, path, headers, body, sign = request
    given_headers = headers | (signed(body) if sign else {})
    try:
        async with door.request(method, path, headers=given_headers, data=body) as reply:
            await reply.read()
            return reply.status
    except ClientResponseError as error:  # the parser's own refusal of a HEAD has a body
        return error.status


async def exchange(requests: list[Request]) -> list[Exchange]:
    """Send one after another, so that what is started was started for one of them."""
    temporal, found = Taking(), []
    async with opened(temporal) as door:
        for request in requests:
            before = len(temporal.started)
            status = await send(door, request)
            found.append(Exchange(request, status, len(temporal.started) - before))
        async with door.get("/healthz") as reply:
            assert reply.status == 200
    assert sum(one.started for one in found) == len(temporal.started)
    return found


@tried("requests", each=REFUSED)
@given(st.lists(REQUESTS, min_size=AT_ONCE, max_size=AT_ONCE))
def test_a_request_is_answered_and_only_what_is_taken_changes_anything(
    requests: list[Request],
) -> None:
    found = asyncio.run(exchange(requests))
    assert [one for one in found if one.is_wrong] == []
    refused("requests", sum(one.is_refused for one in found), each=REFUSED)


GOOD: Request = ("POST", WEBHOOK, AUTHORIZED, json.dumps(captured("resolved")).encode(), False)


async def test_what_is_taken_changes_something() -> None:
    (found,) = await exchange([GOOD])
    assert (found.status, found.started, found.is_wrong) == (200, 1, False)


@pytest.mark.parametrize(("error", "status"), [(BadInput("no", None), 400), (OSError(), 500)])
async def test_a_refusal_that_has_changed_something_is_seen(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def too_late(*_args: object) -> NoReturn:
        raise error

    monkeypatch.setattr(Gateway, "_count", too_late)
    (found,) = await exchange([GOOD])
    assert (found.status, found.started, found.is_wrong) == (status, 1, True)


async def raw(blobs: list[bytes]) -> list[bytes]:
    """Write bytes to the door's own socket; return what came back."""
    temporal, answers = Taking(), []
    async with opened(temporal) as door:
        for blob in blobs:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(blob)
            writer.write_eof()
            answers.append(await asyncio.wait_for(reader.read(), 5))
            writer.close()
        async with door.get("/healthz") as reply:
            assert reply.status == 200
    assert temporal.started == []
    return answers


_LINES = st.sampled_from(
    [b"POST /webhooks/alertmanager HTTP/1.1", b"GET / HTTP/1.0", b"GET / HTTP/9.9", b"POST", b"", b"\x16\x03\x01"]
)  # fmt: skip
_RAW_HEADERS = st.lists(
    st.sampled_from(
        [b"Host: x", b"Host: x\r\nHost: y", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 1e3",
         b"Transfer-Encoding: chunked", b"Transfer-Encoding: nope", b"Expect: 100-continue", b"Connection: upgrade",
         b"Upgrade: websocket", b" folded", b"A" * 9_000 + b": x", b"X: " + b"y" * 9_000, b"\x00: \xff", b"NoColon"]
    ),
    max_size=4,
)  # fmt: skip
_RAW = st.tuples(_LINES, _RAW_HEADERS, st.binary(max_size=30)).map(
    lambda parts: b"\r\n".join((parts[0], *parts[1], b"", parts[2]))
)


@tried("raw requests", each=20)
@given(st.lists(_RAW | st.binary(max_size=60), min_size=AT_ONCE, max_size=AT_ONCE))
def test_bytes_that_are_no_request_are_refused_or_left_alone(blobs: list[bytes]) -> None:
    for answer in asyncio.run(raw(blobs)):
        assert not re.match(rb"HTTP/1\.[01] [25]", answer)
    refused("raw requests", sum(map(bool, blobs)), each=20)
