"""What each key of a policy allows and the whole does not: asked of a file, never of the policy that an incident has."""

import re
from collections.abc import Iterator

from muster.domain.policy import Policy
from muster.domain.spans import written
from muster.domain.speech import PUBLIC

Key = tuple[str, ...]

_CHANNEL = re.compile(r"#(?:(?![A-Z])[\w-]){1,80}|[CG][A-Z0-9]{8,}")


def contradictions(policy: Policy) -> Iterator[tuple[Key, str]]:
    """Yield each key that does not do, and what is allowed."""
    yield from _effects(policy)
    if not policy.severity.S1.dedicated_cmoc:
        yield ("severity", "S1", "dedicated_cmoc"), "must be true: in an S1 the CMOC is dedicated"
    if not _CHANNEL.fullmatch(policy.chat.announcements):
        yield ("chat", "announcements"), "must be a chat channel, such as #incident"
    yield from _people(policy)
    yield from _rotations(policy)
    for audience, plan in policy.audiences.items():
        for place, channel in enumerate(plan.channels):
            if channel != PUBLIC and not _CHANNEL.fullmatch(channel):
                key = ("audiences", audience.value, "channels", str(place))
                yield key, f"must be {PUBLIC} or a chat channel, such as #support"


def _people(policy: Policy) -> Iterator[tuple[Key, str]]:
    """Yield who cannot be told from somebody else: one account is one person's."""
    for field in ("slack", "gitlab", "email"):
        owners: dict[str, str] = {}
        for handle, record in policy.people.items():
            value = getattr(record, field)
            if value is not None and owners.setdefault(value.lower(), handle) != handle:
                yield ("people", handle, field), f"is {owners[value.lower()]}'s already"


def _rotations(policy: Policy) -> Iterator[tuple[Key, str]]:
    for key, rotation in policy.oncall.rotations():
        for place, person in rotation.people():
            if person not in policy.people:
                yield ("oncall", *key, *place), f"{person} is nobody of [people]"


def _effects(policy: Policy) -> Iterator[tuple[Key, str]]:
    # Writing once rests on it: what a call may still write must be there when it is looked for.
    timeout, settle = policy.effects.http_timeout, policy.effects.settle
    if settle <= timeout:
        message = f"{written(settle)} must be longer than effects.http_timeout, {written(timeout)}"
        yield ("effects", "settle"), message
