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
OURS = ("worker", "gateway")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


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


def test_one_target_renews_both_locks() -> None:
    recipe = re.search(r"^lock:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    calls = re.sub(r"\\\n\s*", " ", recipe[1]).splitlines()
    assert [call.split("--output-file ")[1] for call in calls] == list(LOCKS)
    for call in calls:
        assert "--upgrade" in call.split()


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
        if name not in OURS:
            assert re.search(r":\d+\.\d+", service["image"]), name
            assert "auto-setup" not in service["image"]
    for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+", image)


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_has_a_healthcheck_and_starts_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_set_up_runs_once_and_in_order() -> None:
    assert (
        SERVICES["temporal"]["depends_on"]["schema"]["condition"]
        == "service_completed_successfully"
    )
    for name in OURS:
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


@pytest.mark.parametrize("name", OURS)
def test_ours_run_without_rights_and_without_a_file_system_to_write_to(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - inside a container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "volumes"} & service.keys()


def test_the_image_ends_as_a_user_by_number_that_is_not_root() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    users = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert users
    assert "0" not in users[-1]
    assert not re.search(r"^(RUN|COPY|ADD)", last.rpartition("\nUSER ")[2], re.MULTILINE)


def test_an_image_knows_its_build_which_its_tag_says_too() -> None:
    assert re.search(r"^ARG MUSTER_BUILD_ID=$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ENV MUSTER_BUILD_ID=\$MUSTER_BUILD_ID$", DOCKERFILE, re.MULTILINE)
    for name in OURS:
        assert SERVICES[name]["build"]["args"] == {"MUSTER_BUILD_ID": "${MUSTER_BUILD_ID:-}"}
        assert SERVICES[name]["image"] == "muster:${MUSTER_BUILD_ID:-local}"
