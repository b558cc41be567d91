"""``oncall override``: somebody else on a rotation for some time."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from muster import names
from starter.cli import times
from starter.cli.page import Row, inert
from starter.failures import BadInput

if TYPE_CHECKING:
    from muster.domain.policy import Policy
    from starter.cli.session import Session

Document = dict[str, Any]

DONE, RECORDED = 0, 6
_NAMED = 2
_OF_AN_OVERRIDE = ("begins", "until", "layer", "reason")


def override(
    session: "Session", policy: "Policy", words: tuple[str, ...], given: Mapping[str, Any]
) -> int:
    """Put a person on a rotation, withdraw an override, or list those that stand."""
    from starter import overrides

    withdrawn = given["withdraw"]
    if not words and all(given[one] is None for one in ("withdraw", *_OF_AN_OVERRIDE)):
        return _listed(session)
    name = names.WITHDRAW if withdrawn else names.STAND_IN
    asked = _withdraw(words, given) if withdrawn else _stand_in(session, policy, words, given)
    message = {"command_id": f"cli-{uuid.uuid4()}", "actor": session.actor} | asked
    kept = session.run(lambda muster: overrides.arrange(muster.client, name, message))
    document = kept or {"outcome": "recorded", "id": message["command_id"]}
    session.show(document, _rows(kept))
    return DONE if kept else RECORDED


def _listed(session: "Session") -> int:
    """Show who stands in, now or later, each with the command that undoes it."""
    from starter import overrides

    standing = session.run(lambda muster: overrides.standing(muster.client))
    now = datetime.now(UTC)
    document = [one.model_dump(mode="json") for one in standing if one.ends > now]
    rows = [row for one in document for row in _rows(one)]
    session.show(document, rows or [Row("Nobody stands in")])
    return DONE


def _withdraw(words: tuple[str, ...], given: Mapping[str, Any]) -> Document:
    others = [*words, *(str(given[one]) for one in _OF_AN_OVERRIDE if given[one] is not None)]
    if others:
        raise BadInput(f"withdraw: stands alone, without {others[0]!r}", "withdraw")
    return {"stand_in": given["withdraw"]}


def _stand_in(
    session: "Session", policy: "Policy", words: tuple[str, ...], given: Mapping[str, Any]
) -> Document:
    if len(words) != _NAMED:
        raise BadInput("override: say which rotation and who, such as imoc ana", "override")
    if given["until"] is None:
        raise BadInput("until: say when the rotation goes on as it was", "until")
    rotation, person = words[0], session.person("person", words[1])
    layer = 1 if given["layer"] is None else given["layer"]
    _known(policy, rotation, layer, person)
    begins = given["begins"] or datetime.now(UTC)
    if given["until"] <= begins:
        raise BadInput("until: must be after the override begins", "until")
    asked = {
        "rotation": rotation,
        "layer": layer,
        "person": person,
        "begins": times.wire(begins),
        "ends": times.wire(given["until"]),
        "reason": given["reason"],
    }
    return {field: value for field, value in asked.items() if value is not None}


def _known(policy: "Policy", rotation: str, layer: int, person: str) -> None:
    """Check against the policy. Raises BadInput."""
    from muster.oncall.roster import named

    rotations = dict(named(policy.oncall))
    if rotation not in rotations:
        known = ", ".join(rotations) or "none"
        raise BadInput(f"rotation: policy has no {rotation!r}; it has {known}", "rotation")
    if not 1 <= layer <= rotations[rotation].layers():
        raise BadInput(f"layer: {rotation} has {rotations[rotation].layers()}", "layer")
    if person not in policy.people:
        raise BadInput(f"person: {person} is not in [people] of the policy", "person")


def _rows(kept: Document | None) -> Iterator[Row]:
    if kept is None:
        text = "recorded, not yet applied: no worker answers. Do not repeat it"
        yield Row(text, style="yellow", whole=True)
        yield Row("muster oncall override", label="Then in", whole=True)
        return
    yield Row(described(kept, datetime.now(UTC)), whole=True)
    if kept["withdrawn_by"]:
        yield Row("withdrawn", style="yellow")
    else:
        yield Row(f"muster oncall override --withdraw {kept['id']}", label="To undo", whole=True)


def described(one: Mapping[str, Any], now: datetime) -> str:
    """Return who stands in where and how long."""
    begins, ends = (times.shown(one[edge], now) for edge in ("begins", "ends"))
    reason = f": {inert(one['reason'])}" if one.get("reason") else ""
    who = f"{inert(one['person'])} on layer {one['layer']} of {inert(one['rotation'])}"
    return f"{who} from {begins} to {ends}{reason}"
