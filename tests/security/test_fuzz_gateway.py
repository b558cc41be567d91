"""Malformed requests at every route: no answer says that we have failed, and only what is taken changes anything."""

import asyncio
import gzip
import json
from typing import Any

from aiohttp import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.security.doors import (
    AUTHORIZED,
    EVENTS,
    WEBHOOK,
    Door,
    Taking,
    opened,
    signed,
)
from tests.security.junk import COUNTS, TEXTS, VALUES, bent, tried
from tests.starter.test_alertmanager import captured

AT_ONCE = 25
OURS = frozenset(range(500, 600))

_METHODS = st.sampled_from(
    ["POST", "POST", "POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X"]
)
_PATHS = st.sampled_from(
    [WEBHOOK, WEBHOOK, WEBHOOK, EVENTS, EVENTS, "/healthz", "/readyz", "/metrics", "/", "//", f"{WEBHOOK}/",
     "/webhooks/%61lertmanager", "/%00", "/..%2f..%2fetc/passwd", "/%0d%0aX: y", "/" + "a" * 3_000, "/?a=b", "*"]
)  # fmt: skip
_PLAIN = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.sampled_from([*AUTHORIZED.values()] * 4 + ["Bearer", "Basic x"])
        | _PLAIN,
        "Content-Type": st.sampled_from(["application/json", "text/plain; charset=nope", "a/b;c"])
        | _PLAIN,
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "nope"]),
        "X-Slack-Signature": _PLAIN,
        "Accept": _PLAIN,
    },
)
_BODIES = st.one_of(
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


async def send(door: Door, request: tuple[str, str, dict[str, str], bytes, bool]) -> int:
    """Send a request and return its status; 0 where not even our own client would send it."""
    method, path, headers, body, sign = request
    given_headers = headers | (signed(body) if sign else {})
    try:
        async with door.request(method, path, headers=given_headers, data=body) as reply:
            await reply.read()
            return reply.status
    except (ClientError, ValueError):
        return 0


async def exchange(requests: list[Any]) -> tuple[list[int], int]:
    temporal = Taking()
    async with opened(temporal) as door:
        statuses = [await send(door, request) for request in requests]
        async with door.get("/healthz") as reply:
            assert reply.status == 200
    return statuses, len(temporal.started)


@tried(COUNTS["requests"], at_once=AT_ONCE)
@given(st.lists(REQUESTS, min_size=AT_ONCE, max_size=AT_ONCE))
def test_a_request_is_answered_and_only_what_is_taken_is_sent_on(requests: list[Any]) -> None:
    statuses, started = asyncio.run(exchange(requests))
    assert not OURS & set(statuses), [
        (one, status) for one, status in zip(requests, statuses, strict=True) if status in OURS
    ]
    taken = [
        status
        for (method, path, *_), status in zip(requests, statuses, strict=True)
        if status == 200 and method == "POST" and "lertmanager" in path
    ]
    assert bool(started) <= bool(taken)


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


@tried(COUNTS["raw requests"], at_once=AT_ONCE)
@given(st.lists(_RAW | st.binary(max_size=60), min_size=AT_ONCE, max_size=AT_ONCE))
def test_bytes_that_are_no_request_are_refused_or_left_alone(blobs: list[bytes]) -> None:
    for answer in asyncio.run(raw(blobs)):
        assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5"))
