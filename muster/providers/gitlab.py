"""GitLab over python-gitlab, in threads: one issue of type incident for each incident."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from muster.domain.effects import Document, Receipt
from muster.domain.model import Time
from muster.names import DRILL
from muster.ports import Ambiguous, Drift, NotFound, ProviderError, Waiting
from muster.providers.errors import from_requests, from_status, retry_after
from muster.providers.gitlab_accounts import NOBODY, Accounts
from muster.providers.threads import AT_A_TIME, Threads

R = TypeVar("R")

_NO_PEOPLE: Mapping[str, str] = {}
_WAITS_FOR_OTHER = 30.0
"""Seconds after which the issue of another incident is looked for again."""
ALREADY_LINKED = 409
GONE = 404
_JOINER = "\N{WORD JOINER}"
"""Stands, unseen, where a sign would otherwise mean something to GitLab."""
_REFERENCE = re.compile(r"(?<=[@#!~%&$^])(?=\w)|(?<=:)(?=//)|(?<=\[)")
"""Between a sign and what it refers to: a person, an issue, a request, a label, an address."""
_OWN_NUMBER = re.compile(rf"(?:{DRILL})?#(\d+) ")
_ACTION = re.compile(r"^(?=[ \t]*/)", re.MULTILINE)
_FENCE = re.compile(r"^(?=[ \t]*(?:```|~~~))", re.MULTILINE)


class GitLabTracker:
    """The Tracker port. ``project`` is the production tracker's id or path; ``timeout`` in seconds, for each call.

    ``people`` maps handles to GitLab's usernames; without any, nobody is assigned and what others assign stays.
    """

    def __init__(
        self,
        url: str,
        token: str,
        project: str,
        *,
        people: Mapping[str, str] = _NO_PEOPLE,
        timeout: float = 5,
    ) -> None:
        self._url, self._token, self._timeout = url, token, timeout
        self._name = project
        self._accounts = Accounts(people)
        self._found: Any = None
        self._lock = threading.Lock()
        self._threads = Threads("gitlab")

    async def open(self, key: str, document: Document, *, fresh: bool) -> Receipt:
        """Create the issue; one call when fresh, and one before it for an assignee not met yet."""
        return await self._run(lambda: self._open(key, document, fresh))

    async def sweep(self, prefix: str, issue: Receipt) -> Receipt:
        """Retire other issues of this incident and notes of the issue that GitLab has made of one request."""
        return await self._run(lambda: self._sweep(prefix, issue))

    async def edit(self, issue: Receipt, document: Document, *, key: str) -> Receipt:
        """Bring the issue to what the document says."""
        return await self._run(lambda: self._edit(issue, document, key))

    async def note(self, key: str, issue: Receipt, text: str, at: Time, *, fresh: bool) -> Receipt:
        """Add a note; one call when fresh."""
        return await self._run(lambda: self._note(key, issue, text, at, fresh))

    async def notes(self, key: str, prefix: str) -> dict[str, str]:
        """Return the texts of our own notes by key. Raises NotFound where there is no issue of this key."""
        return await self._run(lambda: self._notes(key, prefix))

    async def link(self, issue: Receipt, other: int, relation: str) -> Receipt:
        """Relate the issue to the issue of another incident. Raises Waiting until that one stands."""
        return await self._run(lambda: self._link(issue, other, relation))

    def _open(self, key: str, document: Document, fresh: bool) -> Receipt:  # noqa: FBT001 - a thread's arguments
        found = None if fresh else self._keep_oldest(key)
        return _receipt(found or self._create(key, document))

    def _create(self, key: str, document: Document) -> Any:
        user = self._assignee(document)
        assigned = {"assignee_ids": [user]} if user != NOBODY else {}
        return self._project().issues.create({**_created(key, document), **assigned})

    def _assignee(self, document: Document) -> int:
        """Return the id of the account to which the issue is to be assigned."""
        return self._accounts.of(document.assignee, self._project().manager.gitlab.users)

    def _own(self, key: str) -> list[Any]:
        query = {"search": key, "in": "description", "order_by": "created_at", "sort": "asc"}
        listed = self._project().issues.list(**query, get_all=True)
        return [one for one in listed if (one.description or "").endswith(marker(key))]

    def _keep_oldest(self, key: str) -> Any:
        own = self._own(key)
        for extra in own[1:]:
            _retire(extra, own[0].iid)
        return own[0] if own else None

    def _sweep(self, prefix: str, issue: Receipt) -> Receipt:
        extras = [one for one in self._own(f"{prefix}issue") if str(one.iid) != issue.id]
        for extra in extras:
            _retire(extra, issue.id)
        notes = self._project().issues.get(int(issue.id), lazy=True).notes
        twins = _twins(notes.list(order_by="created_at", sort="asc", get_all=True), prefix)
        for twin in twins:
            _forgiving(GONE, twin.delete)
        retired = len(extras) + len(twins)
        return Receipt(note=f"{retired} made twice, retired" if retired else "")

    def _edit(self, issue: Receipt, document: Document, key: str) -> Receipt:
        changed: dict[str, Any] = {
            "title": title(document.title),
            "description": description(document, key),
            "labels": ",".join(document.labels),
            "state_event": "close" if document.closed else "reopen",
        }
        if self._accounts:
            changed["assignee_ids"] = [self._assignee(document)]
        self._project().issues.update(int(issue.id), changed)
        return issue

    def _note(self, key: str, issue: Receipt, text: str, at: Time, fresh: bool) -> Receipt:  # noqa: FBT001
        notes = self._project().issues.get(int(issue.id), lazy=True).notes
        if not fresh and (kept := _kept_note(notes, key)) is not None:
            return _note_receipt(issue, kept)
        body = f"{at:%Y-%m-%d %H:%M:%S} UTC\n\n{inert(text)}\n\n{marker(key)}"
        return _note_receipt(issue, notes.create({"body": body, "created_at": at.isoformat()}))

    def _notes(self, key: str, prefix: str) -> dict[str, str]:
        issue = next(iter(self._own(key)), None)
        if issue is None:
            raise NotFound(f"the tracker has no issue of {key}", code="no_issue")
        # Whoever may comment can copy a marker; the issue's author is we, also where the token is a new one by now.
        ours = issue.author["username"]
        listed = issue.notes.list(order_by="created_at", sort="asc", get_all=True)
        read = [_read_note(one.body, prefix) for one in listed if one.author["username"] == ours]
        return dict(reversed([found for found in read if found is not None]))

    def _link(self, issue: Receipt, other: int, relation: str) -> Receipt:
        project = self._project()
        found = project.issues.list(
            search=f"#{other} ", **{"in": "title"}, labels=["incident"], get_all=True
        )
        target = next((one for one in found if _number(one.title) == other), None)
        if target is None:
            raise Waiting(
                f"#{other} has no issue yet", code="not_yet", retry_after=_WAITS_FOR_OTHER
            )
        links = project.issues.get(int(issue.id), lazy=True).links
        if not any(one.iid == target.iid for one in links.list(get_all=True)):
            ours = {"target_project_id": target.project_id, "target_issue_iid": target.iid}
            _forgiving(ALREADY_LINKED, lambda: links.create(ours))
        return Receipt(id=str(target.iid), link=target.web_url, note=relation)

    def _project(self) -> Any:
        with self._lock:
            if self._found is None:
                self._found = _client(self._url, self._token, self._timeout).projects.get(
                    self._name, lazy=True
                )
        return self._found

    async def _run(self, work: Callable[[], R]) -> R:
        return await self._threads.run(lambda: _classified(work))


def _client(url: str, token: str, timeout: float) -> Any:
    import requests  # noqa: PLC0415 - beside the SDK
    from gitlab import Gitlab  # noqa: PLC0415 - it costs more than a second

    session = requests.Session()
    session.max_redirects = 0  # another host would get the token as well
    session.hooks["response"].append(_checked)
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=AT_A_TIME))
    return Gitlab(url, private_token=token, timeout=timeout, session=session)


def _checked(reply: Any, *_: Any, **__: Any) -> None:
    """Raise at once what the SDK would sleep on in our thread, and a page of something between that it would not notice."""
    if reply.status_code == 429:
        raise classify(429, reply.headers)
    if reply.ok and reply.content and "json" not in reply.headers.get("Content-Type", ""):
        raise Ambiguous("the body is no JSON", code="malformed")


def _classified(work: Callable[[], R]) -> R:
    from gitlab.exceptions import GitlabError, GitlabParsingError  # noqa: PLC0415 - as above
    from requests import RequestException  # noqa: PLC0415 - as above

    try:
        return work()
    except RequestException as error:
        raise from_requests(error) from None
    except GitlabParsingError:
        raise Ambiguous("the body is no JSON", code="malformed") from None
    except (AttributeError, LookupError, TypeError) as error:
        raise Drift(f"the reply lacks what it documents: {error}", code="malformed") from None
    except GitlabError as error:
        headers = getattr(error, "response_headers", None)
        raise classify(error.response_code, headers) from None


def _forgiving(forgiven: int, work: Callable[[], object]) -> None:
    """Do it; with this status it is done as well."""
    from gitlab.exceptions import GitlabError  # noqa: PLC0415 - as above

    try:
        work()
    except GitlabError as error:
        if error.response_code != forgiven:
            raise


def classify(status: int | None, headers: Any = None) -> ProviderError:
    """Return the port's error for GitLab's status; none at all is a reply that broke off."""
    if status is None:
        return Ambiguous("no status", code="malformed")
    return from_status(status, "gitlab", retry_after=retry_after(headers or {}, time.time()))


def marker(key: str) -> str:
    """Return the machine-readable end of a text of ours: a comment that no foreign text can forge, being fenced."""
    return f"<!-- muster:{key} -->"


def inert(text: str) -> str:
    """Return foreign text in a code fence longer than any run of backticks in it: no action, mention or markup acts.

    Nothing in it looks like a fence or an action by itself either: older readers of fences take the first for the end.
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    quiet = _FENCE.sub(_JOINER, _ACTION.sub(" ", text))
    return f"{fence}text\n{quiet}\n{fence}"


