"""What all tests share: how much of the long proofs is shown, and that each failure is said at once and ends."""

import faulthandler
import gc
import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from temporalio.worker._workflow import _WorkflowWorker

# How long an example takes is the machine's.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")

_LEFT = 180.0  # seconds for what a failed test leaves to end
_STDERR = pytest.StashKey[int]()
_HELD_UP = 30.0  # seconds until a workflow's thread counts as deadlocked


class _Teller:
    """Names a failure when it happens, for whoever reads the log of a run that was cut off."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.ensure_newline()
            self._terminal.write_line(f"{report.when} of {report.nodeid} failed: {_reason(report)}")


def _reason(report: pytest.TestReport) -> str:
    """Return the first line of the error; of a process that died there is one sentence, the last."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return report.longreprtext.strip().rpartition("\n")[2]
    return str(crash.message).partition("\n")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "the random and racing proofs at the size of their figures, which takes minutes"
    parser.addoption("--full", action="store_true", help=told)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep a way to the terminal from before the output of tests is captured."""
    config.stash[_STDERR] = os.dup(2)
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(_Teller(terminal))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close it again."""
    os.close(config.stash[_STDERR])


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that lasts: a workflow whose thread it holds up counts as deadlocked."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """End this process where what a failed test leaves never ends, and say where it stands.

    From the first failure of a test on, no limit of pytest's own counts any more.
    """
    if isinstance(node, pytest.Item):
        stderr = node.config.stash[_STDERR]
        faulthandler.dump_traceback_later(_LEFT, exit=True, file=stderr)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Take this limit away once all of a test is over."""
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> Iterator[None]:
    """Let a workflow's thread wait for a processor: among other tests it may get none for the SDK's two seconds."""
    begin = _WorkflowWorker.__init__

    def patient(worker: Any, *args: Any, **options: Any) -> None:
        begin(worker, *args, **options)
        worker._deadlock_timeout_seconds = _HELD_UP  # there is no option for it

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_WorkflowWorker, "__init__", patient)
        yield


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long proofs are wanted whole."""
    return bool(request.config.getoption("--full"))
