"""Zoom over zoomus, of which only the meeting component is used: its client has no timeout, no check and no refresh."""

import base64
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from muster.domain.effects import Receipt
from muster.ports import Ambiguous, Drift, Forbidden, NotFound, NotSent, ProviderError, Waiting
from muster.providers.errors import from_requests, from_status, retry_after
from muster.providers.threads import Threads

HOST = "me"
PAGE = 300
IN_USE_AGAIN = 300.0
"""Seconds after which it is looked again whether a bridge is empty."""
RENEW_BEFORE = 300.0
_SCHEDULED = 3
"""A recurring meeting with no fixed time: it can be joined at any hour, for as long as it is kept."""


class Token:
    """One access token for many calls: fetched once, renewed before it ends, and once when it is refused."""

    def __init__(self, url: str, account: str, client: str, secret: str, *, timeout: float) -> None:
        self._url = url
        self._form = {"grant_type": "account_credentials", "account_id": account}
        self._basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        self._timeout = timeout
        self._lock = threading.Lock()
        self._value = ""
        self._ends = 0.0

    def get(self, refused: str = "") -> str:
        """Return a token that is not ``refused``; callers at the same time share one fetch. Raises NotSent after waiting."""
        if not self._lock.acquire(timeout=self._timeout):
            # Whoever waited longer would write when its attempt is long over and another has been made.
            raise NotSent("Zoom gives nobody a token", code="token")
        try:
            if self._value in ("", refused) or time.monotonic() > self._ends - RENEW_BEFORE:
                self._fetch()
            return self._value
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        import requests  # noqa: PLC0415 - only a worker that talks to Zoom needs it

        headers = {"Authorization": f"Basic {self._basic}"}
        try:
            reply = requests.post(
                self._url,
                data=self._form,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise from_requests(error) from None
        if reply.status_code in {400, 401}:
            raise Forbidden("Zoom refuses the credentials", code=str(reply.status_code))
        if not _done(reply):
            raise from_status(
                reply.status_code, "token", retry_after=retry_after(reply.headers, time.time())
            )
        found = _json(reply)
        if not isinstance(found.get("access_token"), str):
            raise Drift("Zoom's token reply has no token", code="malformed")
        self._value = found["access_token"]
        self._ends = time.monotonic() + float(found.get("expires_in") or 3600)


class ZoomConference:
    """The Conference port. Credentials are of a server-to-server OAuth app; ``timeout`` in seconds, for each call."""

    def __init__(
        self,
        account: str,
        client: str,
        secret: str,
        *,
        api_url: str,
        oauth_url: str,
        timeout: float = 5,
    ) -> None:
        self._token = Token(oauth_url, account, client, secret, timeout=timeout)
        self._api_url = api_url
        self._timeout = timeout
        self._threads = Threads("zoom")

    async def open(self, key: str, topic: str, *, fresh: bool) -> Receipt:
        """Create the meeting; one call when fresh and the token is there."""
        return await self._threads.run(lambda: self._open(key, topic, fresh))

    async def sweep(self, key: str, kept: Receipt) -> Receipt:
        """Retire every other meeting of this key, which Zoom has made of one request."""
        return await self._threads.run(lambda: self._sweep(key, kept))

    async def end(self, meeting: Receipt) -> Receipt:
        """Retire the meeting. Raises Waiting while someone is in it."""
        return await self._threads.run(lambda: self._end(meeting))

    def _open(self, key: str, topic: str, fresh: bool) -> Receipt:  # noqa: FBT001 - a thread's arguments
        found = None if fresh else self._keep_oldest(key)
        return _receipt(found or self._create(key, topic))

    def _create(self, key: str, topic: str) -> dict[str, Any]:
        return self._call(
            "create",
            user_id=HOST,
            topic=topic[:200],
            type=_SCHEDULED,
            agenda=_marker(key),
            settings={"join_before_host": True, "waiting_room": False, "mute_upon_entry": False},
        )

    def _keep_oldest(self, key: str) -> dict[str, Any] | None:
        own = [one for one in self._listed() if str(one.get("agenda", "")).startswith(_marker(key))]
        if not own:
            return None
        oldest, *extras = sorted(
            own, key=lambda one: (str(one.get("created_at", "")), int(one["id"]))
        )
        for extra in extras:
            self._delete(str(extra["id"]))
        return oldest

    def _sweep(self, key: str, kept: Receipt) -> Receipt:
        own = [one for one in self._listed() if str(one.get("agenda", "")).startswith(_marker(key))]
        extras = [one for one in own if str(one["id"]) != kept.id]
        for extra in extras:
            self._delete(str(extra["id"]))
        return Receipt(note=f"{len(extras)} made twice, retired" if extras else "")

    def _listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        page = ""
        while True:
            query = {"user_id": HOST, "page_size": PAGE, "type": "scheduled"}
            reply = self._call("list", **query, **({"next_page_token": page} if page else {}))
            listed = reply.get("meetings")
            if not isinstance(listed, list):
                raise Drift("the list has no meetings", code="malformed")
            found += listed
            page = str(reply.get("next_page_token") or "")
            if not page:
                return found

    def _end(self, meeting: Receipt) -> Receipt:
        try:
            status = self._call("get", id=meeting.id).get("status")
        except NotFound:
            return meeting
        if status == "started":
            raise Waiting("someone is on the bridge", code="started", retry_after=IN_USE_AGAIN)
        self._delete(meeting.id)
        return meeting

    def _delete(self, meeting: str) -> None:
        try:
            self._call("delete", id=meeting)
        except NotFound:
            return

    def _call(self, method: str, **fields: Any) -> dict[str, Any]:
        token = self._token.get()
        reply = self._send(method, token, fields)
        if reply.status_code == 401:
            reply = self._send(method, self._token.get(refused=token), fields)
        if _done(reply):
            return _json(reply) if reply.content else {}
        delay = retry_after(reply.headers, time.time())
        raise from_status(reply.status_code, f"zoom {_code(reply)}", retry_after=delay)

    def _send(self, method: str, token: str, fields: dict[str, Any]) -> Any:
        import requests  # noqa: PLC0415 - only a worker that talks to Zoom needs it

        call: Callable[..., Any] = getattr(_meetings(self._api_url, token, self._timeout), method)
        try:
            return call(**fields)
        except requests.RequestException as error:
            raise from_requests(error) from None


def _meetings(api_url: str, token: str, timeout: float) -> Any:
    """Return zoomus's meeting component: given straight to it, the timeout does reach its requests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from zoomus.components.meeting import MeetingComponentV2  # noqa: PLC0415 - its source warns when compiled
    component = MeetingComponentV2(base_uri=api_url, config={"version": 2, "token": token})
    component._timeout = timeout  # noqa: SLF001 - its setter cuts to whole seconds
    for method in ("get", "post", "delete"):
        setattr(component, f"{method}_request", partial(_sent, component, method))
    return component


def _sent(
    component: Any,
    method: str,
    endpoint: str,
    params: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> Any:
    """Send a request of the component as the SDK does, but nowhere else when the reply is a redirection."""
    import requests  # noqa: PLC0415 - only a worker that talks to Zoom needs it

    return requests.request(
        method,
        component.url_for(endpoint),
        params=params,
        json=data,
        headers={"Authorization": f"Bearer {component.config['token']}"},
        timeout=component._timeout,  # noqa: SLF001 - as above
        allow_redirects=False,
    )


def _done(reply: Any) -> bool:
    return 200 <= int(reply.status_code) < 300


def _marker(key: str) -> str:
    return f"[muster {key}]"


def _json(reply: Any) -> dict[str, Any]:
    try:
        found = reply.json()
    except ValueError:
        raise Ambiguous("the body is no JSON", code="malformed") from None
    if not isinstance(found, dict):
        raise Drift("the body is no object", code="malformed")
    return found


def _code(reply: Any) -> str:
    try:
        return str(_json(reply).get("code", ""))
    except ProviderError:
        return ""


def _receipt(meeting: dict[str, Any]) -> Receipt:
    if "id" not in meeting or "join_url" not in meeting:
        raise Drift("the meeting has no id or join_url", code="malformed")
    return Receipt(id=str(meeting["id"]), link=str(meeting["join_url"]))
