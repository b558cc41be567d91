"""The workers of one process: one for the workflows and ours, one for each kind of provider."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.audit import AuditActivities
from activities.chat import ChatActivities
from activities.conference import ConferenceActivities
from activities.ledger import LedgerActivities
from activities.policy import PolicyActivities
from activities.services import Relay, ServiceActivities
from activities.status import StatusActivities
from activities.tracker import TrackerActivities
from muster import names
from muster.domain.policy import Policy
from muster.providers.temporal_ledger import TemporalLedger
from muster.providers.threads import AT_A_TIME
from workers.providers import Providers
from workers.punctual import PunctualRunner
from workers.witness import Witness
from workflows.auditor import Auditor
from workflows.incident import Incident
from workflows.ledger import Ledger
from workflows.ledger_page import LedgerPage
from workflows.reading import Reading
from workflows.service import Service
from workflows.stand_ins import Overrides

PASSED_THROUGH = ("muster", "workflows", "pydantic", "pydantic_core", "annotated_types")
"""Modules without I/O or a clock of their own, which the sandbox need not load again for each workflow."""
WORKFLOWS: list[type] = [Incident, Ledger, LedgerPage, Service, Overrides, Auditor, Reading]
INCIDENTS_CACHED = 5_000
STICKY = timedelta(seconds=1)
STOPPING = timedelta(seconds=5)
RATES = {
    names.CHAT_QUEUE: 20.0,
    names.CONFERENCE_QUEUE: 10.0,
    names.TRACKER_QUEUE: 20.0,
    names.STATUS_QUEUE: 5.0,
}
"""Activities a second that the server hands out, over all workers, so that a vendor's limit is rarely met."""


def workers(
    client: Client,
    policy: Policy,
    providers: Providers,
    attributes: Sequence[str],
    *,
    rates: dict[str, float] | None = None,
    version: WorkerDeploymentVersion | None = None,
) -> list[Worker]:
    """Return the workers of this process, not yet polling; without a version for a server that knows none."""
    outside = {
        names.CHAT_QUEUE: ChatActivities(providers.chat),
        names.CONFERENCE_QUEUE: ConferenceActivities(providers.conference),
        names.TRACKER_QUEUE: TrackerActivities(providers.tracker, policy.private.releasers),
        names.STATUS_QUEUE: StatusActivities(providers.status),
    }
    limits = RATES if rates is None else rates
    deployment = _deployment(version) if version else None
    return [
        _workflows(client, policy, attributes, deployment),
        *(
            _provider(client, queue, _methods(one), limits.get(queue), deployment)
            for queue, one in outside.items()
        ),
    ]


def _deployment(version: WorkerDeploymentVersion) -> WorkerDeploymentConfig:
    """Return the options of a version: a workflow goes on with whichever is current, since a pinned one could hang."""
    return WorkerDeploymentConfig(
        version=version,
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def _workflows(
    client: Client,
    policy: Policy,
    attributes: Sequence[str],
    deployment: WorkerDeploymentConfig | None,
) -> Worker:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    ours = (
        PolicyActivities(policy, attributes),
        LedgerActivities(TemporalLedger(client)),
        Relay(client),
        ServiceActivities(client, policy.alerts.starting_severity),
        AuditActivities(client),
    )
    return Worker(
        client,
        task_queue=names.TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[method for one in ours for method in _methods(one)],
        workflow_runner=PunctualRunner(restrictions=restrictions, witness=Witness(client)),
        max_cached_workflows=INCIDENTS_CACHED,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=STOPPING,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=4, maximum=20),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=4, maximum=20),
        deployment_config=deployment,
    )


def _provider(
    client: Client,
    queue: str,
    activities: Sequence[Callable[..., Any]],
    rate: float | None,
    deployment: WorkerDeploymentConfig | None,
) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        max_task_queue_activities_per_second=rate,
        max_concurrent_activities=AT_A_TIME,
        graceful_shutdown_timeout=STOPPING,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=2, maximum=10),
        deployment_config=deployment,
    )


def _methods(one: object) -> list[Callable[..., Any]]:
    """Return the activities of an object: its methods that carry a definition."""
    found = (getattr(one, name) for name in dir(type(one)) if not name.startswith("_"))
    return [method for method in found if hasattr(method, "__temporal_activity_definition")]
