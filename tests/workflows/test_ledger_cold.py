"""The ledger on a worker that forgets at once: each task begins with the whole history."""

from muster import names
from muster.domain.ledger import LedgerState
from muster.domain.lifecycle import Phase
from tests.servers import real
from tests.workflows.ledger_office import INSTANT, TINY, begin, registration, sound, working


async def test_it_goes_on_from_its_history_alone() -> None:
    async with (
        await real() as env,
        working(env.client, max_cached_workflows=0, max_concurrent_workflow_task_polls=1) as office,
    ):
        await begin(env.client, LedgerState(limits=TINY))
        for number in range(1, 12):
            asked = registration(str(number), key=f"key-{number}", window=INSTANT)
            assert (await office.register(asked)).number == number
            entry = await office.entry(number)
            assert entry
            await office.close(entry)
        for number in range(1, 12):
            entry = await office.entry(number)
            assert entry
            assert entry.phase is Phase.CLOSED
        latest = env.client.get_workflow_handle(names.LEDGER_ID)
        await latest.cancel()
        assert (await office.entry(1)) is not None
        await sound(latest)
