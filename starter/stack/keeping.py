"""How long the embedded server remembers what has ended."""

import asyncio
from datetime import timedelta

from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client

RETENTION = timedelta(days=30)


async def keep(
    address: str, namespace: str = "default", retention: timedelta = RETENTION
) -> timedelta:
    """Set the retention of a namespace and return it as the server then states it."""
    client = await Client.connect(address, namespace=namespace)
    config = NamespaceConfig()
    config.workflow_execution_retention_ttl.FromTimedelta(retention)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(namespace=namespace, config=config)
    )
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


def keep_now(address: str) -> timedelta:
    """Do so from a program that has no loop."""
    return asyncio.run(keep(address))
