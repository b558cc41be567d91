"""What passes between services and incidents: declarations, reports, notices, legacies."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.border import cross
from muster import names
from muster.domain.commands import Absorb, ReportAlerts
from muster.domain.effects import EffectCall, Op, Receipt
from muster.domain.foreign import in_code
from muster.domain.ledger import LedgerEntry
from muster.domain.lifecycle import OPEN
from muster.domain.service import Declare, Declared, Report, Reported, ServiceInput, ServiceOp
from muster.domain.severity import Severity
from muster.messages import Answer, IncidentInput, IncidentNotice, Outcome
from muster.ports import Drift, Rejected, Waiting

PATIENCE: Final = 5
"""So often the ledger is asked before an incident is declared without it: people come first."""

_RPC = timedelta(seconds=3)
_UPDATE = timedelta(seconds=10)
_REFUSALS = frozenset({"Refused", "BadInput"})
_FOREVER = frozenset({RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED})


class ServiceActivities:
    """What a service asks for."""

    def __init__(self, client: Client, starting: Severity = Severity.S3) -> None:
        """Take the worker's client and the severity for a service that was given none."""
        self._client = client
        self._starting = starting

    @activity.defn(name=ServiceOp.DECLARE)
    async def declare(self, call: Declare) -> Declared:
        """Return the open incidents of the service, no drill; where there is none, start one."""
        found = tuple(
            entry.workflow_id
            for entry in await self._open()
            if entry.service == call.service and entry.workflow_id not in call.over
            if not entry.drill
        )
        return Declared(workflow_ids=found) if found else await self._start(call)

    @activity.defn(name=ServiceOp.REPORT)
    async def report(self, call: Report) -> Reported:
        """Signal alerts to an incident; one that does not run any more is said to be gone."""
        command = ReportAlerts(
            command_id=call.command_id,
            actor=call.sender.actor,
            source=call.sender.source,
            authenticated=call.sender.authenticated,
            alerts=call.alerts,
        )
        handle = self._client.get_workflow_handle(call.workflow_id)
        try:
            await handle.signal(
                names.REPORT_ALERTS, command.model_dump(mode="json"), rpc_timeout=_RPC
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Reported(gone=True)
            _stop_if_hopeless(error)
            raise
        return Reported()

    async def _open(self) -> tuple[LedgerEntry, ...]:
        handle = self._client.get_workflow_handle(names.LEDGER_ID)
        try:
            entries: list[Any] = await handle.query(names.LEDGER_OPEN, rpc_timeout=_RPC)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND or activity.info().attempt > PATIENCE:
                return ()
            raise
        known = (LedgerEntry.model_validate(entry) for entry in entries)
        return tuple(entry for entry in known if entry.phase in OPEN)

    async def _start(self, call: Declare) -> Declared:
        declaration = _declaration(call, self._starting)
        workflow_id = names.incident_id(call.key)
        try:
            await self._client.start_workflow(
                names.INCIDENT,
                declaration.model_dump(mode="json"),
                id=workflow_id,
                task_queue=names.TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=in_code(f"{call.service}: {declaration.title}"[:198]),
                rpc_timeout=_RPC,
            )
        except WorkflowAlreadyStartedError:
            return Declared()  # an earlier attempt has started it, and it has ended since
        except RPCError as error:
            _stop_if_hopeless(error)
            raise
        return Declared(workflow_ids=(workflow_id,), fresh=True)


class Relay:
    """What incidents say to services and to each other."""

    def __init__(self, client: Client) -> None:
        """Take the worker's client."""
        self._client = client

    @activity.defn(name=Op.SERVICE_TELL)
    async def tell(self, call: EffectCall) -> Receipt:
        """Give a service its incident's notice, starting the service where it does not run."""
        return await cross(call, lambda _fresh: self._tell(call))

    @activity.defn(name=Op.INCIDENT_ABSORB)
    async def absorb(self, call: EffectCall) -> Receipt:
        """Ask the survivor to take a duplicate over; its refusal is an answer, not an error."""
        return await cross(call, lambda _fresh: self._absorb(call))

    async def _tell(self, call: EffectCall) -> Receipt:
        try:
            notice = IncidentNotice.model_validate_json(call.body.payload)
        except ValidationError as error:
            raise _malformed(call, error) from None
        try:
            await self._client.start_workflow(
                names.SERVICE,
                ServiceInput(service=notice.service).model_dump(mode="json"),
                id=names.service_id(notice.service),
                task_queue=names.TASK_QUEUE,
                start_signal=names.SERVICE_INCIDENT,
                start_signal_args=[notice.model_dump(mode="json")],
                static_summary=in_code(notice.service),
                rpc_timeout=_RPC,
            )
        except RPCError as error:
            _stop_if_hopeless(error)
            raise
        return Receipt(id=names.service_id(notice.service))

    async def _absorb(self, call: EffectCall) -> Receipt:
        try:
            command = Absorb.model_validate_json(call.body.payload)
        except ValidationError as error:
            raise _malformed(call, error) from None
        answer = await self._answer(call.body.other_workflow, command)
        return Receipt(id=command.command_id, answer=answer.model_dump_json())

    async def _answer(self, workflow_id: str, command: Absorb) -> Answer:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            answer = await handle.execute_update(
                names.ABSORB,
                command.model_dump(mode="json"),
                id=command.command_id,
                rpc_timeout=_UPDATE,
            )
        except WorkflowUpdateFailedError as error:
            return _refused(error)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            message = "the other incident has not answered yet"
            raise Waiting(message) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                message = "the other incident does not run any more"
                return Answer(outcome=Outcome.REFUSED, message=message, code="ended")
            _stop_if_hopeless(error)
            raise
        return Answer.model_validate(answer)


def _declaration(call: Declare, starting: Severity) -> IncidentInput:
    first = min(alert.starts_at for alert in call.alerts)
    return IncidentInput(
        title=call.title,
        severity=call.severity or starting,
        service=call.service,
        key=call.key,
        declared_by=call.sender.actor,
        source=call.sender.source,
        authenticated=call.sender.authenticated,
        since=min(first, datetime.now(UTC)),
        alerts=call.alerts,
    )


def _refused(error: WorkflowUpdateFailedError) -> Answer:
    cause = error.cause
    if not isinstance(cause, ApplicationError) or cause.type not in _REFUSALS:
        message = f"the other incident failed to answer: {cause}"
        raise Drift(message) from error
    try:
        return Answer.model_validate(cause.details[0] if cause.details else None)
    except ValidationError:
        return Answer(outcome=Outcome.REFUSED, message=cause.message, code="refused")


def _stop_if_hopeless(error: RPCError) -> None:
    """Raise ApplicationError, not to be tried again, where no later attempt will do; hardly any is so."""
    if error.status in _FOREVER:
        raise ApplicationError(str(error), type="Rejected", non_retryable=True) from error


def _malformed(call: EffectCall, error: ValidationError) -> Rejected:
    found = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
    message = f"the payload of {call.key} does not fit: {found}"
    return Rejected(message)
