"""Who has an account in GitLab, and to whom an issue is assigned."""

from typing import Any

from muster.sandbox.slack_state import PEOPLE
from muster.sandbox.vendor import Fields, Unfit

_SITE = "https://gitlab.sandbox.test"


def _user(place: int, name: str) -> Fields:
    web_url = f"{_SITE}/{name}"
    return {
        "id": place,
        "username": name,
        "name": name.title(),
        "state": "active",
        "web_url": web_url,
    }


US = _user(1, "muster")
_USERS = (US, *(_user(place, name) for place, name in enumerate(PEOPLE, 11)))


def named(given: Fields) -> list[Fields]:
    """Return the users, or the one of a name, of which case does not matter."""
    wanted = str(given.get("username", "")).lower()
    return [one for one in _USERS if not wanted or one["username"] == wanted]


def assignees(given: Any) -> list[Fields]:
    """Return the users of these ids; what is nobody's, as 0 is, is passed over. Raises Unfit."""
    try:
        ids = [int(one) for one in given or ()]
    except (TypeError, ValueError):
        raise Unfit("assignee_ids") from None
    return [one for one in _USERS if one["id"] in ids]
