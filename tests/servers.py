"""Temporal servers for tests: one on which time is skipped, and a real one."""

import os
import sys
from pathlib import Path

from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment

from muster.converter import DATA_CONVERTER

_BINARIES = Path(sys.executable).parent


async def time_skipping(
    port: int | None = None, converter: DataConverter = DATA_CONVERTER
) -> WorkflowEnvironment:
    """Start a server on which time passes while a result is awaited.

    It starts a new run and ends the old one in two steps: a call that starts what it does not find may come between.
    """
    binary = os.environ.get("TEMPORAL_TEST_SERVER") or str(_BINARIES / "temporal-test-server")
    return await WorkflowEnvironment.start_time_skipping(
        data_converter=converter, test_server_existing_path=binary, port=port
    )


async def real() -> WorkflowEnvironment:
    """Start a server with all limits; only a new run need not wait its second."""
    return await WorkflowEnvironment.start_local(
        data_converter=DATA_CONVERTER,
        dev_server_existing_path=str(_BINARIES / "temporal"),
        dev_server_log_level="never",
        dev_server_extra_args=[
            "--dynamic-config-value",
            'history.workflowIdReuseMinimalInterval="10ms"',
        ],
    )
