"""A real server of a test module: only it holds payloads and histories to their limits."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from muster.converter import DATA_CONVERTER


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """Return the server of a test module."""
    binary = str(Path(sys.executable).parent / "temporal")
    async with await WorkflowEnvironment.start_local(
        data_converter=DATA_CONVERTER, dev_server_existing_path=binary, dev_server_log_level="never"
    ) as environment:
        yield environment
