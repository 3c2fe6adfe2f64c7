"""The compose file: right by the official schema, closed by default, naming nothing that is not there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.tools import DEPLOY, ROOT, tool

COMPOSE = DEPLOY / "compose.yaml"
FILE: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {"init", "migrate", "web", "daemon", "worker"}

each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def validate(file: Path) -> subprocess.CompletedProcess[str]:
    command = [
        tool("check-jsonschema", "check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
        str(file),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_official_schema_accepts_it() -> None:
    done = validate(COMPOSE)
    assert done.returncode == 0, done.stdout


def test_the_official_schema_would_notice_a_typo(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("read_only:", "readonly:"))
    assert "readonly" in validate(wrong).stdout


def test_what_runs() -> None:
    commands = {name: service["command"] for name, service in SERVICES.items() if name in OURS}
    assert commands == {
        "init": ["init"],
        "migrate": ["db", "upgrade"],
        "web": ["run", "web"],
        "daemon": ["run", "daemon"],
        "worker": ["run", "worker"],
    }
    assert set(SERVICES) - OURS == {"db", "caddy"}


@each_service
def test_each_service_is_locked_down(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) in ([], ["NET_BIND_SERVICE"])
    assert "privileged" not in service


@each_service
def test_each_image_is_pinned(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z]+:(local|\d[\w.]*-\w+)", service["image"])


@each_service
def test_whatever_a_service_refers_to_exists(service: dict[str, Any]) -> None:
    secrets = [
        secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])
    ]
    assert set(secrets) <= set(FILE["secrets"])
    assert set(service["networks"]) <= set(FILE["networks"])
    assert set(service.get("depends_on", [])) <= set(SERVICES)
    named = [volume.split(":")[0] for volume in service.get("volumes", [])]
    assert {name for name in named if not name.startswith(".")} <= set(FILE["volumes"])
    assert all((DEPLOY / name).exists() for name in named if name.endswith("file"))
    if "build" in service:
        assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).exists()


def test_only_caddy_can_be_reached_and_the_database_reaches_nobody() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert SERVICES["db"]["networks"] == ["inside"]
    assert "inside" not in SERVICES["caddy"]["networks"]
    assert FILE["networks"]["inside"] == FILE["networks"]["front"] == {"internal": True}
    assert "outside" in SERVICES["daemon"]["networks"]
    assert "outside" not in SERVICES["web"]["networks"]


def test_no_secret_stands_in_the_environment() -> None:
    assert all(set(secret) == {"file"} for secret in FILE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            assert not re.search(r"PASSWORD$|KEY|TOKEN", name)
            assert "@" not in str(value) or ":" not in str(value).split("://")[1].split("@")[0]


def test_the_key_lies_where_attune_looks_for_it() -> None:
    keys = {"source": "attune_key", "target": "/var/lib/attune/secrets/attune_key"}
    assert all(keys in SERVICES[name]["secrets"] for name in OURS - {"init"})
    assert "ATTUNE_HOME=/var/lib/attune" in (DEPLOY / "Dockerfile").read_text()
    assert "attune_key" not in str(SERVICES["init"]["secrets"]), "It is made there."


def test_secrets_beside_it_are_never_committed() -> None:
    ignored = (DEPLOY / ".gitignore").read_text().splitlines()
    assert {"secrets/", ".env", "attune.env"} <= set(ignored)


def test_the_tables_are_ready_before_anything_reads_them() -> None:
    ready = {"migrate": {"condition": "service_completed_successfully"}}
    assert all(SERVICES[name]["depends_on"] == ready for name in ("web", "daemon", "worker"))
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert SERVICES["db"]["healthcheck"]["test"][1] == "pg_isready"
