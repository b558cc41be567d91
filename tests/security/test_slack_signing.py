"""Only what Slack has signed a moment ago comes in by its door."""

import json
from collections.abc import Mapping

import pytest

from starter.gateway.slack import REMEMBERED, Signatures
from tests.security.doors import EVENTS, NOW, SECRET, Stopped, opened, signed

BODY = b'{"type": "event_callback", "event": {"text": "hi"}}'
RIGHT = signed(BODY)


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in RIGHT.items() if name not in names}


def test_the_documents_own_example_is_right() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    clock = Stopped()
    clock.at = 1531420618
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    assert Signatures(SECRET, clock).hold(body, headers)


WRONG: dict[str, tuple[bytes, Mapping[str, str]]] = {
    "no headers": (BODY, {}),
    "no signature": (BODY, without("X-Slack-Signature")),
    "no time": (BODY, without("X-Slack-Request-Timestamp")),
    "another secret": (BODY, signed(BODY, secret="another")),
    "another body": (BODY + b" ", RIGHT),
    "an empty body": (b"", RIGHT),
    "old": (BODY, signed(BODY, NOW - 301)),
    "future": (BODY, signed(BODY, NOW + 301)),
    "another time": (BODY, RIGHT | {"X-Slack-Request-Timestamp": str(NOW - 1)}),
    "a time that is none": (BODY, signed(BODY, "soon")),
    "a time without an end": (BODY, signed(BODY, "9" * 5_000)),
    "a time that is not finite": (BODY, signed(BODY, "nan")),
    "a signature of another version": (
        BODY,
        RIGHT | {"X-Slack-Signature": RIGHT["X-Slack-Signature"].replace("v0", "v1")},
    ),
    "a signature with other letters": (BODY, RIGHT | {"X-Slack-Signature": "v0=\u00fc\u20ac"}),
    "a signature in capitals": (
        BODY,
        RIGHT | {"X-Slack-Signature": RIGHT["X-Slack-Signature"].upper()},
    ),
    "a body that is no text": (b"\xff\xfe", signed(b"\xff\xfe")),
}


@pytest.mark.parametrize(("body", "headers"), WRONG.values(), ids=WRONG.keys())
def test_what_slack_has_not_signed_just_so_does_not_hold(
    body: bytes, headers: Mapping[str, str]
) -> None:
    assert not Signatures(SECRET, Stopped()).hold(body, headers)


@pytest.mark.parametrize("age", [0, 299, 300, -299, -300])
def test_it_holds_for_five_minutes(age: int) -> None:
    assert Signatures(SECRET, Stopped()).hold(BODY, signed(BODY, NOW - age))


@pytest.mark.parametrize("text", ["grüße 日本 🚒", "a\u2028b\r\nc", "x" * 900_000])
def test_any_text_may_be_signed(text: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    assert Signatures(SECRET, Stopped()).hold(body, signed(body))


def test_a_signature_is_used_once() -> None:
    clock = Stopped()
    signatures = Signatures(SECRET, clock)
    assert signatures.hold(BODY, RIGHT)
    assert not signatures.hold(BODY, RIGHT)
    lower = {name.lower(): value for name, value in RIGHT.items()}
    assert not signatures.hold(BODY, lower)
    clock.at += 1
    assert signatures.hold(BODY, signed(BODY, clock.at))


def test_no_more_signatures_are_remembered_than_there_is_room_for() -> None:
    signatures = Signatures(SECRET, Stopped())
    signatures._seen = {str(one): float(NOW) for one in range(REMEMBERED)}
    assert signatures.hold(BODY, RIGHT)
    assert len(signatures._seen) == REMEMBERED
    assert not signatures.hold(BODY, RIGHT)


async def test_slack_learns_that_the_address_is_ours_and_what_else_is_signed_is_taken() -> None:
    asked = json.dumps({"type": "url_verification", "challenge": "3eZbrw"}).encode()
    async with opened() as door:
        for body, answer in ((asked, {"challenge": "3eZbrw"}), (BODY, {}), (b"command=%2Fx", {})):
            async with door.post(EVENTS, data=body, headers=signed(body)) as reply:
                assert (reply.status, await reply.json()) == (200, answer)
        async with door.get("/metrics") as reply:
            page = await reply.text()
    assert 'muster_slack_requests_total{type="url_verification"} 1.0' in page
    assert 'muster_slack_requests_total{type="other"} 2.0' in page


@pytest.mark.parametrize(("body", "headers"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_not_signed_is_not_let_in(body: bytes, headers: Mapping[str, str]) -> None:
    given = {
        name: value.encode("latin-1", "replace").decode("latin-1")
        for name, value in headers.items()
    }
    async with opened() as door, door.post(EVENTS, data=body, headers=given) as reply:
        assert reply.status == 401
        assert (await reply.json())["error"]["code"] == "unauthorized"
