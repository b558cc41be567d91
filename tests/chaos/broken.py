"""A broken build: workers whose incidents do in another order what their histories say."""

import asyncio
import sys
from typing import Any

from tests.replay.variants import ShowsLast
from workers import __main__ as worker
from workers import pool
from workflows.incident import Incident


def broken(workflows: list[Any]) -> list[Any]:
    """Return the workflows with the broken incident in the place of the sound one."""
    return [ShowsLast if one is Incident else one for one in workflows]


if __name__ == "__main__":
    pool.WORKFLOWS = broken(pool.WORKFLOWS)
    code = asyncio.run(worker.main())
    sys.stdout.flush()
    sys.exit(code)
