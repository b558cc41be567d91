"""What strangers may send: values of any shape, good documents bent in a place or more, and how many the tests try.

What a door takes after all was no malformed thing: the tests look at it as at the others, and it is not counted.
"""

import copy
import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st

from tests.security.hostile import HOSTILE

T = TypeVar("T", bound=Callable[..., None])

COUNTS: Final = {
    "requests": 2_000,
    "raw requests": 1_000,
    "command lines": 2_500,
    "messages": 2_000,
    "start payloads": 1_000,
    "deliveries": 400,
    "signatures": 400,
    "policies": 400,
    "environments": 400,
    "payloads on a server": 150,
}
"""How many malformed things each door is sent, and refuses, at least."""
REFUSED: Final = Counter[str]()

TEXTS = st.one_of(
    st.sampled_from(list(HOSTILE.values())),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(["", " ", "0", "-1", "S1", "imoc", "ana", "x" * 5_000, "日" * 300, "9" * 400]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(2**63), 0, 1, 1e308, float("inf"), float("nan")]),
    st.floats(),
    TEXTS,
    st.sampled_from(
        ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def tried(door: str, *, each: int = 1) -> Callable[[T], T]:
    """Go on until the door has refused so many, each example so many of them; fail where it did not come to that."""
    phases = tuple(Phase) if each == 1 else (Phase.explicit, Phase.reuse, Phase.generate)
    chosen = settings(
        max_examples=-(-COUNTS[door] // each),
        phases=phases,  # many at a time are not made smaller
        suppress_health_check=list(HealthCheck),
    )

    def counting(test: T) -> T:
        run = chosen(test)

        @functools.wraps(run)
        def counted(*args: Any, **kwargs: Any) -> None:
            REFUSED[door] = 0
            run(*args, **kwargs)
            assert REFUSED[door] >= COUNTS[door]

        return counted  # type: ignore[return-value]  # it takes what the test takes

    return counting


def refused(door: str, count: int, *, each: int = 1) -> None:
    """Count what a door has refused of an example; one of fewer than it should have does not count as tried."""
    REFUSED[door] += count
    assume(count >= each)


@st.composite
def bent(draw: st.DrawFn, documents: list[Any]) -> Any:
    """Return one of these documents with one to three places changed, dropped or added to."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 3))):
        document = _bent(draw, document)
    return document


def _bent(draw: st.DrawFn, document: Any) -> Any:
    node, places = document, list(_places(document))
    if not places:
        return draw(VALUES)
    *path, last = draw(st.sampled_from(places))
    for part in path:
        node = node[part]
    if draw(st.booleans()) or isinstance(node, list):
        node[last] = draw(VALUES)
    elif draw(st.booleans()):
        del node[last]
    else:
        node[draw(TEXTS)] = draw(VALUES)
    return document


def _places(node: Any, above: tuple[Any, ...] = ()) -> Any:
    pairs = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, child in pairs:
        yield (*above, key)
        yield from _places(child, (*above, key))


WHO = {"command_id": "c1", "actor": "ana", "source": "cli", "number": 1}
ALERT = {
    "fingerprint": "f1",
    "name": "HighErrorRate",
    "service": "web",
    "firing": True,
    "starts_at": "2026-01-01T00:00:00Z",
    "summary": "5xx",
    "link": "https://runbooks.example/web",
}
COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "assign_role": {**WHO, "role": "imoc", "person": "ana"},
    "post_update": {
        **WHO,
        "message": "we look",
        "to": ["support", "end-users"],
        "status": "investigating",
    },
    "add_note": {**WHO, "text": "looking", "kind": "trying", "lasts": 60},
    "change_severity": {**WHO, "severity": "S1", "reason": "all regions"},
    "resolve": {**WHO, "message": "back", "despite": "DiskFull", "reason": "spare"},
    "reopen": {**WHO, "reason": "again", "closed_by_mistake": True},
    "merge": {**WHO, "into": 7, "into_workflow": "incident-7"},
    "cancel": {**WHO, "reason": "false alarm"},
    "retry_effect": {**WHO, "key": "incident-1/bridge"},
    "report_alerts": {**WHO, "alerts": [ALERT]},
    "absorb": {
        **WHO,
        "duplicate": 7,
        "duplicate_workflow": "incident-7",
        "severity": "S2",
        "declared_at": "2026-01-01T00:00:00Z",
        "wait_owed": True,
        "services": ["web"],
        "alerts": [ALERT],
    },
}
DECLARATION = {
    "title": "api errors",
    "severity": "S1",
    "service": "web",
    "key": "ticket-1",
    "declared_by": "ana",
    "source": "cli",
    "since": "2026-01-01T00:00:00Z",
    "alerts": [ALERT],
}
