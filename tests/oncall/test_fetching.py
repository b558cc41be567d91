"""A calendar is fetched whole or not at all, never from inside our network unasked, and its address is told to nobody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from muster.oncall import fetching
from muster.oncall.fetching import Unfetched, fetch
from tests.oncall.feed_server import FeedServer, answering, endless, never, serving, truncated

TEXT = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with serving(TEXT) as found:
        yield found


async def test_a_calendar_that_has_not_changed_is_not_sent_again(server: FeedServer) -> None:
    first = await fetch(server.url, private=True)
    assert first is not None
    assert first.text == TEXT
    assert await fetch(server.url, first.mark, private=True) is None
    assert server.marks == ["", first.mark]


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (answering(404), "the server answers 404"),
        (answering(500), "the server answers 500"),
        (answering(304), "the server answers 304"),
        (never, "does not answer in time"),
        (truncated, "ClientPayloadError"),
        (endless, "is larger than 1 MiB"),
        (answering(302, Location="/again"), "is moved more than 3 times"),
        (answering(302, Location="file:///etc/passwd"), "is no http"),
    ],
)
async def test_what_goes_wrong_is_said_without_the_address(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch, instead: web.Request, why: str
) -> None:
    monkeypatch.setattr(fetching, "WITHIN", 0.5)
    monkeypatch.setattr(fetching, "LARGEST", 1 << 20)
    server.instead = instead  # type: ignore[assignment]
    with pytest.raises(Unfetched) as raised:
        await fetch(server.url, private=True)
    assert why in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x",
        "http://localhost:1/x",
        "webcal://10.0.0.1/x",
        "http://[::1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/",
    ],
)
async def test_an_address_inside_our_own_network_is_not_asked(address: str) -> None:
    with pytest.raises(Unfetched, match="private address"):
        await fetch(address)


async def test_nor_is_one_to_which_an_outer_one_points(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_inside", lambda host: host == "10.0.0.1")
    server.instead = answering(302, Location="http://10.0.0.1/x")
    with pytest.raises(Unfetched, match="private address"):
        await fetch(server.url)


async def test_a_file_is_read_and_named_no_further_than_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "imoc.ics"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    found = await fetch(str(path))
    assert found is not None
    assert found.text == TEXT
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Unfetched, match="is not UTF-8"):
        await fetch(str(path))
    with pytest.raises(Unfetched, match="No such file"):
        await fetch(str(tmp_path / "none.ics"))
