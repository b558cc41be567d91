"""The project's own files: locks with hashes, a compose file without secrets."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from muster import names

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
LASTING = ("postgres", "temporal", "ui", "worker", "gateway")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==\S+.*--hash=sha256:", line), line
    assert "://" not in text
    assert "index" not in re.sub(r"#.*", "", text)


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"requirements.txt": project["dependencies"]}
    wanted["requirements-dev.txt"] = project["optional-dependencies"]["dev"]
    for lock, requirements in wanted.items():
        locked = (ROOT / lock).read_text().lower()
        for one in requirements:
            name = re.split(r"[<>=\[]", one)[0].lower()
            assert re.search(rf"^{re.escape(name)}(\[[^\]]*\])?==", locked, re.MULTILINE), one


def test_images_are_pinned_and_none_sets_up_by_itself() -> None:
    for name, service in SERVICES.items():
        if "image" in service:
            assert re.search(r":\d+\.\d+", service["image"]), name
            assert "auto-setup" not in service["image"]


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_has_a_healthcheck_and_starts_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_set_up_runs_once_and_in_order() -> None:
    assert (
        SERVICES["temporal"]["depends_on"]["schema"]["condition"]
        == "service_completed_successfully"
    )
    for name in ("worker", "gateway"):
        condition = SERVICES[name]["depends_on"]["namespace"]["condition"]
        assert condition == "service_completed_successfully"


def test_the_set_up_creates_our_search_attributes() -> None:
    script = SERVICES["namespace"]["command"][0]
    found = dict(re.findall(r"add (\w+) (\w+)$", script, re.MULTILINE))
    assert found == names.SEARCH_ATTRIBUTES


def test_no_secret_stands_in_it() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|TOKEN|SECRET", variable):
                assert str(value).startswith("${"), f"{name}: {variable}"
