"""How GitLab filters, sorts and pages through issues and notes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from muster.sandbox.gitlab_changes import labels
from muster.sandbox.vendor import Call, Fields, Reply, Unfit, number

LONGEST_PAGE = 100
MOST_COUNTED = 10_000
"""Items past which GitLab no longer says how many there are, nor links to the last page."""
STATES = frozenset({"opened", "closed", "all"})
PLACES = ("title", "description")


def found(issues: list[Fields], given: Fields) -> list[Fields]:
    """Return the issues that are asked for, in the order that is asked for. Raises Unfit."""
    return ordered([one for one in issues if all(fits(one, given) for fits in _FILTERS)], given)


def ordered(items: list[Fields], given: Fields) -> list[Fields]:
    """Return them by ``order_by`` and ``sort``, the newest first where nothing is said. Raises Unfit."""
    by = str(given.get("order_by") or "created_at")
    if by not in {"created_at", "updated_at"}:
        raise Unfit("order_by")
    newest_first = given.get("sort", "desc") == "desc"
    return sorted(items, key=lambda one: (moment(one[by], by), one["id"]), reverse=newest_first)


def moment(value: object, name: str) -> float:
    """Return a time as seconds since 1970. Raises Unfit."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        raise Unfit(name) from None


def paged(items: list[Any], call: Call) -> Reply:
    """Return one page with GitLab's headers about the others. Raises Unfit."""
    size = min(number(call.fields, "per_page", 20) or 20, LONGEST_PAGE)
    page = number(call.fields, "page", 1) or 1
    last = -(-len(items) // size) or 1
    near = {"prev": page - 1 if page > 1 else None, "next": page + 1 if page < last else None}
    headers = {
        "X-Page": str(page),
        "X-Per-Page": str(size),
        "X-Next-Page": str(near["next"] or ""),
        "X-Prev-Page": str(near["prev"] or ""),
    }
    ends: dict[str, int | None] = {"first": 1}
    if len(items) <= MOST_COUNTED:
        headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
        ends["last"] = last
    headers["Link"] = ", ".join(
        f'<{_address(call, other, size)}>; rel="{name}"'
        for name, other in (near | ends).items()
        if other is not None
    )
    return Reply(items[(page - 1) * size : page * size], headers=headers)


def _address(call: Call, page: int, size: int) -> str:
    """Return the address of another page of the same list; clients follow it as it stands."""
    query = urlencode(call.fields | {"page": page, "per_page": size}, doseq=True)
    return f"http://{call.headers.get('Host', '')}/{call.vendor}{call.path}?{query}"


def _state(issue: Fields, given: Fields) -> bool:
    wanted = str(given.get("state") or "all")
    if wanted not in STATES:
        raise Unfit("state")
    return wanted in {"all", issue["state"]}


def _words(issue: Fields, given: Fields) -> bool:
    words = str(given.get("search", "")).lower().split()
    places = [one for one in str(given.get("in") or ",".join(PLACES)).split(",") if one in PLACES]
    texts = [str(issue[place]).lower() for place in places or PLACES]
    return any(all(word in text for word in words) for text in texts)


def _labelled(issue: Fields, given: Fields) -> bool:
    wanted = labels(given.get("labels"))
    if wanted in (["None"], ["Any"]):
        return bool(issue["labels"]) is (wanted == ["Any"])
    return set(wanted) <= set(issue["labels"])


def _numbered(issue: Fields, given: Fields) -> bool:
    wanted = given.get("iids[]", given.get("iids"))
    if wanted is None:
        return True
    return str(issue["iid"]) in {
        str(one) for one in (wanted if isinstance(wanted, list) else str(wanted).split(","))
    }


def _typed(issue: Fields, given: Fields) -> bool:
    return given.get("issue_type") in {None, issue["issue_type"]}


def _dated(issue: Fields, given: Fields) -> bool:
    for name in ("created", "updated"):
        at = moment(issue[f"{name}_at"], name)
        after, before = given.get(f"{name}_after"), given.get(f"{name}_before")
        if after and at < moment(after, f"{name}_after"):
            return False
        if before and at > moment(before, f"{name}_before"):
            return False
    return True


_FILTERS: tuple[Callable[[Fields, Fields], bool], ...] = (
    _state,
    _words,
    _labelled,
    _numbered,
    _typed,
    _dated,
)
