"""Every saved history replays; a change of the order of commands without ``patched`` would break one."""

import re
from pathlib import Path

import pytest
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from muster.converter import DATA_CONVERTER
from tests.replay.shelf import kinds, load, saved, shown, text
from tests.replay.variants import ShowsLast, ShowsLastPatched
from workflows.auditor import Auditor
from workflows.incident import Incident
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage
from workflows.reading import Reading
from workflows.service import Service
from workflows.stand_ins import Overrides

WORKFLOWS = [Incident, Ledger, LedgerPage, Service, Overrides, Auditor, Reading]
LIVES = (
    "auditor-completed",
    "incident-1-completed",
    "incident-7-continued_as_new",
    "incident-7-running",
    "incident-malformed-failed",
    "ledger-running",
    "reading-completed",
)


def replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows or WORKFLOWS, data_converter=DATA_CONVERTER)


@pytest.mark.parametrize("path", saved(), ids=shown)
async def test_a_saved_history_replays(path: Path) -> None:
    await replayer().replay_workflow(load(path))


@pytest.mark.parametrize("name", LIVES)
def test_the_lives_that_matter_are_on_the_shelf(name: str) -> None:
    assert any(path.name == f"{name}.json.gz" for path in saved())


def test_the_histories_hold_every_kind_of_event_that_we_make() -> None:
    seen = {kind for path in saved() for kind in kinds(path)}
    ours = {
        "activity_task_completed",
        "timer_fired",
        "timer_canceled",
        "upsert_workflow_search_attributes",
        "workflow_execution_continued_as_new",
        "workflow_execution_signaled",
        "workflow_execution_update_completed",
    }
    assert ours <= {kind.removesuffix("_event_attributes") for kind in seen}


def test_no_saved_history_names_the_machine_on_which_it_was_made() -> None:
    for path in saved():
        identities = set(re.findall(r'"identity": "([^"]*)"', text(path)))
        assert identities <= {"recorder", "history-service", ""}, path.name
        assert "site-packages" not in text(path), path.name


def lived() -> list[Path]:
    """Return the histories of incidents that have begun: a malformed declaration has only its failure."""
    return [one for one in saved() if re.match(r"incident-\d", one.name)]


@pytest.mark.parametrize("path", lived(), ids=shown)
async def test_two_commands_in_another_order_are_seen(path: Path) -> None:
    failed = await replayer(ShowsLast).replay_workflow(load(path), raise_on_replay_failure=False)
    assert isinstance(failed.replay_failure, NondeterminismError)


@pytest.mark.parametrize("path", lived(), ids=shown)
async def test_the_same_change_under_patched_replays(path: Path) -> None:
    await replayer(ShowsLastPatched).replay_workflow(load(path))
