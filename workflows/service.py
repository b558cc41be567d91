"""The workflow of one service: gathers alerts, declares an incident, keeps incidents informed."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from muster import names
    from muster.domain import service as domain
    from muster.domain.foreign import clean, in_code
    from muster.domain.model import Record
    from muster.domain.service import Action, Declare, Report, ServiceInput, ServiceOp, State
    from muster.encrypted import Undecipherable
    from muster.messages import AlertBatch, BadInput, IncidentEvent, IncidentNotice, validated
    from workflows.endurance import endure
    from workflows.payloads import decoded, started_with

BURST = 50
"""So many signals are read before something is done about them; a task must not take long."""
FORGET_AFTER = timedelta(days=1)
"""So long after nothing fires and nothing is open it ends; the next alert starts it anew."""
CARRIED_ALERTS = 1_000
"""With more in reports under way, the next run asks the state again instead of carrying them."""

_OPTIONS: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=20)
    ),
}
_SHOWN = 20
_NAME = 200


class Carry(Record):
    """What one run of a service leaves to the next."""

    state: State
    actions: tuple[Declare | Report, ...] = ()
    catch_up: tuple[str, ...] = ()
    refused: int = 0
    signals_per_run: int = 2_000


@workflow.defn(name=names.SERVICE)
class Service:
    """One service; its signals are read, and what they give to do is done, in their order."""

    @workflow.init
    def __init__(self, *payloads: Any) -> None:
        """Take up what an earlier run has left, or begin with nothing; any payload will do."""
        self._unread: Undecipherable | None = None
        try:
            carry = _carried(payloads)
        except Undecipherable as error:
            self._unread, carry = error, _carried(())
        self._state = carry.state
        self._per_run = max(carry.signals_per_run, 1)
        self._refused = carry.refused
        self._inbox: deque[tuple[str, Sequence[RawValue]]] = deque()
        self._actions: deque[Action] = deque(carry.actions)
        self._signals = 0
        self._take(domain.catch_up(self._state, carry.catch_up))

    @workflow.run
    async def run(self, *payloads: Any) -> None:
        """Gather and report, until there has been nothing to remember for a day."""
        del payloads
        if self._unread:
            raise self._unread
        await endure(self._keep)

    async def _keep(self) -> None:
        self._show()
        while await self._has_work():
            self._read()
            self._show()
            if self._actions:
                await self._act(self._actions[0])
            elif self._inbox:
                await workflow.sleep(timedelta(milliseconds=1), summary="a long backlog")
            if self._is_spent() and not self._inbox:
                carry = self._carry().model_dump(mode="json", exclude_defaults=True)
                workflow.continue_as_new(carry)

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any signal as it is; what it says is read in its turn."""
        self._signals += 1
        self._inbox.append((name, args))

    async def _has_work(self) -> bool:
        """Wait for something to do; False where the service has been quiet for so long."""
        timeout = FORGET_AFTER if self._state.is_quiet else None
        try:
            await workflow.wait_condition(
                lambda: bool(self._inbox or self._actions),
                timeout=timeout,
                timeout_summary="quiet: the service is forgotten after this",
            )
        except TimeoutError:
            return bool(self._inbox)
        return True

    def _read(self) -> None:
        for _ in range(min(BURST, len(self._inbox))):
            name, args = self._inbox.popleft()
            try:
                self._receive(name, [decoded(arg) for arg in args])
            except (BadInput, ArithmeticError) as error:  # a date may be past what a clock can say
                self._refused += 1
                workflow.logger.warning("refused a signal", extra={"reason": str(error)})

    def _show(self) -> None:
        workflow.set_current_details(_details(self._state, self._refused))

    def _receive(self, name: str, args: list[object]) -> None:
        if len(args) != 1:
            message = f"{name} takes one payload, not {len(args)}"
            raise BadInput(message, None)
        if name == names.SERVICE_ALERTS:
            self._observe(validated(AlertBatch, args[0]))
        elif name == names.SERVICE_INCIDENT:
            self._hear(validated(IncidentNotice, args[0]))
        else:
            message = f"unknown signal {clean(name, 100)!r}"
            raise BadInput(message, "name")

    def _observe(self, batch: AlertBatch) -> None:
        known = {
            "service": batch.service,
            "severity": batch.policy_severity or self._state.severity,
            "sender": batch.sender,
        }
        state = self._state.model_copy(update=known)
        self._take(domain.observe(state, batch.alerts, workflow.now()))

    def _hear(self, notice: IncidentNotice) -> None:
        state = self._state.model_copy(update={"service": notice.service})
        if notice.event is IncidentEvent.CLOSED:
            self._take(domain.over(state, notice.workflow_id, notice.at, workflow.now()))
            return
        if notice.event is IncidentEvent.UNHEARD:
            self._take(domain.unheard(state, notice.workflow_id, notice.alerts, workflow.now()))
            return
        answer = domain.opened if notice.event is IncidentEvent.OPENED else domain.asked
        asked = (notice.workflow_id, notice.number, workflow.now(), notice.alerts)
        self._take(answer(state, *asked))

    def _take(self, step: domain.Step) -> None:
        self._state, actions = step
        self._actions.extend(actions)

    async def _act(self, action: Action) -> None:
        if not domain.is_needed(self._state, action):
            self._take(domain.passed_over(self._state, action, workflow.now()))
        else:
            try:
                await self._execute(action)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    return  # a request to cancel is passed over, and what it cut off is done again
                workflow.logger.error(
                    "an action was refused for good", extra={"reason": str(error.cause)}
                )
                self._take(domain.passed_over(self._state, action, workflow.now()))
        self._actions.popleft()

    async def _execute(self, action: Action) -> None:
        if isinstance(action, Declare):
            answer = await workflow.execute_activity(
                ServiceOp.DECLARE,
                action,
                result_type=domain.Declared,
                summary=in_code(action.title),
                **_OPTIONS,
            )
            self._take(domain.declared(self._state, action, answer, workflow.now()))
            return
        reported = await workflow.execute_activity(
            ServiceOp.REPORT,
            action,
            result_type=domain.Reported,
            summary=f"{len(action.alerts)} alerts to {action.workflow_id}",
            **_OPTIONS,
        )
        if reported.gone:
            self._take(domain.passed_over(self._state, action, workflow.now()))

    def _is_spent(self) -> bool:
        return self._signals >= self._per_run or workflow.info().is_continue_as_new_suggested()

    def _carry(self) -> Carry:
        declares = tuple(one for one in self._actions if isinstance(one, Declare))
        reports = tuple(one for one in self._actions if isinstance(one, Report))
        fits = sum(len(one.alerts) for one in reports) <= CARRIED_ALERTS
        return Carry(
            state=self._state,
            actions=tuple(self._actions) if fits else declares,
            catch_up=() if fits else tuple(dict.fromkeys(one.workflow_id for one in reports)),
            refused=self._refused,
            signals_per_run=self._per_run,
        )


