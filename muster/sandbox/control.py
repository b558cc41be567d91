"""The sandbox's own routes: the page, and the control of faults, calls and state."""

import json

from aiohttp import web

from muster.sandbox.page import page
from muster.sandbox.server import Sandbox

LARGEST = 16 * 1024 * 1024
LONGEST = 3600.0
"""Seconds of the longest latency; anything longer is a slip."""


def application(sandbox: Sandbox) -> web.Application:
    """Return the application of one sandbox."""
    control = Control(sandbox)
    app = web.Application(client_max_size=LARGEST)
    app.add_routes(
        [
            web.get("/", control.page),
            web.get("/_control/state", control.state),
            web.get("/_control/calls", control.calls),
            web.delete("/_control/calls", control.forget_calls),
            web.get("/_control/faults", control.faults),
            web.post("/_control/faults", control.add_fault),
            web.delete("/_control/faults", control.clear_faults),
            web.post("/_control/latency", control.latency),
            web.post("/_control/reset", control.reset),
            web.post("/_control/zoom/expire", control.expire),
            web.post("/_control/zoom/{meeting}/{what:join|leave}", control.occupy),
            web.route("*", "/{vendor:slack|zoom|gitlab|x}/{path:.*}", sandbox.handle),
        ]
    )
    return app


class Control:
    """What a person or a test may do with a sandbox from outside."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def page(self, _: web.Request) -> web.Response:
        """Show what is in the vendors right now."""
        return web.Response(text=page(self._sandbox), content_type="text/html")

    async def state(self, _: web.Request) -> web.Response:
        """Return everything as JSON."""
        return web.json_response(self._sandbox.dump())

    async def calls(self, _: web.Request) -> web.Response:
        """Return the call log."""
        return web.json_response(self._sandbox.log())

    async def forget_calls(self, _: web.Request) -> web.Response:
        """Empty the call log."""
        self._sandbox.calls.clear()
        return web.json_response({})

    async def faults(self, _: web.Request) -> web.Response:
        """Return the faults that may still strike."""
        return web.json_response(self._sandbox.faults.active())

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add a fault."""
        try:
            rule = self._sandbox.faults.read(await request.json())
        except json.JSONDecodeError:
            return web.json_response({"error": "the body is no JSON"}, status=400)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"id": rule.id}, status=201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Take all faults away."""
        self._sandbox.faults.clear()
        return web.json_response({})

    async def latency(self, request: web.Request) -> web.Response:
        """Set how long every call takes: ``ms``, or ``seconds``."""
        try:
            given = await request.json()
            seconds = float(given["ms"]) / 1000 if "ms" in given else float(given["seconds"])
        except (KeyError, TypeError, ValueError):
            return web.json_response({"error": "ms: must be a number, or seconds"}, status=400)
        if not 0 <= seconds < LONGEST:
            return web.json_response({"error": f"ms: 0 to {LONGEST:g} s"}, status=400)
        self._sandbox.latency = seconds
        return web.json_response({})

    async def reset(self, _: web.Request) -> web.Response:
        """Begin anew."""
        self._sandbox.reset()
        return web.json_response({})

    async def expire(self, _: web.Request) -> web.Response:
        """Let all tokens of Zoom expire."""
        self._sandbox.zoom.expire_tokens()
        return web.json_response({})

    async def occupy(self, request: web.Request) -> web.Response:
        """Let someone join a meeting, or all leave it."""
        occupied = request.match_info["what"] == "join"
        known = self._sandbox.zoom.occupy(request.match_info["meeting"], occupied=occupied)
        return web.json_response({}, status=200 if known else 404)
