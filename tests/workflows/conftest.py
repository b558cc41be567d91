"""One time-skipping server for each test module."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from tests.servers import time_skipping


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """Return the server of a test module."""
    async with await time_skipping() as environment:
        yield environment
