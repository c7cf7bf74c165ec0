"""What docker-compose.yml and the Dockerfile promise, as far as it shows without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from stream.cli.main import app
from stream.serving.listening import listening_faults
from stream.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("gauger:")]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
PINNED = re.compile(r"[a-z0-9/._-]+:v?\d+\.\d+\.\d+([.-][\w.-]+)?")

services = pytest.mark.parametrize("name", sorted(SERVICES))
our_services = pytest.mark.parametrize("name", sorted(OURS))


def enabled(profile: str) -> set[str]:
    return {name for name, service in SERVICES.items() if profile in service["profiles"]}


def mounted_files() -> Iterator[str]:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("./"):
                yield volume.partition(":")[0]


def test_profiles_hold_what_they_are_named_for() -> None:
    core = {"kafka", "topics", "worker"}
    assert enabled("core") == core
    assert enabled("demo") == core | {"publisher", "follower"}
    assert enabled("forward") == {"kafka", "topics", "forward"}
    assert enabled("observability") == {"kafka", "lag", "prometheus", "grafana"}


@pytest.mark.parametrize("profile", ["core", "demo", "forward", "observability"])
def test_a_profile_needs_no_service_outside_of_it(profile: str) -> None:
    for name in enabled(profile):
        assert set(SERVICES[name].get("depends_on", ())) <= enabled(profile)


@services
def test_no_service_can_do_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys()


@services
def test_images_are_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@services
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@pytest.mark.parametrize("name", ["worker", "follower", "forward"])
def test_a_service_that_may_be_scaled_claims_nothing_that_is_there_once(name: str) -> None:
    assert not {"container_name", "ports", "hostname"} & SERVICES[name].keys()


def test_workers_wait_for_the_topics_and_come_back_when_they_fail() -> None:
    worker = SERVICES["worker"]
    assert worker["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert worker["restart"] == "unless-stopped"


@our_services
def test_every_variable_is_a_setting(name: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key for this test alone", "utf-8")
    environ = dict(SERVICES[name]["environment"])
    given = environ.pop("GAUGER_KEY_FILE", None)
    assert (given is not None) == (name == "worker")
    assert all("__" in variable for variable in environ)
    settings = load_settings(None, {**environ, "GAUGER_KEY_FILE": str(key)})
    assert settings.kafka.servers == ["kafka:19092"]
    assert not list(listening_faults(settings.metrics, "metrics"))


def test_the_key_is_the_mounted_secret() -> None:
    worker = SERVICES["worker"]
    (secret,) = worker["secrets"]
    assert worker["environment"]["GAUGER_KEY_FILE"] == f"/run/secrets/{secret}"
    assert secret in COMPOSE["secrets"]


@our_services
def test_commands_are_understood(name: str) -> None:
    group = typer.main.get_group(app)
    verb, *rest = SERVICES[name]["command"]
    with group.make_context("gauger", [verb]) as context:
        group.commands[verb].make_context(verb, rest, parent=context)


@pytest.mark.parametrize("path", sorted(mounted_files()))
def test_what_is_mounted_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@our_services
def test_writable_folders_are_those_of_the_image(name: str) -> None:
    writable = {entry.partition(":")[0] for entry in SERVICES[name]["tmpfs"]}
    assert writable == {"/var/lib/gauger", "/var/cache/gauger"}
    assert f"install -d -o gauger -g gauger {' '.join(sorted(writable, reverse=True))}" in (
        DOCKERFILE
    )


def test_the_image_starts_from_a_pinned_one_as_another_user_than_root() -> None:
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - {"base"}
    assert all(PINNED.fullmatch(base) for base in bases)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert {SERVICES[name]["user"] for name in OURS} == {"10001:10001"}


def test_packages_enter_the_image_by_their_hashes_alone() -> None:
    installs = re.findall(
        r"pip (?:install|download|wheel|--python \S+ install) [^&\n]*", DOCKERFILE
    )
    assert len(installs) == 4
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_all_that_is_copied_into_the_image_reaches_the_builder() -> None:
    copied = {
        part
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for part in line.split()
    }
    let_through = set(
        re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    )
    assert copied == let_through


def test_an_engine_reads_the_file() -> None:
    """As far as `config`, where there is an engine with compose."""
    docker = shutil.which("docker")
    known = docker and subprocess.run(
        [docker, "compose", "version"], capture_output=True, check=False
    )
    if not known or known.returncode:
        pytest.skip("no docker compose here")
    for profile in ("core", "demo", "forward", "observability"):
        command = [str(docker), "compose", "--profile", profile, "config", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
