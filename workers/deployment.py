"""The deployment of all our workers: a new version makes itself current, an old one where nobody else is left."""

import asyncio
import logging
import time
from collections.abc import Hashable
from datetime import timedelta

from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    ListWorkersRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from muster import names
from workers.routing import Routing, Silence, takes_over

logger = logging.getLogger("muster.deployment")

HEARTBEAT = timedelta(seconds=1)
"""How often a worker says that it is there; the first time, so long after its start."""
SILENT = 5.0
"""Seconds after which a version has no worker any more."""
LOOK = 3.0
"""Seconds between two looks."""
AGAIN, TRIES = 0.1, 100
"""The server hears of a new version and its queues only with the first polls: so often it is asked again."""
_NOT_YET = frozenset(
    {
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
    }
)


def version(build: str) -> WorkerDeploymentVersion:
    """Return the version that a build is of our deployment."""
    return WorkerDeploymentVersion(names.DEPLOYMENT, build)


class Deployment:
    """Keeps this process's version where it belongs, and says once what has become of it."""

    def __init__(self, client: Client, build: str) -> None:
        """Take the worker's client and the id of its build."""
        self._client = client
        self._build = build
        self._silence = Silence(time.monotonic())
        self._said = ""

    async def begin(self) -> None:
        """Become current where that is right; where it may not be done from here, say what to run."""
        for _ in range(TRIES):
            if await self._look():
                return
            await asyncio.sleep(AGAIN)
        self._say(logging.WARNING, f"is not current yet; to make it so, run: {self._command()}")

    async def watch(self) -> None:
        """Look for ever, so that tasks do not wait for a version of which nobody is left."""
        while True:
            await asyncio.sleep(LOOK)
            await self._look()

    async def _look(self) -> bool:
        """Do what is to be done now; False where that is to be tried again."""
        try:
            routing = await self._routing()
            if takes_over(self._build, routing, silent=await self._is_silent(routing)):
                await self._take(routing)
            else:
                self._tell(routing)
        except RPCError as error:
            if error.status in _NOT_YET:
                return False
            refused = f"may not be made current from here ({error.message}); run: {self._command()}"
            self._say(logging.WARNING, refused)
        return True

    async def _take(self, routing: Routing) -> None:
        if routing.manager not in {"", self._client.identity}:
            ask = f"is for {routing.manager} to make current, who runs: {self._command()}"
            self._say(logging.WARNING, ask)
            return
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace,
                deployment_name=names.DEPLOYMENT,
                build_id=self._build,
                identity=self._client.identity,
                conflict_token=routing.token,
            )
        )
        self._say(logging.INFO, f"takes over from {routing.current or 'none'}")

    def _tell(self, routing: Routing) -> None:
        if self._build in routing.active:
            self._say(logging.INFO, "is current")
        else:
            ahead = routing.current or "no version"
            idle = f"gets no tasks while {ahead} is current; to change that, run: {self._command()}"
            self._say(logging.WARNING, idle)

    async def _routing(self) -> Routing:
        try:
            described = await self._client.workflow_service.describe_worker_deployment(
                DescribeWorkerDeploymentRequest(
                    namespace=self._client.namespace, deployment_name=names.DEPLOYMENT
                )
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Routing()
            raise
        return _read(described)

    async def _is_silent(self, routing: Routing) -> bool:
        """Tell whether nobody of the active versions works; one that has only just become active counts as heard."""
        beats: dict[str, Hashable] = {"active": routing.active}
        beats |= await self._beats(routing.active)
        return self._silence.after(beats, time.monotonic()) >= SILENT

    async def _beats(self, builds: frozenset[str]) -> dict[str, float]:
        """Return the latest heartbeat of each worker of these builds; our own where we are one, or none are kept."""
        service, namespace = self._client.workflow_service, self._client.namespace
        if self._build in builds or not await self._are_kept():
            return {self._build: time.monotonic()}
        query = f"TaskQueue = '{names.TASK_QUEUE}'"
        listed = await service.list_workers(ListWorkersRequest(namespace=namespace, query=query))
        found = (one.worker_heartbeat for one in listed.workers_info)
        return {
            one.worker_instance_key: one.heartbeat_time.ToNanoseconds()
            for one in found
            if _works(one, builds)
        }

    async def _are_kept(self) -> bool:
        described = await self._client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=self._client.namespace)
        )
        return described.namespace_info.capabilities.worker_heartbeats

    def _say(self, level: int, what: str) -> None:
        if what != self._said:
            self._said = what
            logger.log(level, "the version %s %s", self._build, what)

    def _command(self) -> str:
        return (
            f"temporal worker deployment set-current-version --namespace {self._client.namespace} "
            f"--deployment-name {names.DEPLOYMENT} --build-id {self._build}"
        )


def _works(beat: WorkerHeartbeat, builds: frozenset[str]) -> bool:
    ours = beat.deployment_version.deployment_name == names.DEPLOYMENT
    running = beat.status == WorkerStatus.WORKER_STATUS_RUNNING
    return ours and running and beat.deployment_version.build_id in builds


def _read(described: DescribeWorkerDeploymentResponse) -> Routing:
    info = described.worker_deployment_info
    known = info.version_summaries
    return Routing(
        current=info.routing_config.current_deployment_version.build_id,
        ramping=info.routing_config.ramping_deployment_version.build_id,
        been=frozenset(
            one.deployment_version.build_id for one in known if one.HasField("last_current_time")
        ),
        manager=info.manager_identity,
        token=described.conflict_token,
    )