def _carried(payloads: Sequence[object]) -> Carry:
    given = payloads[0] if len(payloads) == 1 else None
    try:
        return Carry.model_validate(started_with(given))
    except (ValidationError, BadInput):
        start = _start(given)
    origin = workflow.info().first_execution_run_id
    return Carry(
        state=State(service=clean(start.service, _NAME), origin=origin),
        signals_per_run=start.signals_per_run,
    )


def _start(given: object) -> ServiceInput:
    try:
        return ServiceInput.model_validate(given)
    except ValidationError:
        return ServiceInput()


def _details(state: State, refused: int) -> str:
    firing = state.alerts.firing()
    open_ = ", ".join(
        f"#{one.number}" if one.number else in_code(key) for key, one in state.incidents.items()
    )
    lines = [
        f"{in_code(state.service)}: {len(firing)} firing, open incidents: {open_ or 'none'}",
        *(
            f"- {in_code(alert.name)} since {alert.starts_at:%Y-%m-%d %H:%M:%S} UTC"
            for alert in firing[-_SHOWN:]
        ),
    ]
    if state.declaring is not None:
        lines.append("An incident is being declared.")
    if state.alerts.unkept:
        lines.append(f"{state.alerts.unkept} alerts did not fit any more.")
    if refused:
        lines.append(f"{refused} signals were refused as malformed.")
    return "\n".join(lines)
