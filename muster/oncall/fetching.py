"""Fetches the text of a calendar from an address or a file; from inside our own network only where policy allows it."""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

WITHIN = 20.0
"""Seconds for one fetch with all its redirects."""
LARGEST = 20 * 1024 * 1024
"""Bytes of a calendar."""
REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_KEPT = 304


class Unfetched(Exception):
    """No calendar came; the message names neither the address nor anything of it, which may be a secret."""


@dataclass(frozen=True)
class Fetched:
    """A calendar's text, and the mark by which its server knows whether it has changed."""

    text: str
    mark: str = ""


async def fetch(address: str, mark: str = "", *, private: bool = False) -> Fetched | None:
    """Return what stands at an address or in a file; None where it has the ``mark`` still. Raises Unfetched."""
    if "://" not in address:
        return Fetched(_decoded(_file(Path(address))))
    try:
        return await _fetched(address.replace("webcal://", "https://", 1), mark, private=private)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unfetched(_reason(error)) from None


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unfetched(f"the file cannot be read: {error.strerror}") from None


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise Unfetched(f"is larger than {LARGEST >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfetched("is not UTF-8") from None


async def _fetched(address: str, mark: str, *, private: bool) -> Fetched | None:
    timeout = aiohttp.ClientTimeout(total=WITHIN)
    connector = aiohttp.TCPConnector(resolver=ThreadedResolver() if private else _Outside())
    headers = {"If-None-Match": mark} if mark else {}
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        for _ in range(REDIRECTS + 1):
            _allowed(address, private=private)
            async with session.get(address, headers=headers, allow_redirects=False) as reply:
                if reply.status == _KEPT and mark:
                    return None
                if reply.status not in _MOVED:
                    return await _read(reply)
                address = str(reply.url.join(URL(reply.headers.get("Location", ""))))
    raise Unfetched(f"is moved more than {REDIRECTS} times")


async def _read(reply: aiohttp.ClientResponse) -> Fetched:
    if reply.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise Unfetched(f"the server answers {reply.status}")
    content = bytearray()
    async for chunk in reply.content.iter_chunked(65_536):
        content += chunk
        if len(content) > LARGEST:
            break
    return Fetched(_decoded(bytes(content)), reply.headers.get("ETag", ""))


def _allowed(address: str, *, private: bool) -> None:
    """Refuse another scheme, and an address that is written as a number inside our own network."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unfetched("is no http(s) address")
    if not private and _inside(parts.hostname):
        raise Unfetched("is a private address; [oncall] private_addresses allows it")


def _inside(host: str) -> bool:
    """Tell whether the host is written as an address that is not everybody's."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


class _Outside(AbstractResolver):
    """Resolves names to addresses outside of our own network only, at the very moment of connecting."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        outside = [one for one in found if not _inside(one["host"])]
        if not outside:
            raise Unfetched("is a private address; [oncall] private_addresses allows it")
        return outside

    async def close(self) -> None:
        await self._resolver.close()


def _reason(error: Exception) -> str:
    """Return why, without the address, which stands in aiohttp's own words."""
    return "does not answer in time" if isinstance(error, TimeoutError) else type(error).__name__
