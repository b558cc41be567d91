"""One time-skipping server for each test module."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment

from muster.converter import DATA_CONVERTER


async def time_skipping(
    port: int | None = None, converter: DataConverter = DATA_CONVERTER
) -> WorkflowEnvironment:
    """Start a server on which time passes while a result is awaited."""
    binary = os.environ.get("TEMPORAL_TEST_SERVER") or str(
        Path(sys.executable).parent / "temporal-test-server"
    )
    return await WorkflowEnvironment.start_time_skipping(
        data_converter=converter, test_server_existing_path=binary, port=port
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return the server of a test module."""
    async with await time_skipping() as environment:
        yield environment
