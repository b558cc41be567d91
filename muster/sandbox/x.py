"""A stand-in for X: one account that posts."""

import time
from datetime import datetime

from muster.sandbox.vendor import Call, Counter, Fields, Reply, Unfit, Vendor, now, number, route
from muster.sandbox.x_length import LIMIT, measured

ACCOUNT = "1000"
FIRST = 1_900_000_000_000_000_001
WINDOW = 900
"""Seconds of one window of X's rate limits."""
ALLOWED = 100
"""Calls that a window allows; the stand-in counts none, a fault says when it is over."""


def failed(status: int, title: str, detail: str) -> Reply:
    """Return X's bad answer."""
    problem = {"title": title, "detail": detail, "status": status, "type": "about:blank"}
    return Reply(problem, status=status, headers={"Content-Type": "application/problem+json"})


class X(Vendor):
    """The posts of one account."""

    name = "x"
    routes = (
        route("POST", r"/2/tweets", "create"),
        route("GET", r"/2/tweets/{post}", "get"),
        route("DELETE", r"/2/tweets/{post}", "delete"),
        route("GET", r"/2/users/me", "me"),
        route("GET", r"/2/users/{user}/tweets", "timeline"),
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin with an empty account."""
        self.posts: dict[str, Fields] = {}
        self._ids = Counter(FIRST)

    def dump(self) -> Fields:
        """Return the posts."""
        return {"posts": self.posts, "last_id": self._ids.last}

    def load(self, state: Fields) -> None:
        """Take the posts over."""
        self.posts = state.get("posts", {})
        self._ids.resume(state.get("last_id", 0), *self.posts)

    def answer(self, call: Call) -> Reply:
        """Return the reply to a call, with what is left of its rate."""
        reply = super().answer(call)
        reset = (int(time.time()) // WINDOW + 1) * WINDOW
        reply.headers |= {
            "x-rate-limit-limit": str(ALLOWED),
            "x-rate-limit-remaining": str(ALLOWED - 1),
            "x-rate-limit-reset": str(reset),
        }
        return reply

    def refuse(self, call: Call) -> Reply | None:
        """X wants a bearer token."""
        bad = call.token in {"", "revoked"}
        return failed(401, "Unauthorized", "Unauthorized") if bad else None

    def unfit(self, field: str) -> Reply:
        """Answer as X does."""
        return failed(400, "Invalid Request", f"The `{field}` query parameter value is not valid.")

    def unknown(self, call: Call) -> Reply:
        """Answer as X does."""
        return failed(404, "Not Found Error", call.path)

    def create(self, call: Call) -> Reply:
        """Post; the same words twice, or too many, are refused."""
        text = str(call.fields.get("text", ""))
        if not text.strip():
            return failed(
                400, "Invalid Request", "One or more parameters to your request was invalid."
            )
        if (refused := self._no_parent(call.fields)) is not None:
            return refused
        if measured(text) > LIMIT:
            return failed(403, "Forbidden", "Your Tweet text is too long.")
        if any(one["text"] == text for one in list(self.posts.values())[-20:]):
            return failed(
                403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
            )
        return self.store(text, call.fields.get("reply"))

    def _no_parent(self, given: Fields) -> Reply | None:
        reply = given.get("reply") or {}
        parent = str(reply.get("in_reply_to_tweet_id", "")) if isinstance(reply, dict) else ""
        if not parent or parent in self.posts:
            return None
        return failed(
            403,
            "Forbidden",
            "You attempted to reply to a Tweet that is deleted or not visible to you.",
        )

    def store(self, text: str, reply: Fields | None = None) -> Reply:
        """Keep a post, whatever it says."""
        post = str(self._ids.next())
        self.posts[post] = {
            "id": post,
            "text": text,
            "created_at": now(),
            "edit_history_tweet_ids": [post],
        }
        if reply:
            parent = {"type": "replied_to", "id": str(reply.get("in_reply_to_tweet_id"))}
            self.posts[post]["referenced_tweets"] = [parent]
        shown = {name: self.posts[post][name] for name in ("id", "text", "edit_history_tweet_ids")}
        return Reply({"data": shown}, status=201, committed=True)

    def get(self, call: Call, post: str) -> Reply:
        """Return a post."""
        del call
        found = self.posts.get(post)
        return Reply({"data": found}) if found else failed(404, "Not Found Error", post)

    def delete(self, call: Call, post: str) -> Reply:
        """Delete a post."""
        del call
        gone = self.posts.pop(post, None) is not None
        return Reply({"data": {"deleted": gone}}, committed=gone)

    def me(self, call: Call) -> Reply:
        """Return the account."""
        del call
        return Reply(
            {"data": {"id": ACCOUNT, "name": "Sandbox status", "username": "sandbox_status"}}
        )

    def timeline(self, call: Call, user: str) -> Reply:
        """Return the account's posts, the newest first, by pages."""
        del user
        since = _instant(call.fields.get("start_time"))
        found = [
            one for one in reversed(self.posts.values()) if _instant(one["created_at"]) >= since
        ]
        size = number(call.fields, "max_results", 10)
        if not 5 <= size <= 100:
            raise Unfit("max_results")
        start = number(call.fields, "pagination_token", 0)
        page = found[start : start + size]
        meta: Fields = {"result_count": len(page)}
        if start + size < len(found):
            meta["next_token"] = str(start + size)
        return Reply({"data": page, "meta": meta} if page else {"meta": meta})


def _instant(text: object) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else 0.0
    except ValueError:
        raise Unfit("start_time") from None
