"""A stand-in for GitLab's issues, notes and links of one project."""

from collections.abc import Iterable

from muster.sandbox.gitlab_changes import MOVES, apply, labels, relabel
from muster.sandbox.gitlab_search import found, moment, ordered, paged
from muster.sandbox.gitlab_text import mentions, read
from muster.sandbox.gitlab_users import US, assignees, named
from muster.sandbox.vendor import Call, Counter, Fields, Reply, Unfit, Vendor, now, route, truth

BASE = "/api/v4/projects/{project}"
WEB = "https://gitlab.sandbox.test/ops/production/-/issues"
LINKS = frozenset({"relates_to", "blocks", "is_blocked_by"})
_BACK = {"relates_to": "relates_to", "blocks": "is_blocked_by", "is_blocked_by": "blocks"}
LONGEST_TITLE = 255
_INSIDE = frozenset({"notes", "links", "linked"})


class GitLab(Vendor):
    """One project with its issues; quick actions and mentions act as GitLab's do, so that a test can see them."""

    name = "gitlab"
    routes = (
        route("GET", r"/api/v4/user", "user"),
        route("GET", r"/api/v4/users", "users"),
        route("GET", BASE, "project"),
        route("POST", f"{BASE}/issues", "create"),
        route("GET", f"{BASE}/issues", "list"),
        route("GET", f"{BASE}/issues/{{iid}}", "get"),
        route("PUT", f"{BASE}/issues/{{iid}}", "update"),
        route("POST", f"{BASE}/issues/{{iid}}/notes", "add_note"),
        route("GET", f"{BASE}/issues/{{iid}}/notes", "notes"),
        route("PUT", f"{BASE}/issues/{{iid}}/notes/{{note}}", "edit_note"),
        route("DELETE", f"{BASE}/issues/{{iid}}/notes/{{note}}", "delete_note"),
        route("POST", f"{BASE}/issues/{{iid}}/links", "add_link"),
        route("GET", f"{BASE}/issues/{{iid}}/links", "links"),
        route("GET", f"{BASE}/labels", "labels"),
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin without issues."""
        self.issues: dict[str, Fields] = {}
        self.quick_actions: list[str] = []
        self.mentions: list[str] = []
        self.title_mentions: list[str] = []
        self._iids, self._notes, self._links = Counter(1), Counter(1), Counter(1)

    def dump(self) -> Fields:
        """Return the issues."""
        return {
            "issues": self.issues,
            "quick_actions": self.quick_actions,
            "mentions": self.mentions,
            "title_mentions": self.title_mentions,
            "last_note": self._notes.last,
        }

    def load(self, state: Fields) -> None:
        """Take the issues over."""
        self.issues = state.get("issues", {})
        self.quick_actions = state.get("quick_actions", [])
        self.mentions = state.get("mentions", [])
        self.title_mentions = state.get("title_mentions", [])
        self._iids.resume(0, *self.issues)
        notes = (note["id"] for one in self.issues.values() for note in one["notes"])
        self._notes.resume(state.get("last_note", 0), *notes)
        links = (kept["id"] for one in self.issues.values() for kept in _kept(one))
        self._links.resume(0, *links)

    def refuse(self, call: Call) -> Reply | None:
        """GitLab wants a private token."""
        token = call.headers.get("PRIVATE-TOKEN") or call.token
        bad = token in {"", "revoked"}
        return Reply({"message": "401 Unauthorized"}, status=401) if bad else None

    def unfit(self, field: str) -> Reply:
        """Answer as GitLab does."""
        return Reply({"error": f"{field} is invalid"}, status=400)

    def unknown(self, call: Call) -> Reply:
        """Answer as GitLab does."""
        del call
        return Reply({"error": "404 Not Found"}, status=404)

    def user(self, call: Call) -> Reply:
        """Return who we are."""
        del call
        return Reply(US)

    def users(self, call: Call) -> Reply:
        """List the accounts, or the one of a name."""
        return paged(named(call.fields), call)

    def project(self, call: Call, project: str) -> Reply:
        """Return the project."""
        del call, project
        return Reply({"id": 1, "name": "production", "path_with_namespace": "ops/production"})

    def create(self, call: Call, project: str) -> Reply:
        """Open an issue."""
        del project
        if not call.fields.get("title"):
            return Reply({"error": "title is missing"}, status=400)
        if len(str(call.fields["title"])) > LONGEST_TITLE:
            return _too_long()
        opened = call.fields.get("created_at")
        if opened:
            moment(opened, "created_at")
        iid = self._iids.next()
        issue: Fields = {
            "id": 1000 + iid,
            "iid": iid,
            "project_id": 1,
            "title": str(call.fields["title"]),
            "description": str(call.fields.get("description") or ""),
            "labels": labels(call.fields.get("labels")),
            "state": "opened",
            "issue_type": call.fields.get("issue_type", "issue"),
            "created_at": opened or now(),
            "updated_at": now(),
            "confidential": truth(call.fields, "confidential"),
            "author": {"username": "muster"},
            "assignees": assignees(call.fields.get("assignee_ids")),
            "web_url": f"{WEB}/{iid}",
            "notes": [],
            "links": [],
        }
        self.issues[str(iid)] = issue
        self.title_mentions += mentions(issue["title"])
        issue["description"] = self._act(issue, issue["description"])
        return Reply(_outline(issue), status=201, committed=True)

    def list(self, call: Call, project: str) -> Reply:
        """Search the issues."""
        del project
        listed = found(list(self.issues.values()), call.fields)
        return paged([_outline(one) for one in listed], call)

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
        if len(str(given.get("title", ""))) > LONGEST_TITLE:
            return _too_long()
        if given.get("state_event") not in {None, *MOVES}:
            raise Unfit("state_event")
        if "assignee_ids" in given:
            issue["assignees"] = assignees(given["assignee_ids"])
        self._rewrite(issue, given)
        relabel(issue, given)
        issue["state"] = MOVES.get(str(given.get("state_event")), issue["state"])
        issue["updated_at"] = now()
        return Reply(_outline(issue), committed=True)

    def _rewrite(self, issue: Fields, given: Fields) -> None:
        """Take over words; only those that are new act."""
        if str(given.get("title", issue["title"])) != issue["title"]:
            issue["title"] = str(given["title"])
            self.title_mentions += mentions(issue["title"])
        if str(given.get("description", issue["description"])) != issue["description"]:
            issue["description"] = self._act(issue, str(given["description"] or ""))

    def add_note(self, call: Call, project: str, iid: str) -> Reply:
        """Add a note."""
        del project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        if not call.fields.get("body"):
            return Reply({"error": "body is missing"}, status=400)
        at = call.fields.get("created_at")
        if at:
            moment(at, "created_at")
        body = self._act(issue, str(call.fields["body"]))
        if not body:
            return Reply({"commands_changes": {}, "summary": []}, status=202, committed=True)
        note: Fields = {
            "id": self._notes.next(),
            "body": body,
            "created_at": at or now(),
            "updated_at": now(),
            "system": False,
            "noteable_iid": issue["iid"],
            "author": {"username": "muster"},
        }
        issue["notes"].append(note)
        return Reply(note, status=201, committed=True)

    def notes(self, call: Call, project: str, iid: str) -> Reply:
        """List the notes."""
        del project
        issue = self.issues.get(iid)
        return paged(ordered(issue["notes"], call.fields), call) if issue else _missing()

    def edit_note(self, call: Call, project: str, iid: str, note: str) -> Reply:
        """Change a note."""
        del project
        notes = self.issues[iid]["notes"] if iid in self.issues else []
        kept: Fields | None = next((one for one in notes if str(one["id"]) == note), None)
        if kept is None:
            return _missing()
        if not call.fields.get("body"):
            return Reply({"error": "body is missing"}, status=400)
        kept |= {"body": self._act(self.issues[iid], str(call.fields["body"])), "updated_at": now()}
        return Reply(kept, committed=True)

    def delete_note(self, call: Call, project: str, iid: str, note: str) -> Reply:
        """Delete a note."""
        del call, project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        kept = [one for one in issue["notes"] if str(one["id"]) != note]
        if len(kept) == len(issue["notes"]):
            return _missing()
        issue["notes"] = kept
        return Reply(status=204, committed=True)

    def add_link(self, call: Call, project: str, iid: str) -> Reply:
        """Relate two issues."""
        del project
        target = self.issues.get(str(call.fields.get("target_issue_iid")))
        issue = self.issues.get(iid)
        if issue is None or target is None:
            return _missing()
        kind = str(call.fields.get("link_type") or "relates_to")
        if kind not in LINKS:
            return Reply({"error": "link_type does not have a valid value"}, status=400)
        if target["iid"] in issue["links"]:
            return Reply({"message": "Issue(s) already assigned"}, status=409)
        made = self._links.next()
        for one, other, as_seen in ((issue, target, kind), (target, issue, _BACK[kind])):
            one["links"].append(other["iid"])
            one.setdefault("linked", {})[str(other["iid"])] = {"id": made, "type": as_seen}
        body = {
            "source_issue": _outline(issue),
            "target_issue": _outline(target),
            "link_type": kind,
        }
        return Reply({"id": made, **body}, status=201, committed=True)

    def links(self, call: Call, project: str, iid: str) -> Reply:
        """List what an issue is related to."""
        del call, project
        if (issue := self.issues.get(iid)) is None:
            return _missing()
        return Reply([self._linked(issue, str(other)) for other in issue["links"]])

    def _linked(self, issue: Fields, other: str) -> Fields:
        kept = issue.get("linked", {}).get(other, {"id": 0, "type": "relates_to"})
        return {
            **_outline(self.issues[other]),
            "issue_link_id": kept["id"],
            "link_type": kept["type"],
        }

    def labels(self, call: Call, project: str) -> Reply:
        """List the labels that issues have."""
        del project
        names = sorted({label for issue in self.issues.values() for label in issue["labels"]})
        shown = [{"id": place, "name": name} for place, name in enumerate(names, 1)]
        return paged(shown, call)

    def _act(self, issue: Fields, text: str) -> str:
        """Do what a text does in GitLab, write down that it did, and return what is kept of it."""
        reading = read(text)
        for name, rest in reading.actions:
            self.quick_actions.append(f"/{name} {rest}".strip())
            apply(issue, name, rest)
        self.mentions += reading.mentions
        return reading.kept


def _kept(issue: Fields) -> Iterable[Fields]:
    linked: dict[str, Fields] = issue.get("linked", {})
    return linked.values()


def _missing() -> Reply:
    return Reply({"message": "404 Not found"}, status=404)


def _too_long() -> Reply:
    return Reply({"message": {"title": ["is too long (maximum is 255 characters)"]}}, status=400)


def _outline(issue: Fields) -> Fields:
    return {name: value for name, value in issue.items() if name not in _INSIDE}
