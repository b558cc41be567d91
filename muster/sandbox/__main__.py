"""Run the sandbox until it is told to stop: ``python -m muster.sandbox``."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from muster.sandbox.keeping import UnreadableState
from muster.sandbox.server import Sandbox


async def main() -> None:
    """Serve, and print the base URLs as one line of JSON once it listens."""
    parser = argparse.ArgumentParser(prog="python -m muster.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="a file that keeps what is in the vendors")
    given = parser.parse_args()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Sandbox.serve(given.host, given.port, given.state) as sandbox:
        print(json.dumps(sandbox.urls), flush=True)  # noqa: T201 - what starts it reads this
        await stopped.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (UnreadableState, OSError) as error:
        sys.exit(f"the sandbox cannot start: {error}")
