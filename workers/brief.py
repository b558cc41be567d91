"""What a worker logs of a failed attempt: a sentence where the failure is an expected one, and the traceback of a surprise."""

import asyncio
import logging

from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

_EXPECTED = (TemporalError, RPCError, asyncio.CancelledError)
"""Errors that a provider or Temporal itself has been told apart as; each attempt that meets one is tried again."""


def install() -> None:
    """Keep the SDK's records of activities brief from now on."""
    logging.getLogger("temporalio.activity").addFilter(_brief)


def _brief(record: logging.LogRecord) -> bool:
    """Put the error into the sentence: with hundreds of attempts the tracebacks bury everything else."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, _EXPECTED):
        record.msg = f"{record.getMessage()}: {type(error).__name__}: {error}"
        record.args = record.exc_info = record.exc_text = None
    return True
