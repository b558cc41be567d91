"""A sandbox for each test, and the vendors' specifications."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from muster.sandbox import Sandbox

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=5)
    headers = {"Authorization": "Bearer test"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        yield session


@pytest.fixture
def specs() -> Path:
    if not SPECS.is_dir():
        pytest.skip(f"no specifications at {SPECS}")
    return SPECS
