"""A stand-in for X: one account that posts."""

import itertools

from muster.domain.posts import LIMIT, weighted_length
from muster.sandbox.vendor import Call, Fields, Reply, Vendor, now, route

ACCOUNT = "1000"


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
        self._count = itertools.count(1_900_000_000_000_000_001)

    def dump(self) -> Fields:
        """Return the posts."""
        return {"posts": self.posts}

    def load(self, state: Fields) -> None:
        """Take the posts over."""
        self.posts = state["posts"]
        self._count = itertools.count(1_900_000_000_000_000_001 + len(self.posts))

    def refuse(self, call: Call) -> Reply | None:
        """X wants a bearer token."""
        bad = call.token in {"", "revoked"}
        return failed(401, "Unauthorized", "Unauthorized") if bad else None

    def unknown(self, call: Call) -> Reply:
        """Answer as X does."""
        return failed(404, "Not Found Error", call.path)

    def create(self, call: Call) -> Reply:
        """Post; the same words twice, or too many, are refused."""
        text = str(call.fields.get("text", ""))
        if weighted_length(text) > LIMIT:
            return failed(403, "Forbidden", "Your Tweet text is too long.")
        if any(one["text"] == text for one in list(self.posts.values())[-20:]):
            return failed(
                403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
            )
        return self.store(text)

    def store(self, text: str) -> Reply:
        """Keep a post, whatever it says."""
        post = str(next(self._count))
        self.posts[post] = {
            "id": post,
            "text": text,
            "created_at": now(),
            "edit_history_tweet_ids": [post],
        }
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
        since = str(call.fields.get("start_time", ""))
        found = [one for one in reversed(self.posts.values()) if one["created_at"] >= since]
        size = int(call.fields.get("max_results") or 10)
        start = int(call.fields.get("pagination_token") or 0)
        page = found[start : start + size]
        meta: Fields = {"result_count": len(page)}
        if start + size < len(found):
            meta["next_token"] = str(start + size)
        return Reply({"data": page, "meta": meta} if page else {"meta": meta})
