"""The sandbox's HTTP server: every call is logged, struck by a fault where one is due, and answered by its vendor."""

import asyncio
import contextlib
import json
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Self

from aiohttp import web

from muster.sandbox.faults import Fault, Faults, Kind
from muster.sandbox.gitlab import GitLab
from muster.sandbox.keeping import Keeper
from muster.sandbox.slack import Slack
from muster.sandbox.vendor import Call, Fields, Reply, Vendor, now
from muster.sandbox.x import X
from muster.sandbox.zoom import Zoom

CALLS_KEPT = 5_000
HANGS = 60.0
"""Seconds after which a hanging call is broken off, unwritten; any client gives up before."""
_SECRET = {"token", "access_token", "private_token", "account_id", "client_secret"}


@dataclass
class Logged:
    """One call as the log keeps it: without secrets."""

    seq: int
    at: str
    vendor: str
    method: str
    path: str
    fields: Fields
    status: int = 0
    fault: str = ""
    committed: bool = False


class Sandbox:
    """The four stand-ins behind one port."""

    def __init__(self, state: Path | None = None) -> None:
        self.slack, self.zoom, self.gitlab, self.x = Slack(), Zoom(), GitLab(), X()
        self.vendors: dict[str, Vendor] = {
            one.name: one for one in (self.slack, self.zoom, self.gitlab, self.x)
        }
        self.faults = Faults()
        self.calls: deque[Logged] = deque(maxlen=CALLS_KEPT)
        self.latency = 0.0
        self.url = ""
        self._seq = 0
        self._late: set[asyncio.Task[None]] = set()
        self._keeper = Keeper(state, self.dump)
        for name, kept in self._keeper.load().items():
            self.vendors[name].load(kept)

    @property
    def urls(self) -> dict[str, str]:
        """Return the base URL of each vendor, as its SDK takes it."""
        return {
            "url": self.url,
            "slack": f"{self.url}/slack/api/",
            "zoom": f"{self.url}/zoom/v2",
            "zoom_oauth": f"{self.url}/zoom/oauth/token",
            "gitlab": f"{self.url}/gitlab",
            "x": f"{self.url}/x",
        }

    @classmethod
    @contextlib.asynccontextmanager
    async def serve(
        cls, host: str = "127.0.0.1", port: int = 0, state: Path | None = None
    ) -> AsyncIterator[Self]:
        """Serve until left; port 0 is a free one."""
        from muster.sandbox.control import application  # noqa: PLC0415 - it needs this class

        sandbox = cls(state)
        runner = web.AppRunner(application(sandbox), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        sandbox.url = f"http://{host}:{runner.addresses[0][1]}"
        try:
            yield sandbox
        finally:
            await runner.cleanup()
            sandbox._forget_late()
            sandbox.save()

    def made(self, vendor: str, path: str = "") -> list[Logged]:
        """Return the calls of a vendor whose path contains this, in order."""
        return [one for one in self.calls if one.vendor == vendor and path in one.path]

    # A call.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of a vendor."""
        vendor = request.match_info["vendor"]
        call = await _call(request, vendor)
        logged = self._log(call)
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.faults.take(vendor, f"{call.method} {call.path}")
        if fault is None:
            return _response(self._answer(call, logged), logged)
        logged.fault = fault.kind
        return await self._strike(fault, call, logged, request)

    def _answer(self, call: Call, logged: Logged) -> Reply:
        reply = self.vendors[call.vendor].answer(call)
        logged.committed = logged.committed or reply.committed
        if reply.committed:
            self._keeper.note()
        return reply

    async def _strike(
        self, fault: Fault, call: Call, logged: Logged, request: web.Request
    ) -> web.StreamResponse:
        if fault.kind is Kind.DELAY:
            await asyncio.sleep(fault.seconds)
            return _response(self._answer(call, logged), logged)
        if fault.kind is Kind.HANG:
            await asyncio.sleep(HANGS)
        if fault.kind is Kind.GHOST_DUPLICATE:
            self._answer(call, logged)
            return _response(self._answer(call, logged), logged)
        if fault.kind is Kind.RESET_AFTER:
            self._answer(call, logged)
        if fault.kind is Kind.LATE_COMMIT:
            self._commit_later(call, logged, fault.seconds)
        if fault.kind in _RESETS:
            return _reset(request)
        return _response(_FAULTY[fault.kind](fault), logged)

    def _commit_later(self, call: Call, logged: Logged, seconds: float) -> None:
        async def commit() -> None:
            await asyncio.sleep(seconds)
            self._answer(call, logged)

        task = asyncio.create_task(commit())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _log(self, call: Call) -> Logged:
        self._seq += 1
        fields = {name: value for name, value in call.fields.items() if name not in _SECRET}
        logged = Logged(self._seq, now(), call.vendor, call.method, call.path, fields)
        self.calls.append(logged)
        return logged

    # State.

    def dump(self) -> Fields:
        """Return everything that is in the vendors."""
        return {name: vendor.dump() for name, vendor in self.vendors.items()}

    def reset(self) -> None:
        """Begin anew: no content, no faults, no calls."""
        for vendor in self.vendors.values():
            vendor.reset()
        self._forget_late()
        self.faults.clear()
        self.calls.clear()
        self.latency = 0.0
        self._keeper.note()

    def save(self) -> None:
        """Write the state to its file now."""
        self._keeper.save()

    def _forget_late(self) -> None:
        for task in self._late:
            task.cancel()

    def log(self) -> list[dict[str, Any]]:
        """Return the calls as JSON has them."""
        return [asdict(one) for one in self.calls]


_RESETS = frozenset({Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.LATE_COMMIT, Kind.OUTAGE, Kind.HANG})
_FAULTY: dict[Kind, Callable[[Fault], Reply]] = {
    Kind.STATUS: lambda fault: Reply({"message": "sandbox fault"}, status=fault.status),
    Kind.RATE_LIMIT: lambda fault: Reply(
        {"ok": False, "error": "ratelimited", "message": "429 Too Many Requests"},
        status=429,
        headers={"Retry-After": str(fault.retry_after)},
    ),
    Kind.MALFORMED: lambda _: Reply("<html>not what you asked for"),
    Kind.SLACK_ERROR: lambda fault: Reply({"ok": False, "error": fault.error}),
}


async def _call(request: web.Request, vendor: str) -> Call:
    path = request.rel_url.raw_path.removeprefix(f"/{vendor}")  # a quoted slash stays quoted
    header = request.headers.get("Authorization", "")
    return Call(
        vendor=vendor,
        method=request.method,
        path=path,
        fields={**_query(request), **await _body(request)},
        token=header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else "",
        headers=request.headers,
    )


def _query(request: web.Request) -> Fields:
    """Return the query; a field that stands there more than once is a list."""
    given = request.rel_url.query
    every = {name: given.getall(name) for name in given}
    return {name: found[0] if len(found) == 1 else found for name, found in every.items()}


async def _body(request: web.Request) -> Fields:
    """Return a JSON or form body as fields; JSON in a form's field is read, as Slack does."""
    if not request.can_read_body:
        return {}
    raw = await request.read()
    if "form" in request.content_type:
        return {name: _unpacked(str(value)) for name, value in (await request.post()).items()}
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _unpacked(value: str) -> Any:
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _response(reply: Reply, logged: Logged) -> web.Response:
    logged.status = reply.status
    if reply.status == 204:
        return web.Response(status=204)
    if isinstance(reply.body, str):
        return web.Response(text=reply.body, status=reply.status, headers=reply.headers)
    headers = {"Content-Type": "application/json; charset=utf-8", **reply.headers}
    return web.Response(body=json.dumps(reply.body).encode(), status=reply.status, headers=headers)


def _reset(request: web.Request) -> web.Response:
    """Break the connection as a dying vendor does: with a reset and without an answer."""
    if (transport := request.transport) is not None:
        # Closed with no time to linger, a socket says RST; otherwise it would say FIN, an orderly end.
        socket: Any = transport.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
