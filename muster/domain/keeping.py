"""What is kept current outside: each thing from the state of the moment in which it is written."""

from collections.abc import Callable, Iterator

from muster.domain.effects import Card, Document, Effect, Link, Op
from muster.domain.enrolment import entry
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import OPEN
from muster.domain.naming import CHANNEL, LEDGER, effect_of
from muster.domain.policy import Policy
from muster.domain.render import LINKS, Find, card, document, links, topic
from muster.domain.state import IncidentState

_KEPT = (
    ("card", Op.CHAT_EDIT, "chat:card", "announce"),
    ("pinned", Op.CHAT_EDIT, "chat:pinned", "pin"),
    ("document", Op.TRACKER_EDIT, "tracker:document", "issue"),
    ("topic", Op.CHAT_TOPIC, CHANNEL, "channel"),
    ("bookmarks", Op.CHAT_BOOKMARK, "chat:channel:bookmarks", "channel"),
    ("record", Op.LEDGER_RECORD, LEDGER, "registration"),
)
"""What is kept current: its name, op, destination, and the effect that creates it."""
READ = tuple(dict.fromkeys((*(base for *_, base in _KEPT), *(name for name, _ in LINKS))))
"""The effects whose receipts stand in what is kept current, or decide whether it is."""


def projections(state: IncidentState, find: Find) -> Iterator[Effect]:
    """Yield what is to be kept current now; of a probe nothing."""
    if state.probe:
        return
    gone = {
        "topic": state.ended,
        "pinned": state.ended,
        "bookmarks": state.ended or not _marked(find),
        "record": state.phase not in OPEN,
    }
    for name, op, destination, base in _KEPT:
        if find(base) and not gone.get(name, False):
            yield effect_of(state, name, op, destination, after=(base,), patient=True)


def filled(effect: Effect, state: IncidentState, policy: Policy, find: Find) -> Effect:
    """Return the effect with what it is to write now; a message has its words already."""
    render = _RENDERED.get(effect.op)
    if render is None:
        return _numbered_entry(state, effect)
    field, content = render(state, policy, find)
    return effect.model_copy(update={"body": effect.body.model_copy(update={field: content})})


def _card(state: IncidentState, policy: Policy, find: Find) -> tuple[str, Card]:
    return "card", card(state, policy, find)


def _document(state: IncidentState, policy: Policy, find: Find) -> tuple[str, Document]:
    return "document", document(state, policy, find)


def _topic(state: IncidentState, _policy: Policy, _find: Find) -> tuple[str, str]:
    return "text", topic(state)


def _marked(find: Find) -> tuple[Link, ...]:
    return tuple(link for link in links(find) if link.title != "Channel")


def _bookmarks(_state: IncidentState, _policy: Policy, find: Find) -> tuple[str, tuple[Link, ...]]:
    return "links", _marked(find)


def _ledger_entry(state: IncidentState, policy: Policy, find: Find) -> tuple[str, str]:
    issue = find("issue")
    return "payload", entry(state, policy, issue.link if issue else None).model_dump_json()


def _numbered_entry(state: IncidentState, effect: Effect) -> Effect:
    """Return an effect on the ledger with the number, which was not known when it was planned."""
    if effect.op not in _ON_LEDGER or state.number is None:
        return effect
    known = LedgerEntry.model_validate_json(effect.body.payload)
    payload = known.model_copy(update={"number": state.number}).model_dump_json()
    return effect.model_copy(update={"body": effect.body.model_copy(update={"payload": payload})})


_ON_LEDGER = frozenset({Op.LEDGER_CLOSE, Op.LEDGER_REOPEN, Op.LEDGER_END})
Content = Card | Document | str | tuple[Link, ...]
_RENDERED: dict[Op, Callable[[IncidentState, Policy, Find], tuple[str, Content]]] = {
    Op.CHAT_ANNOUNCE: _card,
    Op.CHAT_PIN: _card,
    Op.CHAT_EDIT: _card,
    Op.TRACKER_OPEN: _document,
    Op.TRACKER_EDIT: _document,
    Op.CHAT_TOPIC: _topic,
    Op.CHAT_BOOKMARK: _bookmarks,
    Op.LEDGER_RECORD: _ledger_entry,
}
"""What is written from the state of the moment in which the effect begins."""


def base_of(name: str) -> str | None:
    """Return the name of the projection that keeps current what the effect of this name has created."""
    return next((kept for kept, op, _, base in _KEPT if base == name and op in _CARDS), None)


_CARDS = frozenset({Op.CHAT_EDIT, Op.TRACKER_EDIT})
"""What writes anew the very words with which its object was created."""
