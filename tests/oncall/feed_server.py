"""A calendar over HTTP, with what goes wrong on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FeedServer:
    """Serves one text with its ETag, or what a test puts in its place."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.instead: Handler | None = None
        self.marks: list[str] = []
        """The If-None-Match of each request."""
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.marks.append(request.headers.get("If-None-Match", ""))
        if self.instead is not None:
            return await self.instead(request)
        mark = f'"{len(self.text)}"'
        if self.marks[-1] == mark:
            return web.Response(status=304)
        return web.Response(text=self.text, headers={"ETag": mark}, content_type="text/calendar")


@contextlib.asynccontextmanager
async def serving(text: str = "") -> AsyncIterator[FeedServer]:
    """Serve on a free port until the end of the block."""
    server = FeedServer(text)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/secret-token/imoc.ics"
    try:
        yield server
    finally:
        await runner.cleanup()


async def never(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def truncated(request: web.Request) -> web.StreamResponse:
    reply = web.StreamResponse(headers={"Content-Length": "5000"})
    await reply.prepare(request)
    await reply.write(b"BEGIN:VCALENDAR")
    assert request.transport is not None
    request.transport.close()
    return reply


async def endless(request: web.Request) -> web.StreamResponse:
    reply = web.StreamResponse()
    await reply.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await reply.write(b"x" * 1_000_000)
    return reply


def answering(status: int, **headers: str) -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    return handle
