"""The watchdog: every step of a probe, how long it took, and what is said where one does not come."""

import asyncio
from collections.abc import Iterator

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from tests.starter.cli_steps import declared
from tests.starter.conftest import Cli, Workers, free_port

pytestmark = pytest.mark.timeout(120)
STEPS = ["connected", "declared", "answered", "registered", "cancelled", "ended"]


@pytest.fixture
def alone(muster: Cli, cli_workers: Workers) -> Iterator[Cli]:
    """Yield the CLI while no worker runs; one is back afterwards."""
    cli_workers.stop()
    try:
        yield muster
    finally:
        cli_workers.start()


def status(muster: Cli, workflow_id: str) -> WorkflowExecutionStatus | None:
    async def described() -> WorkflowExecutionStatus | None:
        client = await Client.connect(muster.environment["TEMPORAL_ADDRESS"])
        return (await client.get_workflow_handle(workflow_id).describe()).status

    return asyncio.run(described())


def test_all_is_well_and_no_number_is_spent(muster: Cli) -> None:
    before = declared(muster)
    done = muster("probe", "--json")
    assert done.code == 0, done
    document = done.document
    assert (document["ok"], document["failed"], list(document["steps"])) == (True, None, STEPS)
    assert 0 < sum(document["steps"].values()) <= document["seconds"] + 0.01
    assert status(muster, document["workflow_id"]) is WorkflowExecutionStatus.COMPLETED
    after = declared(muster)
    assert after["number"] == before["number"] + 1
    listed = [one["workflow_id"] for one in muster("list", "--json").document]
    assert document["workflow_id"] not in listed
    assert "all is well" in muster("probe").out


def test_its_metrics_are_prometheus_own_format(muster: Cli) -> None:
    done = muster("probe", "--metrics")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert "muster_probe_success 1" in lines
    values = [line for line in lines if line.startswith("muster_probe_step_seconds{")]
    assert [line.split('"')[1] for line in values] == STEPS


def test_without_a_worker_it_says_which_step_does_not_come(alone: Cli) -> None:
    done = alone("probe", "--timeout", "1s", "--json")
    document = done.document
    assert (done.code, document["error"]["code"]) == (6, "not_answered")
    assert (document["ok"], document["failed"]) == (False, "answered")
    assert list(document["steps"]) == ["connected", "declared"]
    failed = alone("probe", "--timeout", "1s", "--metrics")
    assert (failed.code, failed.out.splitlines()[2]) == (6, "muster_probe_success 0")
    assert "no worker answers" in failed.err


def test_where_nobody_listens() -> None:
    away = Cli({"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"})
    document = away("probe", "--json").document
    assert (document["error"]["code"], document["failed"]) == ("unreachable", "connected")
    assert away("probe").code == 5


def test_bad_words(muster: Cli) -> None:
    assert muster("probe", "--timeout", "2m", "--json").document["error"]["field"] == "timeout"
    assert muster("probe", "--metrics", "--json").document["error"]["field"] == "metrics"
