"""A whole stack with keys: what Temporal keeps nobody reads without them, and keys can be changed while it runs."""

import base64
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.keys import Key
from starter.stack.children import StackError
from starter.stack.embedded import Stack
from starter.stack.places import HOST, free_ports, temporal_binary
from tests.e2e.conftest import POLICY, Scene
from tests.security.rings import FOREIGN, NEW, OLD, ring

pytestmark = pytest.mark.e2e
TITLE, NOTE, ERROR = "checkout unusable", "the pool was drained", "grievous_refusal"
TOKEN = "codec server's token"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of keys that all processes of the stack read."""
    file = tmp_path / "codec.keys"
    use(file, OLD)
    monkeypatch.setenv("MUSTER_CODEC_KEYS", str(file))
    monkeypatch.setenv("MUSTER_CODEC_TOKEN", TOKEN)
    return file


@pytest.fixture
def scene(tmp_path: Path, keys: Path) -> Iterator[Scene]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with Stack(tmp_path / "home", free_ports(), token="token", policy=policy) as stack:
        yield Scene(stack)


def use(file: Path, *these: Key) -> None:
    file.write_text(Path(ring(file.parent, *these)).read_text())


def refuse_in_slack(scene: Scene) -> None:
    """Let Slack refuse one message for good, in words of its own."""
    fault = {"kind": "slack_error", "vendor": "slack", "route": "chat.postMessage", "error": ERROR}
    url = f"http://{HOST}:{scene.stack.ports.sandbox}/_control/faults"
    urllib.request.urlopen(url, json.dumps(fault).encode(), timeout=10).close()


def history(scene: Scene, workflow_id: str, *codec: str) -> str:
    """Return what ``temporal`` shows of a workflow, with what its payloads hold."""
    show = [temporal_binary(), "workflow", "show", "-w", workflow_id, "-o", "json"]
    shown = subprocess.run(
        [*show, "--address", f"{HOST}:{scene.stack.ports.temporal}", *codec],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert shown.returncode == 0, shown.stderr
    payloads = re.findall(r'"data": "([A-Za-z0-9+/=]*)"', shown.stdout)
    return shown.stdout + "".join(
        base64.b64decode(one).decode(errors="replace") for one in payloads
    )


def kept(scene: Scene) -> bytes:
    """Return everything that the server has written to its database."""
    return b"".join(file.read_bytes() for file in scene.stack.home.glob("temporal.db*"))


def logs(scene: Scene) -> str:
    return "".join(file.read_text() for file in (scene.stack.home / "log").iterdir())


def without_keys(scene: Scene, *words: str) -> subprocess.CompletedProcess[str]:
    given = scene.stack.environment.items()
    environment = {name: value for name, value in given if not name.startswith("MUSTER_CODEC_")}
    return subprocess.run(
        [sys.executable, "-c", "from starter.cli import main; main()", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.timeout(180)
def test_only_who_has_the_keys_reads_and_they_can_be_changed_while_it_runs(
    scene: Scene, keys: Path
) -> None:
    refuse_in_slack(scene)
    declared = scene.muster("declare", TITLE, "--severity", "S3", "--service", "till")
    scene.muster("note", "1", NOTE)
    scene.until(lambda: ERROR in json.dumps(scene.see(1)))
    scene.until(lambda: NOTE in json.dumps(scene.sandbox()["gitlab"]))

    # Temporal's own tool reads with the codec server alone.
    endpoint = ("--codec-endpoint", f"http://{HOST}:{scene.stack.ports.gateway}/codec")
    sealed = history(scene, declared["workflow_id"])
    opened = history(scene, declared["workflow_id"], *endpoint, "--codec-auth", f"Bearer {TOKEN}")
    for words in (TITLE, NOTE, ERROR):
        assert words in opened
        assert words not in sealed
        assert words.encode() not in kept(scene)
    assert TITLE not in logs(scene)
    assert NOTE not in logs(scene)

    # A command line without keys says what is missing, and what it sends is taken.
    blind = without_keys(scene, "note", "1", "sent in plain")
    assert blind.returncode == 6
    assert "the key 'old', and MUSTER_CODEC_KEYS is not set here" in blind.stderr
    scene.until(lambda: "sent in plain" in json.dumps(scene.muster("timeline", "1")))

    # The new key comes first; what the old one has encrypted is read on.
    use(keys, NEW, OLD)
    for child in (scene.stack.worker, scene.stack.gateway):
        child.stop()
        child.start()
    scene.until(lambda: not scene.see(1).get("stale"))
    scene.muster("note", "1", "after the change")
    notes = [line["text"] for line in scene.muster("timeline", "1") if line["kind"] == "noted"]
    assert notes == [NOTE, "sent in plain", "after the change"]

    # A worker that lacks the key does not begin, and harms nothing.
    use(keys, FOREIGN)
    scene.stack.worker.stop()
    with pytest.raises(StackError, match="the ledger is encrypted with the key 'new'"):
        scene.stack.start_worker()
    use(keys, NEW, OLD)
    scene.stack.start_worker()
    assert scene.muster("resolve", "1", "--yes")["phase"] in {"resolved", "closed"}
