"""What a worker says where it may not make its version current, or the server knows too little."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceResponse,
    DescribeWorkerDeploymentResponse,
    ListWorkersResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workers import deployment
from workers.deployment import Deployment

COMMAND = (
    "temporal worker deployment set-current-version --namespace ops "
    "--deployment-name muster --build-id b"
)


class Server:
    """Knows one deployment whose current version is ``a``, and lets it be changed or not."""

    def __init__(self, *, manager: str = "", refuses: list[RPCStatusCode] | None = None) -> None:
        self.current, self.been, self.manager = "a", ["a"], manager
        self.refuses = refuses or []
        self.asked: list[Any] = []

    async def describe_worker_deployment(self, _request: Any) -> DescribeWorkerDeploymentResponse:
        found = DescribeWorkerDeploymentResponse(conflict_token=b"token")
        info = found.worker_deployment_info
        info.manager_identity = self.manager
        info.routing_config.current_deployment_version.build_id = self.current
        for build in self.been:
            known = info.version_summaries.add()
            known.deployment_version.build_id = build
            known.last_current_time.GetCurrentTime()
        return found

    async def describe_namespace(self, _request: Any) -> DescribeNamespaceResponse:
        return DescribeNamespaceResponse()

    async def list_workers(self, _request: Any) -> ListWorkersResponse:
        raise AssertionError("a server that keeps no heartbeats is not asked for them")

    async def set_worker_deployment_current_version(self, request: Any) -> None:
        self.asked.append(request)
        if self.refuses:
            raise RPCError("no", self.refuses.pop(0), b"")
        self.current = request.build_id


def begun(server: Server, caplog: pytest.LogCaptureFixture) -> str:
    """Let version ``b`` begin; return what it has said."""
    client = SimpleNamespace(namespace="ops", identity="worker", workflow_service=server)
    with caplog.at_level(logging.INFO):
        asyncio.run(Deployment(cast("Client", client), "b").begin())
    return caplog.text


def test_a_new_version_becomes_current_and_names_what_it_has_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    assert "the version b takes over from a" in begun(server, caplog)
    assert server.current == "b"
    assert (server.asked[0].conflict_token, server.asked[0].identity) == (b"token", "worker")


@pytest.mark.parametrize("status", [RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION])
def test_it_waits_until_the_server_has_heard_of_its_queues(
    caplog: pytest.LogCaptureFixture, status: RPCStatusCode
) -> None:
    server = Server(refuses=[status, status])
    assert "takes over" in begun(server, caplog)
    assert len(server.asked) == 3


def test_where_that_takes_too_long_it_says_what_to_run(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "AGAIN", 0)
    never = [RPCStatusCode.FAILED_PRECONDITION] * deployment.TRIES
    assert COMMAND in begun(Server(refuses=never), caplog)


def test_where_it_is_forbidden_it_says_what_to_run_and_does_not_insist(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server(refuses=[RPCStatusCode.PERMISSION_DENIED] * 2)
    assert COMMAND in begun(server, caplog)
    assert len(server.asked) == 1


def test_where_someone_else_manages_the_deployment_it_leaves_it_to_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server(manager="pipeline")
    said = begun(server, caplog)
    assert "is for pipeline to make current" in said
    assert COMMAND in said
    assert server.asked == []


def test_one_that_was_current_before_comes_second_where_no_heartbeats_are_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    server.been = ["a", "b"]
    said = begun(server, caplog)
    assert "the version b gets no tasks while a is current" in said
    assert COMMAND in said
    assert server.asked == []
