"""Runs the gateway by itself: ``python -m starter.gateway``."""

import argparse
import asyncio
import os
import sys

from muster import dumps, logs
from muster.keys import KeysError
from muster.policy import PolicyError
from muster.settings import SettingsError
from starter.gateway.server import GatewayError, serve
from starter.gateway.settings import EVERYWHERE, from_environment


def main() -> int:
    """Serve with the settings of the environment; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m starter.gateway", description=__doc__)
    parser.add_argument("--host", default=EVERYWHERE, help="the address on which to listen")
    given = parser.parse_args()
    logs.set_up()
    try:
        asyncio.run(serve(from_environment(host=given.host)))
    except (SettingsError, PolicyError, KeysError, GatewayError) as error:
        sys.stderr.write(f"muster gateway: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    dumps.forbid()
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the SDK's threads may die at a regular exit (sdk-python#300)
