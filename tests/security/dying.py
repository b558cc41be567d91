"""A worker that dies of an unhandled error, with everything set up: ``python -m tests.security.dying``."""

import runpy
from typing import Any, NoReturn

from workers import pool


def out_of_order(*given: Any, **named: Any) -> NoReturn:
    raise LookupError("out of order")


pool.workers = out_of_order
runpy.run_module("workers", run_name="__main__")
