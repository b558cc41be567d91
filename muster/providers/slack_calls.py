"""Calls of Slack's methods: what each answer means, pages, and words that mean it is so already."""

import time
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from muster.ports import (
    Ambiguous,
    Drift,
    Forbidden,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
)
from muster.providers.errors import retry_after

READS = frozenset(
    {"conversations.list", "conversations.history", "conversations.replies", "bookmarks.list"}
)
"""Methods that take no JSON."""

BY_CODE: dict[str, type[ProviderError]] = {
    "ratelimited": RateLimited,
    "rate_limited": RateLimited,
    "fatal_error": Ambiguous,
    "internal_error": Ambiguous,
    "request_timeout": Ambiguous,
    "service_unavailable": NotSent,
    "team_added_to_org": NotSent,
    "channel_not_found": NotFound,
    "message_not_found": NotFound,
    "thread_not_found": NotFound,
    "user_not_found": NotFound,
    "users_not_found": NotFound,
    "not_authed": Forbidden,
    "invalid_auth": Forbidden,
    "account_inactive": Forbidden,
    "token_revoked": Forbidden,
    "token_expired": Forbidden,
    "missing_scope": Forbidden,
    "no_permission": Forbidden,
    "not_allowed_token_type": Forbidden,
    "restricted_action": Forbidden,
    "ekm_access_denied": Forbidden,
    "cant_update_message": Forbidden,
}
"""Slack's words for what went wrong; any other is Rejected."""


def classify(code: str, headers: Mapping[str, str] | None = None) -> ProviderError:
    """Return the port's error for Slack's word."""
    kind = BY_CODE.get(code, Rejected)
    seconds = retry_after(headers or {}, time.time()) if kind is RateLimited else None
    return kind(code, code=code, retry_after=seconds)


def _straight(timeout: int) -> aiohttp.ClientSession:
    """Return a session, for one call as slack-sdk makes them, that goes nowhere else when it is sent there."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout), trace_configs=[trace]
    )


async def _refuse(*_: object) -> None:
    raise aiohttp.ClientError("Slack sends us elsewhere, where we do not go")


class SlackCalls:
    """Calls without retries of their own; ``timeout`` is in seconds, for each."""

    def __init__(self, token: str, base_url: str, *, timeout: int) -> None:
        self._token, self._base_url, self._timeout = token, base_url, timeout

    async def call(self, method: str, **fields: Any) -> Mapping[str, Any]:
        """Call a method and return its reply. Raises ProviderError."""
        given = {name: value for name, value in fields.items() if value is not None}
        how = {"http_verb": "GET", "params": _flat(given)} if method in READS else {"json": given}
        try:
            async with _straight(self._timeout) as session:
                client = AsyncWebClient(
                    token=self._token,
                    base_url=self._base_url,
                    timeout=self._timeout,
                    session=session,
                    retry_handlers=[],
                )
                reply = await client.api_call(method, **how)
        except SlackApiError as error:
            raise _api_error(error) from None
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__, code="connection") from None
        except _UNCLEAR as error:
            raise Ambiguous(type(error).__name__, code="connection") from None
        if not isinstance(reply.data, dict):
            raise Drift(f"{method} answered with bytes", code="malformed")
        return reply.data

    async def forgiving(self, forgiven: Collection[str], method: str, **fields: Any) -> None:
        """Call a method; with one of these words it is done as well."""
        try:
            await self.call(method, **fields)
        except ProviderError as error:
            if error.code not in forgiven:
                raise

    async def pages(
        self, method: str, field: str, query: dict[str, Any], most: int
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the items of all pages, at most so many."""
        cursor, seen = "", 0
        while seen < most:
            page = await self.call(method, **query, **({"cursor": cursor} if cursor else {}))
            for item in listed(page, field):
                seen += 1
                yield item
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


_UNCLEAR = (
    TimeoutError,
    aiohttp.ClientError,
    SlackClientError,
    ValueError,
    AttributeError,  # what slack-sdk raises for a body that is no JSON object
)
"""After these a write may have happened."""


def _flat(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters as Slack writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
    }


def _api_error(error: SlackApiError) -> ProviderError:
    response = error.response
    data = getattr(response, "data", None)
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", {}) or {}
    if isinstance(data, dict) and data.get("error"):
        return classify(str(data["error"]), headers)
    if status == 429:
        return classify("ratelimited", headers)
    if status == 503:
        return NotSent(str(status), code=str(status))
    return Ambiguous(f"status {status}", code=str(status))


def listed(reply: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """Return a list that must be there: taken for empty, what is missing from it would be written twice."""
    value = reply.get(field)
    if not isinstance(value, list):
        raise Drift(f"the reply has no {field}", code="malformed")
    return value


def text_of(reply: Mapping[str, Any], field: str) -> str:
    """Return a text that must be there."""
    value = reply.get(field)
    if not isinstance(value, str):
        raise Drift(f"the reply has no {field}", code="malformed")
    return value
