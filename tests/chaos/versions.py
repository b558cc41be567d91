"""A stack whose workers are of several versions, and what an operator does with them."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHistory

from muster import names
from starter.stack.children import Child
from starter.stack.embedded import READY
from starter.stack.places import HOST, temporal_binary
from tests.e2e.conftest import Scene

WORKERS = ("-m", "workers")
A, B = "release-a", "release-b"


class Versions(Scene):
    """The stack's own worker is of version A; others run beside it."""

    @property
    def address(self) -> str:
        """Return the server's address."""
        return f"{HOST}:{self.stack.ports.temporal}"

    @contextmanager
    def worker(self, build: str, program: Sequence[str] = WORKERS) -> Iterator[Child]:
        """Run a worker of this version until the end of the block."""
        env = self.stack.environment | {"MUSTER_BUILD_ID": build}
        log = self.stack.home / "log" / f"{build}.log"
        child = Child(build, [sys.executable, *program], env, log)
        child.start()
        try:
            self.until(lambda: READY in child.text())
            yield child
        finally:
            child.stop()

    def make_current(self, build: str) -> None:
        """Make a version current, as docs/operations.md says."""
        words = ["--deployment-name", names.DEPLOYMENT, "--build-id", build, "--yes"]
        self.operate("worker", "deployment", "set-current-version", *words)

    def operate(self, *words: str) -> str:
        """Run a command of Temporal's and return what it says."""
        command = [temporal_binary(), *words, "--address", self.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def runs_on(self, workflow_id: str) -> str:
        """Return the version on which the workflow has run last."""
        described = asyncio.run(_described(self.address, workflow_id))
        info = described.raw_description.workflow_execution_info.versioning_info
        return info.deployment_version.build_id

    def events(self, workflow_id: str) -> list[str]:
        """Return the kinds of events in a workflow's history."""
        history = asyncio.run(_history(self.address, workflow_id))
        kinds = (event.WhichOneof("attributes") or "" for event in history.events)
        return [kind.removesuffix("_event_attributes") for kind in kinds]

    def metrics(self, name: str) -> dict[str, float]:
        """Return one of the gateway's metrics, by its only label."""
        url = f"http://{HOST}:{self.stack.ports.gateway}/metrics"
        with urllib.request.urlopen(url, timeout=10) as reply:
            families = list(text_string_to_metric_families(reply.read().decode()))
        samples = [one for family in families for one in family.samples if one.name == name]
        return {"".join(one.labels.values()): one.value for one in samples}

    @contextmanager
    def outage(self, vendor: str) -> Iterator[None]:
        """Take a vendor down until the end of the block."""
        self._faults("POST", {"kind": "outage", "vendor": vendor})
        try:
            yield
        finally:
            self._faults("DELETE")

    def _faults(self, method: str, body: object = None) -> None:
        url = f"http://{HOST}:{self.stack.ports.sandbox}/_control/faults"
        data = json.dumps(body).encode() if body else None
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(url, data, headers, method=method)
        urllib.request.urlopen(asked, timeout=10).close()


async def _described(address: str, workflow_id: str) -> WorkflowExecutionDescription:
    client = await Client.connect(address)
    return await client.get_workflow_handle(workflow_id).describe()


async def _history(address: str, workflow_id: str) -> WorkflowHistory:
    client = await Client.connect(address)
    return await client.get_workflow_handle(workflow_id).fetch_history()
