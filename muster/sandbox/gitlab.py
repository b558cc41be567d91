"""A stand-in for GitLab's issues, notes and links of one project."""

import itertools
import re
from typing import Any

from muster.sandbox.vendor import Call, Fields, Reply, Vendor, now, route

BASE = "/api/v4/projects/{project}"
WEB = "https://gitlab.sandbox.test/ops/production/-/issues"
_FENCED = re.compile(r"^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)`*\s*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ACTION = re.compile(
    r"^/(close|reopen|label|assign|confidential|title|duplicate|lock)\b.*$", re.MULTILINE
)
_MENTION = re.compile(r"(?<![\w`])@([A-Za-z][\w.-]*)")


class GitLab(Vendor):
    """One project with its issues; quick actions and mentions act as GitLab's do, so that a test can see them."""

    name = "gitlab"
    routes = (
        route("GET", r"/api/v4/user", "user"),
        route("GET", BASE, "project"),
        route("POST", f"{BASE}/issues", "create"),
        route("GET", f"{BASE}/issues", "list"),
        route("GET", f"{BASE}/issues/{{iid}}", "get"),
        route("PUT", f"{BASE}/issues/{{iid}}", "update"),
        route("POST", f"{BASE}/issues/{{iid}}/notes", "add_note"),
        route("GET", f"{BASE}/issues/{{iid}}/notes", "notes"),
        route("DELETE", f"{BASE}/issues/{{iid}}/notes/{{note}}", "delete_note"),
        route("POST", f"{BASE}/issues/{{iid}}/links", "add_link"),
        route("GET", f"{BASE}/issues/{{iid}}/links", "links"),
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin without issues."""
        self.issues: dict[str, Fields] = {}
        self.quick_actions: list[str] = []
        self.mentions: list[str] = []
        self._count = itertools.count(1)
        self._notes = itertools.count(1)

    def dump(self) -> Fields:
        """Return the issues."""
        return {
            "issues": self.issues,
            "quick_actions": self.quick_actions,
            "mentions": self.mentions,
        }

    def load(self, state: Fields) -> None:
        """Take the issues over."""
        self.issues = state["issues"]
        self._count = itertools.count(len(self.issues) + 1)
        self._notes = itertools.count(1 + sum(len(one["notes"]) for one in self.issues.values()))

    def refuse(self, call: Call) -> Reply | None:
        """GitLab wants a private token."""
        token = call.headers.get("PRIVATE-TOKEN") or call.token
        bad = token in {"", "revoked"}
        return Reply({"message": "401 Unauthorized"}, status=401) if bad else None

    def unknown(self, call: Call) -> Reply:
        """Answer as GitLab does."""
        del call
        return Reply({"error": "404 Not Found"}, status=404)

    def user(self, call: Call) -> Reply:
        """Return who we are."""
        del call
        return Reply({"id": 1, "username": "muster", "name": "Muster", "state": "active"})

    def project(self, call: Call, project: str) -> Reply:
        """Return the project."""
        del call, project
        return Reply({"id": 1, "name": "production", "path_with_namespace": "ops/production"})

    def create(self, call: Call, project: str) -> Reply:
        """Open an issue."""
        del project
        if not call.fields.get("title"):
            return Reply({"error": "title is missing"}, status=400)
        iid = next(self._count)
        issue: Fields = {
            "id": 1000 + iid,
            "iid": iid,
            "project_id": 1,
            "title": str(call.fields["title"]),
            "description": str(call.fields.get("description") or ""),
            "labels": _labels(call.fields.get("labels")),
            "state": "opened",
            "issue_type": call.fields.get("issue_type", "issue"),
            "created_at": call.fields.get("created_at") or now(),
            "updated_at": now(),
            "web_url": f"{WEB}/{iid}",
            "notes": [],
            "links": [],
        }
        self.issues[str(iid)] = issue
        self._act(issue, issue["description"])
        return Reply(_outline(issue), status=201, committed=True)

    def list(self, call: Call, project: str) -> Reply:
        """Search the issues."""
        del project
        wanted = str(call.fields.get("search", "")).lower()
        where = [
            name for name in str(call.fields.get("in", "title,description")).split(",") if name
        ]
        labels = set(_labels(call.fields.get("labels")))
        found = [
            _outline(one)
            for one in self.issues.values()
            if any(wanted in str(one[name]).lower() for name in where)
            and labels <= set(one["labels"])
        ]
        return _paged(found, call.fields)

    def get(self, call: Call, project: str, iid: str) -> Reply:
        """Return an issue."""
        del call, project
        issue = self.issues.get(iid)
        return Reply(_outline(issue)) if issue else _missing()

    def update(self, call: Call, project: str, iid: str) -> Reply:
        """Change an issue."""
        del project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        given = call.fields
        issue |= {name: str(given[name]) for name in ("title", "description") if name in given}
        if "labels" in given:
            issue["labels"] = _labels(given["labels"])
        issue["state"] = {"close": "closed", "reopen": "opened"}.get(
            str(given.get("state_event")), issue["state"]
        )
        issue["updated_at"] = now()
        if "description" in given:
            self._act(issue, issue["description"])
        return Reply(_outline(issue), committed=True)

    def add_note(self, call: Call, project: str, iid: str) -> Reply:
        """Add a note."""
        del project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        if not call.fields.get("body"):
            return Reply({"error": "body is missing"}, status=400)
        note: Fields = {
            "id": next(self._notes),
            "body": str(call.fields["body"]),
            "created_at": call.fields.get("created_at") or now(),
            "author": {"username": "muster"},
        }
        issue["notes"].append(note)
        self._act(issue, note["body"])
        return Reply(note, status=201, committed=True)

    def notes(self, call: Call, project: str, iid: str) -> Reply:
        """List the notes."""
        del project
        issue = self.issues.get(iid)
        return _paged(issue["notes"], call.fields) if issue else _missing()

    def delete_note(self, call: Call, project: str, iid: str, note: str) -> Reply:
        """Delete a note."""
        del call, project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        issue["notes"] = [one for one in issue["notes"] if str(one["id"]) != note]
        return Reply(status=204, committed=True)

    def add_link(self, call: Call, project: str, iid: str) -> Reply:
        """Relate two issues."""
        del project
        target = self.issues.get(str(call.fields.get("target_issue_iid")))
        issue = self.issues.get(iid)
        if issue is None or target is None:
            return _missing()
        if target["iid"] in issue["links"]:
            return Reply({"message": "Issue(s) already assigned"}, status=409)
        issue["links"].append(target["iid"])
        target["links"].append(issue["iid"])
        body = {
            "source_issue": _outline(issue),
            "target_issue": _outline(target),
            "link_type": "relates_to",
        }
        return Reply(body, status=201, committed=True)

    def links(self, call: Call, project: str, iid: str) -> Reply:
        """List what an issue is related to."""
        del call, project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        return Reply(
            [
                {**_outline(self.issues[str(one)]), "link_type": "relates_to"}
                for one in issue["links"]
            ]
        )

    def _act(self, issue: Fields, text: str) -> None:
        """Do what a text does in GitLab: quick actions at the beginning of a line, mentions, outside of code."""
        live = _COMMENT.sub("", _FENCED.sub("", text))
        actions = [found.group(0) for found in _ACTION.finditer(live)]
        self.quick_actions += actions
        self.mentions += _MENTION.findall(live)
        if any(action.startswith("/close") for action in actions):
            issue["state"] = "closed"


def _missing() -> Reply:
    return Reply({"message": "404 Not found"}, status=404)


def _labels(given: Any) -> list[str]:
    """Return labels of a list or a comma-separated text; of a scope the last one counts."""
    words = given if isinstance(given, list) else str(given or "").split(",")
    scoped = {word.rpartition("::")[0] or word: word for word in words if word}
    return list(scoped.values())


def _outline(issue: Fields) -> Fields:
    return {name: value for name, value in issue.items() if name not in {"notes", "links"}}


def _paged(items: list[Fields], given: Fields) -> Reply:
    size, page = int(given.get("per_page") or 20), int(given.get("page") or 1)
    ordered = list(reversed(items)) if given.get("sort", "desc") == "desc" else items
    more = page * size < len(ordered)
    headers = {
        "X-Page": str(page),
        "X-Per-Page": str(size),
        "X-Next-Page": str(page + 1) if more else "",
        "X-Total": str(len(ordered)),
        "X-Total-Pages": str(-(-len(ordered) // size) or 1),
    }
    return Reply(ordered[(page - 1) * size : page * size], headers=headers)
