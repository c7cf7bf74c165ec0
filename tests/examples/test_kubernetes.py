"""What examples/kubernetes promises, as far as it shows without a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from stream.cli.main import app
from stream.serving.listening import listening_faults
from stream.settings import SettingsError, load_settings

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
WRITABLE = {"/var/lib/gauger", "/var/cache/gauger"}


def documents() -> Iterator[dict[str, Any]]:
    for name in KUSTOMIZATION["resources"]:
        yield from yaml.safe_load_all((FOLDER / name).read_text("utf-8"))


WORKLOADS = {
    one["metadata"]["name"]: one["spec"]["template"]
    for one in documents()
    if one["kind"] in {"Deployment", "Job"}
}
workloads = pytest.mark.parametrize("name", sorted(WORKLOADS))


def container(name: str) -> dict[str, Any]:
    (one,) = WORKLOADS[name]["spec"]["containers"]
    return dict(one)


def test_every_file_is_applied() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])
    assert KUSTOMIZATION["configMapGenerator"][0]["files"] == ["gauger.toml"]


@workloads
def test_commands_are_understood(name: str) -> None:
    group = typer.main.get_group(app)
    verb, *rest = container(name)["args"]
    with group.make_context("gauger", [verb]) as context:
        group.commands[verb].make_context(verb, rest, parent=context)


@workloads
def test_no_pod_can_do_more_than_it_must(name: str) -> None:
    pod, one = WORKLOADS[name]["spec"], container(name)
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert one["securityContext"]["readOnlyRootFilesystem"] is True
    assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in one["resources"]["limits"]
    writable = {
        mount["mountPath"] for mount in one["volumeMounts"] if not mount.get("readOnly", False)
    }
    assert writable == WRITABLE


@workloads
def test_secrets_that_the_settings_name_are_mounted(name: str, tmp_path: Path) -> None:
    secrets = {
        item["path"]
        for volume in WORKLOADS[name]["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", ())
    }
    text = (FOLDER / "gauger.toml").read_text("utf-8")
    local = tmp_path / "gauger.toml"
    local.write_text(text.replace("/etc/gauger-secrets", str(tmp_path)), "utf-8")
    needed = {"kafka-password", "kafka-ca.pem"}
    assert needed <= secrets
    (tmp_path / "kafka-password").write_text("for this test", "utf-8")
    (tmp_path / "forward-to").write_text("-", "utf-8")
    with pytest.raises(SettingsError) as told:
        load_settings(local, {})
    # No certificate is made for this: its place is all that is looked at.
    assert [problem.partition(":")[0] for problem in told.value.problems] == ["kafka.ca_file"]
    ports = {"worker": "metrics", "forward": "metrics", "receive": "receive"}
    if name in ports:
        assert f"{ports[name]}-tokens" in secrets
    assert ("forward-to" in secrets) == (name == "forward")
    variables = {one["name"] for one in container(name)["env"]}
    assert ("GAUGER_KEY_FILE" in variables) == ("key" in secrets)


def test_whoever_listens_beyond_the_pod_asks_for_a_token(tmp_path: Path) -> None:
    text = (FOLDER / "gauger.toml").read_text("utf-8")
    head, _, rest = text.partition("[metrics]")
    local = tmp_path / "gauger.toml"
    local.write_text("[metrics]" + rest.partition("[forward]")[0], "utf-8")
    assert head.count("[") == 1
    settings = load_settings(local, {})
    assert not list(listening_faults(settings.metrics, "metrics"))
    assert not list(listening_faults(settings.receive, "receive"))
    ports = {"worker": settings.metrics.port, "receive": settings.receive.port}
    ports["forward"] = int(container("forward")["args"][-1])
    for name, port in ports.items():
        assert [one["containerPort"] for one in container(name)["ports"]] == [port]


@pytest.mark.parametrize("name", ["worker", "forward", "receive"])
def test_probes_ask_what_is_answered(name: str) -> None:
    one = container(name)
    (port,) = one["ports"]
    asked = {
        probe: one[probe]["httpGet"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert {get["port"] for get in asked.values()} == {port["name"]}
    assert asked["readinessProbe"]["path"] == "/readyz"
    assert asked["livenessProbe"]["path"] == asked["startupProbe"]["path"] == "/healthz"


def test_no_more_workers_than_partitions_and_one_out_at_a_time() -> None:
    settings = (FOLDER / "gauger.toml").read_text("utf-8")
    (worker,) = [
        one
        for one in documents()
        if one["metadata"]["name"] == "worker" and one["kind"] == "Deployment"
    ]
    assert f"partitions = {2 * worker['spec']['replicas']}\n" in settings
    assert worker["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
