"""The connection to Temporal, and what its errors mean to a person."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from muster import environment, keys
from muster.encrypted import PlainPayloadConverter, Undecipherable, encrypting
from starter.failures import (
    BadInput,
    BadSetting,
    Gone,
    Illegible,
    Refused,
    Silent,
    Unreachable,
)

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds until Temporal counts as unreachable."""

_REFUSED_BY_SERVER = frozenset(
    {RPCStatusCode.UNAVAILABLE, RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED}
)


async def connect() -> Client:
    """Connect as Temporal's own environment says. Raises BadSetting or Unreachable."""
    settings = _settings() | {"data_converter": _converter()}
    try:
        async with asyncio.timeout(PATIENCE):
            return await Client.connect(**settings)
    except ValueError as error:
        message = f"TEMPORAL_ADDRESS: {error}"
        raise BadSetting(message, "TEMPORAL_ADDRESS") from None
    except (TimeoutError, RuntimeError, RPCError):
        message = f"Temporal does not answer at {settings['target_host']} (TEMPORAL_ADDRESS)"
        raise Unreachable(message) from None


def _settings() -> dict[str, Any]:
    try:
        return environment.temporal()
    except environment.SettingsError as error:
        raise BadSetting(str(error), error.variable) from None


def _converter() -> DataConverter:
    plain = DataConverter(payload_converter_class=PlainPayloadConverter)
    try:
        return encrypting(plain, keys.read(os.environ.get(keys.VARIABLE)))
    except keys.KeysError as error:
        raise BadSetting(str(error), keys.VARIABLE) from None


async def within(
    seconds: float, call: Callable[[], Awaitable[T]], *, silent: Exception | None = None
) -> T:
    """Return the call's answer. Raises Silent, Gone, Illegible or Unreachable for what an RPC can meet."""
    try:
        async with asyncio.timeout(seconds):
            return await call()
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise silent or Silent("no worker answers") from None
    except Undecipherable as error:
        message = f"it may be done, but what Temporal answers cannot be read: {error}"
        raise Illegible(message, keys.VARIABLE) from None
    except RPCError as error:
        raise _failure(error, silent) from None


def _failure(error: RPCError, silent: Exception | None) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        details = error.grpc_status.details
        if details and details[0].Is(NamespaceNotFoundFailure.DESCRIPTOR):
            return Unreachable("Temporal has no such namespace (TEMPORAL_NAMESPACE)")
        return Gone("Temporal has no such workflow running")
    if error.status in _REFUSED_BY_SERVER:
        return Unreachable(f"Temporal does not serve us: {error.status.name.lower()}")
    return silent or Silent("no worker answers")


def kind(cause: BaseException) -> str | None:
    """Return the type of the error that a workflow raised."""
    return cause.type if isinstance(cause, ApplicationError) else None


def refusal(cause: BaseException) -> Exception:
    """Return the refusal that a failed update or workflow carries."""
    details: Sequence[Any] = cause.details if isinstance(cause, ApplicationError) else ()
    answer = details[0] if details and isinstance(details[0], dict) else {}
    found = {"message": str(cause), "code": kind(cause) or "failed"} | answer
    if kind(cause) == "BadInput":
        return BadInput(found["message"], found.get("field"))
    return Refused(found)
