"""The schedule that starts the auditor again and again, whichever worker is there."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from muster import names


async def ensure(client: Client, every: timedelta) -> None:
    """Make the schedule, or bring it to this interval."""
    wanted = _schedule(every)
    try:
        await client.create_schedule(names.AUDITOR_SCHEDULE, wanted)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(names.AUDITOR_SCHEDULE)
        await handle.update(lambda known: _updated(known, wanted))


def _schedule(every: timedelta) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.AUDITOR,
            id=names.AUDITOR_ID,
            task_queue=names.TASK_QUEUE,
            execution_timeout=timedelta(minutes=2),
            static_summary="looks at every open incident",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
        ),
    )


def _updated(known: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate | None:
    """Change interval and action alone: whoever paused it had a reason."""
    schedule = known.description.schedule
    if schedule.spec.intervals == wanted.spec.intervals:
        return None
    schedule.spec, schedule.action = wanted.spec, wanted.action
    return ScheduleUpdate(schedule=schedule)
