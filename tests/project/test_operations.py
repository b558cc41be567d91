"""The page for operators: its commands are understood by the real programs, its metrics are there."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

from muster.domain.audit import Trouble
from starter.gateway.metrics import Metrics
from starter.stack.places import temporal_binary
from tests.project.test_files import SERVICES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"^ *```\w*\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line.strip() for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
TEMPORAL = [line for line in LINES if line.startswith("temporal ")]


@cache
def temporal(*words: str) -> str:
    """Return what ``temporal`` says to these words."""
    command = [temporal_binary(), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize("line", TEMPORAL)
def test_temporal_knows_each_command_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    known = temporal(*words[:first], "--help") + temporal("options")
    assert f"temporal {' '.join(words[:first])} [flags]" in known
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", known), option


@pytest.mark.parametrize("line", [one for one in LINES if one.startswith("docker compose ")])
def test_compose_has_each_service_that_is_named(line: str) -> None:
    named = line.partition(" pg_")[0].split()[3:]
    services = [word for word in named if re.fullmatch(r"[a-z]+", word)]
    assert set(services) <= SERVICES.keys()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", PAGE))))
def test_make_has_each_target_that_is_named(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_gateway_has_each_metric_that_is_named() -> None:
    metrics = Metrics()
    metrics.alerts.labels("firing")
    metrics.requests.labels("/", 200)
    served = generate_latest(metrics.registry).decode()
    for name in set(re.findall(r"\bmuster_\w+", PAGE)):
        assert f"# TYPE {name} " in served, name


def test_the_page_names_every_trouble_that_the_auditor_finds() -> None:
    for trouble in Trouble:
        assert f"`{trouble.name.lower()}`" in PAGE
        assert f"\n| {trouble} |" in PAGE


def test_no_command_of_the_page_was_overlooked() -> None:
    assert len(TEMPORAL) == len(re.findall(r"^ *temporal ", PAGE, re.MULTILINE)) > 20


def test_the_alert_rules_can_be_read() -> None:
    rules = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])
    found = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert all(name in PAGE for name in found)
    assert len(found) == len(set(found)) == 4
