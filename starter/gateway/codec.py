"""The codec server: Temporal's Web UI and ``temporal`` have payloads decrypted and encrypted here."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from muster.encryption import Codec
from muster.keys import Key
from muster.messages import BadInput
from starter.gateway.access import is_let_in
from starter.gateway.bodies import whole
from starter.gateway.senders import Allowance
from starter.gateway.settings import CodecSettings

MOST: Final = 10_000
"""Payloads of one request."""
READING: Final = 20
"""How many times as often as a sender a reader may ask: ``temporal`` asks anew for each event of a history."""
_PATH: Final = "/codec/"
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Namespace",
    "Access-Control-Max-Age": "600",
}


class CodecServer:
    """Temporal's remote codec protocol, for those who have the token."""

    def __init__(self, settings: CodecSettings, keys: Sequence[Key], rate: float) -> None:
        """Take whom it serves, the keys, and how many requests a second a sender of the gateway has."""
        self._settings = settings
        self._allowance = Allowance("whoever has the codec server's token", rate * READING)
        self._codec = Codec(keys)

    def serve(self, app: web.Application) -> None:
        """Add the routes to an application that is not yet running."""
        app.router.add_post("/codec/decode", self.decode)
        app.router.add_post("/codec/encode", self.encode)
        app.router.add_options(_PATH + "{operation:decode|encode}", self.preflight)
        app.on_response_prepare.append(self._allow)

    async def decode(self, request: web.Request) -> web.Response:
        """Decrypt; what cannot be decrypted comes back as it is, so that one such payload hides no other."""
        return await self._recoded(request, self._codec.decrypted)

    async def encode(self, request: web.Request) -> web.Response:
        """Encrypt with the first key."""
        return await self._recoded(request, self._codec.encrypted)

    async def preflight(self, request: web.Request) -> web.Response:
        """Tell a browser what a page of an allowed origin may send."""
        self._check_origin(request)
        return web.Response(status=204, headers=_ALLOWED)

    async def _recoded(
        self, request: web.Request, recode: Callable[[Payload], Payload]
    ) -> web.Response:
        self._check_origin(request)
        if not is_let_in(request, self._settings.token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        with self._allowance.taken():
            text = await asyncio.to_thread(_recode, await whole(request), recode)
        return web.json_response(text=text)

    def _check_origin(self, request: web.Request) -> None:
        """Refuse a browser's page of another origin. Raises HTTPForbidden."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._settings.origins:
            raise web.HTTPForbidden

    async def _allow(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let an allowed page read the answer, errors too."""
        origin = request.headers.get("Origin")
        if request.path.startswith(_PATH) and origin in self._settings.origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Vary"] = "Origin"


def _recode(body: bytes, recode: Callable[[Payload], Payload]) -> str:
    payloads = _parsed(body)
    if len(payloads) > MOST:
        message = f"payloads: {len(payloads)} are too many, {MOST} fit"
        raise BadInput(message, "payloads")
    return json_format.MessageToJson(
        Payloads(payloads=[recode(one) for one in payloads]), indent=None
    )


def _parsed(body: bytes) -> Sequence[Payload]:
    try:
        return json_format.Parse(body, Payloads()).payloads
    except (json_format.ParseError, RecursionError, UnicodeDecodeError):
        message = "the body is not JSON with payloads, their bytes in base64"
        raise BadInput(message, "payloads") from None
