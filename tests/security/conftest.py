"""A real server of a test module: only it holds payloads and histories to their limits."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from tests.servers import real


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """Return the server of a test module."""
    async with await real() as environment:
        yield environment
