"""A stand-in for Zoom's meetings and its OAuth token route."""

import secrets
from typing import Any

from muster.sandbox.vendor import Call, Counter, Fields, Reply, Vendor, now, number, route

FIRST = 80_000_000_001
LONGEST_PAGE = 300
_CHANGEABLE = ("topic", "agenda", "settings", "type", "duration", "timezone")


def failed(status: int, code: int, message: str) -> Reply:
    """Return Zoom's bad answer."""
    return Reply({"code": code, "message": message}, status=status)


class Zoom(Vendor):
    """Meetings, and the tokens that open them."""

    name = "zoom"
    routes = (
        route("POST", r"/oauth/token", "token"),
        route("POST", r"/v2/users/{user}/meetings", "create"),
        route("GET", r"/v2/users/{user}/meetings", "list"),
        route("GET", r"/v2/meetings/{meeting}", "get"),
        route("PATCH", r"/v2/meetings/{meeting}", "update"),
        route("DELETE", r"/v2/meetings/{meeting}", "delete"),
        route("PUT", r"/v2/meetings/{meeting}/status", "status"),
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin without meetings and tokens."""
        self.meetings: dict[str, Fields] = {}
        self.tokens: set[str] = set()
        self._ids = Counter(FIRST)

    def dump(self) -> Fields:
        """Return the meetings."""
        return {"meetings": self.meetings, "last_id": self._ids.last}

    def load(self, state: Fields) -> None:
        """Take the meetings over."""
        self.meetings = state.get("meetings", {})
        self._ids.resume(state.get("last_id", 0), *self.meetings)

    def expire_tokens(self) -> None:
        """Refuse every token that was given out so far."""
        self.tokens.clear()

    def refuse(self, call: Call) -> Reply | None:
        """Zoom wants a token that it has given out."""
        if call.path == "/oauth/token" or call.token in self.tokens:
            return None
        return failed(401, 124, "Access token is expired.")

    def unfit(self, field: str) -> Reply:
        """Answer as Zoom does."""
        return failed(400, 300, f"Invalid {field}.")

    def unknown(self, call: Call) -> Reply:
        """Answer as Zoom does."""
        del call
        return failed(404, 2300, "This API endpoint is not recognized.")

    def token(self, call: Call) -> Reply:
        """Give out a token for an hour."""
        basic = call.headers.get("Authorization", "").startswith("Basic ")
        if not basic or "wrong" in str(call.fields.get("account_id")):
            return Reply({"reason": "Bad Request", "error": "invalid_request"}, status=400)
        token = secrets.token_hex(16)
        self.tokens.add(token)
        return Reply(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": 3599,
                "scope": "meeting:write",
            }
        )

    def create(self, call: Call, user: str) -> Reply:
        """Create a meeting."""
        del user
        meeting = str(self._ids.next())
        self.meetings[meeting] = {
            "id": int(meeting),
            "uuid": secrets.token_hex(8),
            "host_id": "sandbox-host",
            "topic": call.fields.get("topic", ""),
            "type": call.fields.get("type", 2),
            "agenda": call.fields.get("agenda", ""),
            "status": "waiting",
            "created_at": now(),
            "duration": 60,
            "timezone": "UTC",
            "join_url": f"https://zoom.sandbox.test/j/{meeting}",
            "settings": call.fields.get("settings") or {},
        }
        return Reply(self.meetings[meeting], status=201, committed=True)

    def list(self, call: Call, user: str) -> Reply:
        """List the meetings, by pages."""
        del user
        size = min(number(call.fields, "page_size", 30) or 30, LONGEST_PAGE)
        start = number(call.fields, "next_page_token", 0)
        found = [_listed(one) for one in self.meetings.values()]
        following = str(start + size) if start + size < len(found) else ""
        page: Any = {"page_size": size, "total_records": len(found), "next_page_token": following}
        return Reply({**page, "meetings": found[start : start + size]})

    def get(self, call: Call, meeting: str) -> Reply:
        """Return a meeting."""
        del call
        found = self.meetings.get(meeting)
        return Reply(found) if found else _gone(meeting)

    def update(self, call: Call, meeting: str) -> Reply:
        """Change a meeting."""
        if meeting not in self.meetings:
            return _gone(meeting)
        self.meetings[meeting] |= {
            name: call.fields[name] for name in _CHANGEABLE if name in call.fields
        }
        return Reply(status=204, committed=True)

    def delete(self, call: Call, meeting: str) -> Reply:
        """Delete a meeting, unless someone is in it."""
        del call
        if meeting not in self.meetings:
            return _gone(meeting)
        if self.meetings[meeting]["status"] == "started":
            return failed(
                400, 3002, "Sorry, you cannot delete this meeting since it is in progress."
            )
        del self.meetings[meeting]
        return Reply(status=204, committed=True)

    def status(self, call: Call, meeting: str) -> Reply:
        """End a meeting."""
        if meeting not in self.meetings:
            return _gone(meeting)
        if call.fields.get("action") == "end":
            self.meetings[meeting]["status"] = "waiting"
        return Reply(status=204, committed=True)

    def occupy(self, meeting: str, *, occupied: bool) -> bool:
        """Let someone join or all leave; tell whether there is such a meeting."""
        if meeting not in self.meetings:
            return False
        self.meetings[meeting]["status"] = "started" if occupied else "waiting"
        return True


def _gone(meeting: str) -> Reply:
    return failed(404, 3001, f"Meeting does not exist: {meeting}.")


def _listed(meeting: Fields) -> Fields:
    """Return a meeting as the list has it: its agenda cut, no status."""
    found = {name: value for name, value in meeting.items() if name not in {"settings", "status"}}
    return {**found, "agenda": str(meeting["agenda"])[:250]}
