"""The files below deploy/ fit together and to the code; `make deployment` and `make container` run them."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.installation import set_up
from tests.deployment.containerfile import context, instructions
from tests.deployment.document import blocks

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text())
QUEUES = {"cpu", "api", "gpu"}


def queues(commands: list[str]) -> set[str]:
    found = [match for command in commands for match in re.findall(r"--queues[ ,'\"]+([a-z,]+)", command)]
    return {queue for group in found for queue in group.split(",")}


def test_every_queue_has_a_worker_and_beat_runs_once_in_both_ways() -> None:
    units = [unit.read_text() for unit in UNITS]
    services = [" ".join(service.get("command", [])) for service in COMPOSE["services"].values()]
    for commands in (units, services):
        assert queues(commands) == QUEUES
        assert sum("--beat" in command for command in commands) == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_unit_is_in_the_sandbox_and_its_command_is_there(unit: Path) -> None:
    assert unit.name.startswith("earsight-")  # so that systemd adds earsight-.service.d to it
    command = re.search(r"^ExecStart=/opt/earsight/\.venv/bin/python (.+)$", unit.read_text(), re.MULTILINE)
    assert command
    words = command[1].split()
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1])
    else:
        assert words[0] == "/opt/earsight/manage.py"
    assert "NoNewPrivileges=yes" in (DEPLOY / "systemd" / "earsight-.service.d" / "sandbox.conf").read_text()


def test_paths_that_an_operator_lets_the_units_write_to_survive_the_upgrade_and_are_in_the_guide() -> None:
    """The upgrade copies deploy/systemd over the units, so the operator's file has a name that does not ship."""
    assert set_up.OPENED.parent.name in {folder.name for folder in (DEPLOY / "systemd").iterdir() if folder.is_dir()}
    assert set_up.OPENED.name not in {path.name for path in (DEPLOY / "systemd").rglob("*")}
    assert (
        f"StateDirectory={set_up.STATE.name}\n"
        in (DEPLOY / "systemd" / "earsight-.service.d" / "sandbox.conf").read_text()
    )
    assert set_up.sandbox_advice([Path("/mnt/heads")]).splitlines()[1].strip() in (
        ROOT / "docs" / "operations.md"
    ).read_text(encoding="utf-8")


def test_gunicorn_takes_the_configuration_and_its_time_to_stop_is_shorter_than_the_units() -> None:
    from gunicorn.config import Config

    made = importlib.import_module("config.installation.gunicorn")
    known = Config()
    for name in ("bind", "workers", "threads", "graceful_timeout", "accesslog", "control_socket_disable"):
        known.set(name, getattr(made, name))
    assert known.bind == ["127.0.0.1:8000"]
    assert known.accesslog is None  # links hold tokens
    waits = re.search(r"TimeoutStopSec=(\d+)", (DEPLOY / "systemd" / "earsight-web.service").read_text())
    assert waits
    assert made.graceful_timeout < int(waits[1])
    assert made.graceful_timeout < int(COMPOSE["services"]["web"]["stop_grace_period"].removesuffix("s"))


def test_every_server_of_the_proxy_keeps_no_log_and_gives_the_same_upstream_as_gunicorn() -> None:
    text = (DEPLOY / "nginx" / "earsight.conf").read_text()
    servers = text.split("\nserver {")[1:]
    assert len(servers) == 3
    for server in servers:
        assert "    access_log off;\n" in server
        assert "    error_log /dev/null emerg;\n" in server
    passed = (DEPLOY / "nginx" / "earsight-pass.conf").read_text()
    assert "http://127.0.0.1:8000" in passed
    assert "Host $http_host" in passed
    assert "X-Request-ID $request_id;" in passed  # one of the visitor's would be taken over
    for page in re.findall(r"/proxy-pages/([a-z-]+\.html)", text):
        assert 'lang="ko"' in (DEPLOY / "nginx" / "pages" / page).read_text(encoding="utf-8")


def test_the_image_holds_what_runs_and_no_secret_data_or_history() -> None:
    files = context()
    assert {"manage.py", "config/settings.py", "deploy/earsight.env", "locale/ko/LC_MESSAGES/django.po"} <= set(files)
    closed = ("tests/", "var/", ".git/", ".venv/", "deploy/container/tls/")
    assert not [name for name in files if name.startswith(closed)]
    assert [name for name in files if name.endswith(".env")] == ["deploy/earsight.env"]  # the shipped one
    text = (DEPLOY / "container" / "Containerfile").read_text()
    names = [name for name, _rest in instructions(text)]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("RUN", "COPY"))


def test_the_guide_sets_up_runs_upgrades_and_restores() -> None:
    found = blocks("docs/operations.md")
    assert found[0].text.startswith("DOMAIN=earsight.example.org")
    assert {"On Debian", "Upgrade", "A new secret key", "Restore"} <= {block.heading for block in found}
