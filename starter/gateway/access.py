"""Whom the gateway lets in."""

import hmac

from aiohttp import web


def is_let_in(request: web.Request, token: str) -> bool:
    """Tell whether a request has this bearer token; how long that takes says nothing of it."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())
    return same and scheme.lower() == "bearer"
