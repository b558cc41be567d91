"""A sandbox for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from muster.sandbox import Sandbox


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as serving:
        yield serving
