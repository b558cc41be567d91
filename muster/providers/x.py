"""X over its official SDK, which takes a base URL where tweepy has its host built in."""

import html
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from muster.domain.effects import Receipt
from muster.domain.model import Time
from muster.domain.posts import LIMIT, weighted_length
from muster.ports import Ambiguous, Drift, ProviderError, Rejected
from muster.providers.errors import from_requests, from_status, retry_after
from muster.providers.threads import Threads

R = TypeVar("R")

FORBIDDEN = 403
RECENT = 100
"""Our own newest posts among which one is looked for by its words."""
CLOCK_SKEW = timedelta(minutes=2)


class XStatus:
    """The StatusChannel port: one public account. ``timeout`` in seconds, for each call."""

    def __init__(self, base_url: str, access_token: str, *, timeout: float = 5) -> None:
        self._base_url = base_url.rstrip("/")
        self._token = access_token
        self._timeout = timeout
        self._account: str | None = None
        self._threads = Threads("x")

    async def post(self, key: str, text: str, at: Time, *, fresh: bool) -> Receipt:
        """Publish the text. X knows no key of ours: a post is found again by its words and its time."""
        del key
        if (length := weighted_length(text)) > LIMIT:
            raise Rejected(f"{length} characters, {LIMIT} fit", code="too_long")
        return await self._threads.run(lambda: _classified(lambda: self._post(text, at, fresh)))

    def _post(self, text: str, at: Time, fresh: bool) -> Receipt:  # noqa: FBT001 - a thread's arguments
        client = _client(self._base_url, self._token, self._timeout)
        found = None if fresh else self._keep_oldest(client, text, at)
        return _receipt(found or self._create(client, text, at))

    def _create(self, client: Any, text: str, at: Time) -> dict[str, Any]:
        from requests import HTTPError  # noqa: PLC0415 - as late as the SDK

        try:
            return _data(client.posts.create({"text": text}))
        except HTTPError as error:
            # X refuses words that it has already: they may be these, of a request that it took twice.
            refused = error.response is not None and error.response.status_code == FORBIDDEN
            own = self._keep_oldest(client, text, at) if refused else None
            if own is None:
                raise
            return own

    def _keep_oldest(self, client: Any, text: str, at: Time) -> dict[str, Any] | None:
        since = (at - CLOCK_SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")
        pages = client.users.get_posts(
            self._own_id(client), max_results=RECENT, start_time=since, post_fields=["entities"]
        )
        own = [one for page in pages for one in _listed(page) if _says(one, text)]
        if not own:
            return None
        oldest, *extras = sorted(own, key=lambda one: int(one["id"]))
        for extra in extras:
            client.posts.delete(extra["id"])
        return oldest

    def _own_id(self, client: Any) -> str:
        if self._account is None:
            self._account = str(_data(client.users.get_me())["id"])
        return self._account


def _client(base_url: str, token: str, timeout: float) -> Any:
    import functools  # noqa: PLC0415 - beside the SDK that it mends

    from xdk import Client  # noqa: PLC0415 - only a worker that posts needs it

    client = Client(base_url=base_url, access_token=token)
    client.session.max_redirects = 0  # what is for X goes nowhere else
    # The SDK passes no timeout to its session.
    client.session.request = functools.partial(client.session.request, timeout=timeout)
    return client


def _classified(work: Callable[[], R]) -> R:
    from requests import HTTPError, RequestException  # noqa: PLC0415 - as late as the SDK
    from requests.exceptions import JSONDecodeError  # noqa: PLC0415 - as above

    try:
        return work()
    except JSONDecodeError:
        raise Ambiguous("the body is no JSON", code="malformed") from None
    except HTTPError as error:
        raise classify(error.response.status_code, error.response.headers) from None
    except RequestException as error:
        raise from_requests(error) from None


def classify(status: int, headers: Any = None) -> ProviderError:
    """Return the port's error for X's status."""
    return from_status(status, "x", retry_after=retry_after(headers or {}, time.time()))


def _plain(reply: Any) -> dict[str, Any]:
    found = reply.model_dump(mode="json") if hasattr(reply, "model_dump") else reply
    if not isinstance(found, dict):
        raise Drift("the reply is no object", code="malformed")
    return found


def _data(reply: Any) -> dict[str, Any]:
    data = _plain(reply).get("data")
    if not isinstance(data, dict) or "id" not in data:
        raise Drift("the reply has no id", code="malformed")
    return data


def _listed(page: Any) -> list[dict[str, Any]]:
    found = _plain(page)
    if "data" not in found and "meta" not in found:
        raise Drift("the page has neither posts nor their number", code="malformed")
    return list(found.get("data") or [])


def _says(post: dict[str, Any], text: str) -> bool:
    """Tell whether a post has our words: X gives them back with entities of HTML and shortened addresses."""
    given = str(post.get("text", ""))
    if given == text:
        return True
    for url in (post.get("entities") or {}).get("urls") or []:
        given = given.replace(str(url.get("url")), str(url.get("expanded_url")))
    return html.unescape(given).strip() == text.strip()


def _receipt(post: dict[str, Any]) -> Receipt:
    return Receipt(id=str(post["id"]), link=f"https://x.com/i/status/{post['id']}")
