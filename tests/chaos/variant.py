"""Workers of another version: ``python -m tests.chaos.variant ShowsLast`` runs that variant of the incident."""

import asyncio
import sys

from tests.replay import variants
from workers import __main__ as worker
from workers import pool
from workflows.incident import Incident

if __name__ == "__main__":
    other = getattr(variants, sys.argv[1])
    pool.WORKFLOWS = [other if one is Incident else one for one in pool.WORKFLOWS]
    code = asyncio.run(worker.main())
    sys.stdout.flush()
    sys.exit(code)