def _number(text: str) -> int | None:
    own = _OWN_NUMBER.match(text)
    return int(own.group(1)) if own else None


def title(text: str) -> str:
    """Return a title of at most 255 characters that calls nobody and refers to nothing, as titles do in GitLab as well.

    The number with which it begins is ours.
    """
    own = _OWN_NUMBER.match(text)
    start = own.end() if own else 0
    quiet = text[:start] + _REFERENCE.sub(_JOINER, text[start:])
    return quiet if len(quiet) <= 255 else f"{quiet[:254]}…"


def description(document: Document, key: str) -> str:
    """Return the issue's text: our headings, fenced words of others, the marker last."""
    parts = [f"### {heading}\n\n{inert(text)}" for heading, text in document.paragraphs]
    return "\n\n".join((*parts, marker(key)))


def _created(key: str, document: Document) -> dict[str, Any]:
    opened = {"created_at": document.opened_at.isoformat()} if document.opened_at else {}
    return {
        "title": title(document.title),
        "description": description(document, key),
        "labels": ",".join(document.labels),
        "issue_type": "incident",
        "confidential": document.confidential,
        **opened,
    }


def _read_note(body: str, prefix: str) -> tuple[str, str] | None:
    """Return key and text of a note as ``_note`` writes it; None of another one."""
    form = rf"[^\n]+ UTC\n\n(`{{3,}})text\n(.*)\n\1\n\n<!-- muster:({re.escape(prefix)}[^ ]+) -->\Z"
    found = re.match(form, body.replace("\r\n", "\n"), re.DOTALL)
    return (found[3], found[2]) if found else None


def _kept_note(notes: Any, key: str) -> Any:
    listed = notes.list(order_by="created_at", sort="asc", get_all=True)
    own = [one for one in listed if one.body.endswith(marker(key))]
    for extra in own[1:]:
        _forgiving(GONE, extra.delete)
    return own[0] if own else None


def _retire(extra: Any, kept: int | str) -> None:
    extra.labels = ["incident", "state::duplicate"]
    extra.state_event = "close"
    extra.description = f"Created twice by the tracker itself; the record is #{kept}."
    extra.save()


def _twins(notes: list[Any], prefix: str) -> list[Any]:
    """Return the notes whose key another has before them."""
    seen: set[str] = set()
    twins = []
    for note in notes:
        own = re.search(rf"<!-- muster:({re.escape(prefix)}[^ ]+) -->\Z", note.body)
        if own and own.group(1) in seen:
            twins.append(note)
        seen.add(own.group(1) if own else "")
    return twins


def _note_receipt(issue: Receipt, note: Any) -> Receipt:
    link = f"{issue.link}#note_{note.id}" if issue.link else None
    return Receipt(id=str(note.id), container=issue.id, link=link)


def _receipt(issue: Any) -> Receipt:
    return Receipt(id=str(issue.iid), link=issue.web_url)
