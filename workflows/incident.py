"""The workflow of one incident: handlers that decide, and a main loop that keeps its deadlines."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from muster import messages as m
    from muster import names, views
    from muster.domain import commands as c
    from muster.domain import facts as f
    from muster.domain import record
    from muster.domain.deadlines import deadlines
    from muster.domain.decide import apply, decide, entered, not_permitted, refuse, refused
    from muster.domain.deciding import Decision, Refusal, Verdict
    from muster.domain.drills import titled
    from muster.domain.effects import Effect, EffectState, Receipt, Timing
    from muster.domain.evolve import born, evolve
    from muster.domain.naming import LEDGER
    from muster.domain.outbox import Entry, Outbox
    from muster.domain.plan import plan
    from muster.domain.policy import Policy
    from muster.domain.privacy import counts_as, is_open_to
    from muster.domain.ratings import same_one
    from muster.domain.state import Result
    from workflows import clock, following
    from workflows.answering import asker, not_allowed, parsed, read, refusal, unreadable
    from workflows.carrier import Carrier, unpack
    from workflows.delivery import Delivery
    from workflows.endurance import endure
    from workflows.face import Face
    from workflows.pace import ANSWERED, BREATH, Pace, crowded
    from workflows.pulse import Pulse
    from workflows.writing import Writing

LEDGER_PATIENCE = timedelta(seconds=2)
"""How long a keyed declaration waits for the ledger, which may know the key, before it opens anything outside."""
CARRIED_RECORD = 300_000
"""Bytes of the record that one run hands to the next; the tracker has the rest."""
RECORD_WAITING = 1_000_000
"""Bytes that may wait to be sent when a run hands over its record; what has no room is said to be missing."""
CONTINUE_AFTER = 500
"""Commands of one run, after which the incident continues as new."""


@workflow.defn(name=names.INCIDENT)
class Incident:
    """One incident, from its declaration until it can no longer be reopened and every effect is settled."""

    @workflow.init
    def __init__(self, *payloads: Any) -> None:
        self._bad: m.BadInput | None = None
        self._inbox: deque[tuple[str, Sequence[RawValue]]] = deque()
        self._pace = Pace()
        self._adopted: m.AdoptedPolicy | None = None
        self._denied: m.Answer | None = None
        self._face = Face()
        self._pulse = Pulse()
        self._handled = 0
        self._changed = False
        self._continue_after = CONTINUE_AFTER
        self._opened = False
        self._outbox = Outbox()
        self._writing = Writing(self._outbox)
        try:
            self._start_from(unpack(payloads, workflow.info().workflow_id))
        except m.BadInput as error:
            if workflow.info().continued_run_id:
                raise  # a newer version's carrier: the task waits for a worker that can read it
            self._bad = error
            self._start_from(m.IncidentInput(title="malformed declaration"))
        self._delivery = Delivery(
            self._outbox,
            timing=self._timing,
            number=lambda: self._state.number,
            prepare=lambda entry: self._writing.fill(entry, self._state, self._policy),
            settled=self._effect_settled,
            changed=self._effect_changed,
        )

    def _start_from(self, given: m.IncidentInput | Carrier) -> None:
        if isinstance(given, Carrier):
            self._carry_on(given)
            return
        info, at = workflow.info(), workflow.info().workflow_start_time
        declared = f.Declared(
            at=at,
            actor=given.declared_by,
            source=given.source,
            authenticated=given.authenticated,
            private=given.private,
            probe=given.probe,
            drill=given.drill,
            workflow_id=info.workflow_id,
            title=titled(given.title) if given.drill else given.title,
            severity=given.severity,
            service=given.service,
            key=given.key,
            since=min(given.since or at, at),
            alerts=given.alerts,
        )
        self._state = born(declared).model_copy(update={"first_run": info.first_execution_run_id})

    def _carry_on(self, carrier: Carrier) -> None:
        self._state = carrier.state
        self._adopted = carrier.adopted
        self._outbox = Outbox(carrier.outbox)
        self._writing = Writing(self._outbox, carrier.written)
        self._continue_after = carrier.continue_after
        self._opened = True

    def _timing(self) -> Timing:
        return self._policy.timing()

    @property
    def _policy(self) -> Policy:
        assert self._adopted is not None  # noqa: S101 - nothing is decided before the policy is there
        return self._adopted.policy

    # The life of the incident.

    @workflow.run
    async def run(self, *payloads: Any) -> m.Answer:
        """Keep the incident's promises until its end. Fails with BadInput where the declaration is malformed."""
        del payloads
        if self._bad is not None:
            raise ApplicationError(str(self._bad), type="BadInput", non_retryable=True)
        await endure(self._keep)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._told(Result(message="ended"), "")

    async def _keep(self) -> None:
        if self._adopted is None:
            await self._adopt()
        clocks = [
            asyncio.create_task(clock.keep(self._next_deadline, self._deadline_passed)),
            asyncio.create_task(clock.keep(self._next_start, self._settle_down)),
        ]
        try:
            while self._inbox or not self._over():
                self._changed = False
                self._read()
                self._pass()
                if self._inbox:
                    await workflow.sleep(BREATH, summary="a long backlog")
                else:
                    await workflow.wait_condition(self._is_awake)
        finally:
            for running in clocks:
                running.cancel()

    def _pass(self) -> None:
        """Start and show what there is, and continue as new where it is time and nobody waits for an answer."""
        self._hand_over()
        started, shown = self._deliver(), self._show()
        self._pulse.beat(moved=started or shown)
        if self._may_continue():
            self._continue_as_new()

    def _is_awake(self) -> bool:
        busy = self._changed or bool(self._inbox)
        return busy or self._over() or self._may_continue()

    async def _adopt(self) -> None:
        # No local activity: an update that comes just as one ends is replayed in another order.
        adopted = await workflow.execute_activity(
            "adopt_policy",
            result_type=m.AdoptedPolicy,
            start_to_close_timeout=timedelta(seconds=10),
            summary="policy",
        )
        self._adopted = adopted
        declared = self._state.facts[0]
        if isinstance(declared, f.Declared) and (why := not_permitted(declared, adopted.policy)):
            self._denied = not_allowed(why)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise refusal(self._denied)
        given = declared.severity if isinstance(declared, f.Declared) else None
        begun = f.PolicyAdopted(
            at=workflow.now(),
            digest=adopted.digest,
            severity=given or adopted.policy.declare.severity,
            defaulted=given is None,
        )
        self._happen((begun, self._first_confirmation(begun)))
        self._read()
        if self._state.key is not None:
            await self._ledger_first()
        self._opened = True

    def _first_confirmation(self, begun: f.PolicyAdopted) -> f.ConfirmationPlanned:
        every = None if self._state.probe else self._policy.definition(begun.severity).confirm
        due = self._state.declared_at + every if every else None
        return f.ConfirmationPlanned(at=begun.at, due=due)

    async def _ledger_first(self) -> None:
        """Give the ledger a moment to say that the key is known, before anything is opened twice outside."""
        self._deliver()
        try:
            await workflow.wait_condition(
                lambda: self._state.registered,
                timeout=LEDGER_PATIENCE,
                timeout_summary="is this key known?",
            )
        except TimeoutError:
            workflow.logger.warning("the ledger is silent: the incident begins without its word")

    def _deadline_passed(self) -> None:
        self._take(c.Tick())
        self._give_up()
        self._settle_down()

    def _give_up(self) -> None:
        """Abandon what has needed a human for too long."""
        before = workflow.now() - self._policy.effects.give_up
        for entry in self._outbox.abandon(before):
            abandoned = self._outbox.get(entry.effect.key)
            self._effect_changed(abandoned or entry)

    def _next_deadline(self) -> clock.Due | None:
        return min(self._deadlines(), default=None)

    def _deadlines(self) -> Iterator[clock.Due]:
        for one in deadlines(self._state, self._policy):
            if one.kind != "window":
                yield one.at, one.kind
            elif self._state.closing_recorded:
                # The window is inclusive; and without a recorded closing it has no end.
                yield one.at + timedelta(milliseconds=1), one.kind
        if (oldest := self._outbox.oldest_needing_human()) is not None:
            yield oldest + self._policy.effects.give_up, "give up"

    def _next_start(self) -> clock.Due | None:
        at = self._outbox.next_start(workflow.now())
        return (at, "write what has changed") if at is not None else None

    def _over(self) -> bool:
        settled = not self._outbox.unsettled() and not record.is_due(self._state, self._outbox)
        return self._state.ended and (self._state.probe or settled)

    def _should_continue(self) -> bool:
        spent = self._handled >= self._continue_after or self._pace.is_spent
        return spent or workflow.info().is_continue_as_new_suggested()

    def _may_continue(self) -> bool:
        """Tell whether it is time for the next run, nobody waits for an answer and nothing is left to be read."""
        return self._should_continue() and not self._inbox and workflow.all_handlers_finished()

    def _is_leaving(self) -> bool:
        """Tell whether this run is about to end: whoever waits for an answer gets what there is."""
        return self._over() or self._should_continue()

    def _continue_as_new(self) -> None:
        self._export(max(RECORD_WAITING - self._outbox.weight, 0))
        carrier = Carrier(
            state=self._state.trimmed(CARRIED_RECORD),
            adopted=self._adopted,
            outbox=self._outbox.compacted(),
            written=self._writing.written,
            continue_after=self._continue_after,
        )
        workflow.continue_as_new(carrier.packed())

    def _hand_over(self) -> None:
        """Give the tracker the rest of the record at the end, and what has come after it once all is settled."""
        if record.is_due(self._state, self._outbox):
            self._export()

    def _export(self, room: int | None = None) -> None:
        self._outbox.queue(record.export(self._state, room), workflow.now())
        self._state = evolve(self._state, f.Exported(at=workflow.now(), upto=self._state.sequence))

    # What arrives.

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any signal of any shape: a command is applied or refused on record, all else is a refusal on record."""
        self._inbox.append((name, args))
        self._settle_down()
        if self._adopted is not None:
            self._read()

    @workflow.update(dynamic=True)
    async def on_update(self, name: str, args: Sequence[RawValue]) -> m.Answer:
        """Answer a command: applied, requested or pending; a refusal fails the update with type Refused."""
        if name == names.REGISTERED:
            await self._admitted(lambda: self._state.registered or self._is_leaving())
            return self._told(Result(message=same_one(self._state)), asker(args))
        command = parsed(name, args)
        await self._admitted(lambda: self._adopted is not None)
        self._pace.take(command, args)
        self._receive(command, ANSWERED)
        await workflow.wait_condition(
            lambda: self._result(command).outcome != "pending" or self._is_leaving()
        )
        return self._answered(command)

    async def _admitted(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready. Raises the refusal, type Refused, where policy does not permit the declaration."""
        await workflow.wait_condition(lambda: self._denied is not None or ready())
        if self._denied is not None:
            raise refusal(self._denied)

    @on_update.validator
    def validate(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuse before anything is recorded what cannot be read and what a rule forbids."""
        if name == names.REGISTERED:
            return
        command = parsed(name, args)
        if self._adopted is None:
            return
        verdict = self._decided(command, ANSWERED)
        if isinstance(verdict, Refusal):
            raise refusal(self._told(refused(verdict), self._reader(command)))

    @workflow.query(name=names.SNAPSHOT)
    def snapshot(self, reader: str = "") -> m.Snapshot:
        """Return the incident at this instant; of a private one only what everyone may read, unless to its people."""
        policy = self._adopted.policy if self._adopted else None
        shown = views.snapshot(self._state, self._outbox, policy)
        return shown if self._may_read(reader) else views.redacted(self._state, shown)

    @workflow.query(name=names.TIMELINE)
    def timeline(self, reader: str = "") -> list[m.TimelineEntry]:
        """Return every line of the timeline, the oldest first; none of a private one, unless to its people."""
        return views.timeline(self._state) if self._may_read(reader) else []

    @workflow.query(name=names.RECORD)
    def record(self, reader: str = "") -> list[f.Fact]:
        """Return the facts, from which the state can be built again; none of a private one, unless to its people."""
        return views.record(self._state) if self._may_read(reader) else []

    def _may_read(self, reader: str) -> bool:
        releasers = self._policy.private.releasers if self._adopted else ()
        return is_open_to(self._state, reader, releasers)

    def _result(self, command: c.Command) -> Result:
        return self._state.results.get(command.command_id, Result())

    def _answered(self, command: c.Command) -> m.Answer:
        result = self._result(command)
        answer = self._told(result, self._reader(command))
        if result.outcome == "refused":
            raise refusal(answer)
        return answer

    def _reader(self, command: c.Command) -> str:
        return counts_as(command, self._policy)

    def _told(self, result: Result, who: str) -> m.Answer:
        """Return the answer as this person may read it."""
        answer = views.answer(self._state, self._policy, result)
        return answer if self._may_read(who) else views.redacted_answer(answer)

    # Deciding.

    def _read(self) -> None:
        """Read what has arrived, in order, as much of it as one instant has room for."""
        while self._inbox and self._pace.allows(self._inbox[0][1], workflow.now()):
            name, args = self._inbox.popleft()
            try:
                command = read(name, args)
                self._pace.take(command, args)
                self._receive(command)
            except m.BadInput as error:
                self._pace.pass_over()
                self._handled += 1
                self._state = entered(self._state, unreadable(name, error, workflow.now()))

    def _decided(self, command: c.Command, spare: int = 0) -> Verdict:
        known = command.command_id in self._state.results
        taken = self._pace.taken - spare
        full = None if known else crowded(command, taken, self._outbox.weight)
        return full or decide(self._state, command, self._policy, workflow.now())

    def _receive(self, command: c.Command, spare: int = 0) -> None:
        """Decide a command from outside; a refusal goes on record, since its sender may be gone."""
        self._handled += 1
        self._settle_down()
        try:
            self._decide(command, spare)
        except Exception:  # noqa: BLE001 - it must fail neither the task nor what comes after it
            workflow.logger.exception("a command could not be decided")
            failed = Refusal("unexpected", "it could not be decided; the worker's log says why")
            self._state = refuse(self._state, command, failed, workflow.now())

    def _decide(self, command: c.Command, spare: int) -> None:
        known = command.command_id in self._state.results
        verdict = self._decided(command, spare)
        if isinstance(verdict, Decision):
            self._enact(command, verdict)
            if isinstance(command, c.RetryEffect) and not known:
                self._outbox.rearm(command.key)
        elif not known:
            self._state = refuse(self._state, command, verdict, workflow.now())

    def _take(self, command: object) -> None:
        """Decide what the incident tells itself; the rules never refuse that."""
        verdict = decide(self._state, command, self._policy, workflow.now())
        if isinstance(verdict, Decision) and verdict.facts:
            self._enact(command, verdict)

    def _enact(self, command: object, decision: Decision) -> None:
        effects: list[Effect] = []
        state = self._state
        for fact in decision.facts:
            state = evolve(state, fact)
            effects += plan(state, fact, self._policy)
        # Until here nothing has changed: what cannot be decided leaves all as it was.
        self._forget_second_start(decision)
        self._outbox.queue(effects, workflow.now())
        self._state = apply(self._state, command, decision)
        self._settle_down()

    def _forget_second_start(self, decision: Decision) -> None:
        """Open nothing outside for a declaration that the ledger knows already."""
        if any(isinstance(fact, f.KnownAlready) for fact in decision.facts):
            self._outbox.discard()

    def _happen(self, facts: Sequence[f.Fact]) -> None:
        self._enact(None, Decision(tuple(facts)))

    def _settle_down(self) -> None:
        """After every transition: wake the main loop, which starts and shows what there is once for all of them."""
        self._changed = True

    # Effects.

    def _deliver(self) -> bool:
        if not self._opened:
            return self._delivery.start(only=LEDGER)
        if self._state.ended and self._state.number is not None:
            self._outbox.forgo()
        self._writing.project(self._state, self._policy)
        return self._delivery.start()

    def _effect_settled(self, entry: Entry, receipt: Receipt) -> None:
        if entry.since is not None:
            self._happen((self._effect_fact(entry),))
        if (news := following.on_success(entry, receipt)) is not None:
            self._take(news)
        self._settle_down()

    def _effect_changed(self, entry: Entry) -> None:
        if (news := following.on_trouble(entry)) is not None:
            self._take(news)
        self._happen((self._effect_fact(entry),))

    def _effect_fact(self, entry: Entry) -> f.EffectChanged:
        return f.EffectChanged(
            at=workflow.now(),
            key=entry.effect.key,
            title=views.effect_title(entry),
            state=entry.state,
            reason="" if entry.state is EffectState.DONE else entry.reason,
        )

    def _show(self) -> bool:
        known = self._adopted.search_attributes if self._adopted else ()
        return self._face.show(self._state, self._outbox, self._policy, known)
