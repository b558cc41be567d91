"""Who of our people has which account in GitLab: to them an issue is assigned."""

import logging
from collections.abc import Mapping
from typing import Any

LOG = logging.getLogger(__name__)
NOBODY = 0
"""What GitLab takes for the id of nobody."""


class Accounts:
    """Usernames by handle; an id is looked up once, unless there is none."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self._people = dict(people)
        self._ids: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Tell whether anyone's account is known."""
        return bool(self._people)

    def of(self, handle: str | None, users: Any) -> int:
        """Return the id of a person's account, which ``users`` of the SDK may have to be asked for."""
        name = self._people.get(handle or "")
        return NOBODY if name is None else self._ids.get(name) or self._found(name, users)

    def _found(self, name: str, users: Any) -> int:
        for user in users.list(username=name, get_all=False):
            return self._ids.setdefault(name, user.id)
        LOG.warning("GitLab has no account %s: the issue is assigned to nobody", name)
        return NOBODY
