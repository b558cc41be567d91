"""The effects whose end is news to the incident itself, each as the command that brings it."""

import json
from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from muster import messages as m
    from muster.domain import commands as c
    from muster.domain.effects import EffectState, Op, Receipt
    from muster.domain.outbox import Entry

News = c.Registered | c.ClosingRecorded | c.MergeAnswered


def on_success(entry: Entry, receipt: Receipt) -> News | None:
    """Return what the incident is to be told of an effect that is done."""
    told = _FOLLOW.get(entry.effect.op)
    return told(entry, receipt) if told and receipt.answer else None


def on_trouble(entry: Entry) -> News | None:
    """Return what the incident is to be told of an effect that will not be done."""
    if entry.effect.op is not Op.INCIDENT_ABSORB or entry.state is EffectState.DEGRADED:
        return None
    return c.MergeAnswered(command_id=_merge_id(entry), refused=entry.reason or "it did not answer")


def _registered(_entry: Entry, receipt: Receipt) -> News:
    return c.Registered.model_validate_json(receipt.answer)


def _closing_recorded(_entry: Entry, receipt: Receipt) -> News:
    return c.ClosingRecorded.model_validate_json(receipt.answer)


def _absorbed(entry: Entry, receipt: Receipt) -> News:
    answer = m.Answer.model_validate_json(receipt.answer)
    refused = answer.message if answer.outcome is m.Outcome.REFUSED else None
    return c.MergeAnswered(command_id=_merge_id(entry), refused=refused)


def _merge_id(entry: Entry) -> str:
    body = entry.effect.body
    # An older carrier has the id only behind the workflow's.
    return body.event or str(json.loads(body.payload)["command_id"]).rpartition("/absorb/")[2]


_FOLLOW: dict[Op, Callable[[Entry, Receipt], News]] = {
    Op.LEDGER_REGISTER: _registered,
    Op.LEDGER_CLOSE: _closing_recorded,
    Op.INCIDENT_ABSORB: _absorbed,
}
