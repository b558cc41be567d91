"""Whether Temporal answers: asked when somebody wants to know, and not more often than once a second."""

import asyncio
from time import monotonic
from typing import Any, Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starter.gateway.delivery import reason

WITHIN: Final = 3.0
FRESH: Final = 1.0
"""Seconds for which an answer is taken to hold."""


class Readiness:
    """Asks Temporal through the gateway's own client."""

    def __init__(self, client: Client) -> None:
        """Begin without an answer."""
        self._client = client
        self._error: str | None = None
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def details(self) -> dict[str, Any]:
        """Return whether Temporal answers, and where it is looked for."""
        error = await self._unready()
        return {
            "ready": error is None,
            "temporal": {
                "address": self._client.service_client.config.target_host,
                "namespace": self._client.namespace,
                "reachable": error is None,
                "error": error,
            },
        }

    async def _unready(self) -> str | None:
        async with self._lock:
            if monotonic() - self._asked_at >= FRESH:
                self._error = await self._ask()
                self._asked_at = monotonic()
            return self._error

    async def _ask(self) -> str | None:
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        try:
            async with asyncio.timeout(WITHIN):
                await self._client.workflow_service.describe_namespace(request)
        except (RPCError, RuntimeError, TimeoutError) as error:
            return reason(error)
        return None
