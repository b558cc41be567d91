"""The project's own files: locks with hashes, a compose file without secrets."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from muster import keys, names
from muster.settings import SettingsError
from starter.gateway.settings import from_environment
from tests.security.rings import NEW, ring

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
LASTING = ("postgres", "temporal", "ui", "worker", "gateway")
OURS = ("worker", "gateway")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """Return a value as compose makes it of these variables."""

    def replaced(found: re.Match[str]) -> str:
        name, sign, other = found.groups()
        value = given.get(name, "")
        return other if bool(value) == (sign == "+") else value

    return re.sub(r"\$\{([A-Z_]+):([-+?])([^}]*)\}", replaced, text)


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
    assert not {"privileged", "cap_add", "user"} & service.keys()


def test_the_gateway_alone_keeps_something_the_last_copies_of_calendars() -> None:
    kept = SERVICES["gateway"]["environment"]["MUSTER_CACHE"]
    assert SERVICES["gateway"]["volumes"] == [f"calendars:{kept}"]
    assert f"install --directory --owner 10001 --group 10001 {kept}" in DOCKERFILE
    assert "volumes" not in SERVICES["worker"]


def test_the_addresses_of_calendars_stand_in_a_file_that_is_nobody_elses() -> None:
    (file,) = SERVICES["gateway"]["env_file"]
    assert file == {"path": "feeds.env", "required": False}
    for ignored in (".gitignore", ".dockerignore"):
        assert file["path"] in (ROOT / ignored).read_text().splitlines()


@pytest.mark.parametrize("name", OURS)
def test_ours_get_the_file_of_keys_as_a_secret_and_are_told_of_it_only_where_there_is_one(
    name: str,
) -> None:
    service, file = SERVICES[name], COMPOSE["secrets"]["codec_keys"]["file"]
    told = service["environment"][keys.VARIABLE]
    assert service["secrets"] == ["codec_keys"]
    assert (interpolated(file, {}), interpolated(told, {})) == ("/dev/null", "")
    given = {keys.VARIABLE: "/etc/muster/codec.keys"}
    assert interpolated(file, given) == "/etc/muster/codec.keys"
    assert interpolated(told, given) == "/run/secrets/codec_keys"


@pytest.mark.parametrize("given", [{}, {"MUSTER_CODEC_TOKEN": "codec-token"}])
def test_the_gateway_takes_what_compose_gives_it(tmp_path: Path, given: dict[str, str]) -> None:
    told = SERVICES["gateway"]["environment"]
    given = {"MUSTER_GATEWAY_TOKEN": "gateway-token", **given}
    ours = {name: interpolated(told[name], given) for name in told if name.startswith("MUSTER_")}
    ours["MUSTER_POLICY"] = str(ROOT / "muster.toml")
    if "MUSTER_CODEC_TOKEN" in given:
        with pytest.raises(SettingsError, match=keys.VARIABLE):
            from_environment(ours)
        ours[keys.VARIABLE] = ring(tmp_path, NEW)
    found = from_environment(ours)
    assert (found.codec is None) == (not found.keys) == ("MUSTER_CODEC_TOKEN" not in given)


def test_the_web_ui_is_told_of_the_codec_server_where_there_is_one() -> None:
    told = SERVICES["ui"]["environment"]
    given = {"TEMPORAL_CODEC_ENDPOINT": "https://muster.example.com/codec"}
    assert interpolated(told["TEMPORAL_CODEC_ENDPOINT"], {}) == ""
    assert interpolated(told["TEMPORAL_CODEC_ENDPOINT"], given) == given["TEMPORAL_CODEC_ENDPOINT"]
    for name in ("TEMPORAL_CODEC_PASS_ACCESS_TOKEN", "TEMPORAL_CODEC_INCLUDE_CREDENTIALS"):
        assert interpolated(told[name], {}) == "false"


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
