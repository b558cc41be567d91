"""How much of a body is taken, and how long it is waited for."""

import asyncio
from typing import Final

from aiohttp import web

WITHIN: Final = 10.0
"""Seconds that a sender has for its body."""


class TooSlow(Exception):
    """The body did not come in time."""

    def __init__(self) -> None:
        super().__init__(f"the body did not come within {WITHIN:g} s")


async def whole(request: web.Request) -> bytes:
    """Return the body. Raises TooSlow, and HTTPRequestEntityTooLarge before it reads one that says so itself."""
    if (request.content_length or 0) > request.client_max_size:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size, request.content_length or 0)
    try:
        async with asyncio.timeout(WITHIN):
            return await request.read()
    except TimeoutError:
        raise TooSlow from None
