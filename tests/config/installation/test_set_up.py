"""`manage.py setup`: asks for what is missing, keeps what is there, and makes what the service needs."""

import io
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.environment import env_file
from config.installation import questions, set_up
from tests.services import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
ME = "root" if os.geteuid() == 0 else None


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = dict(os.environ)
    for question in questions.QUESTIONS:
        monkeypatch.delenv(question.name, raising=False)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that `setup` would run, in order."""
    ran: list[tuple[str, ...]] = []

    def run(self: Any, *command: str, may_fail: bool = False) -> str:
        ran.append(command)
        return "System check identified no issues" if command[0] == "check" else ""

    monkeypatch.setattr(set_up.Manage, "run", run)
    return ran


def set_up_at(path: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("setup", env_file=path, stdout=out, **({"no_input": True, "user": ME} | options))
    return out.getvalue()


def test_answers_are_written_for_the_owner_only_and_a_second_run_changes_nothing(
    tmp_path: Path, commands: list[tuple[str, ...]]
) -> None:
    path = tmp_path / "etc" / "earsight.env"
    options = {"address": "https://a.example.org", "data": str(tmp_path / "data"), "account": "ada"}
    set_up_at(path, **options)
    stored = env_file.read(path)
    assert stored["EARSIGHT_BASE_URL"] == "https://a.example.org"
    assert stored["EARSIGHT_PROXIES"] == "1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    order = ["collectstatic", "fetch_musicnn", "migrate", "add_researcher", "check"]
    assert [command[0] for command in commands] == order
    text = path.read_text()
    assert "nothing was missing" in set_up_at(path)
    assert path.read_text() == text


def test_what_is_in_the_file_stays_with_its_comments(tmp_path: Path, commands: list[tuple[str, ...]]) -> None:
    path = tmp_path / "earsight.env"
    path.write_text(f"# mine\nEARSIGHT_DATA={tmp_path}\nEARSIGHT_PROXIES=2\nEARSIGHT_SECRET_KEY={'k' * 40}\n")
    set_up_at(path, address="https://a.example.org")
    assert path.read_text().startswith("# mine\n")
    stored = env_file.read(path)
    assert (stored["EARSIGHT_PROXIES"], stored["EARSIGHT_SECRET_KEY"]) == ("2", "k" * 40)


def test_an_empty_value_in_the_file_is_no_answer(tmp_path: Path, commands: list[tuple[str, ...]]) -> None:
    path = tmp_path / "earsight.env"
    path.write_text(f"EARSIGHT_BASE_URL=\nEARSIGHT_DATA={tmp_path}\n")
    with pytest.raises(CommandError, match="EARSIGHT_BASE_URL is missing"):
        set_up_at(path)
    assert commands == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "EARSIGHT_BASE_URL is missing: add --address"),
        ({"address": "a.example.org"}, "Write a whole address"),
        ({"address": "https://a.example.org", "data": "var"}, "Write a whole path"),
        ({"address": "https://a.example.org", "database_url": "mysql://u:secret@h/n"}, "Write postgres://"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_written(
    tmp_path: Path, options: dict[str, str], reason: str, commands: list[tuple[str, ...]]
) -> None:
    path = tmp_path / "earsight.env"
    with pytest.raises(CommandError, match=reason) as refused:
        set_up_at(path, **({"data": str(tmp_path)} | options))
    assert "secret" not in str(refused.value)
    assert not path.exists()
    assert commands == []


def test_questions_are_asked_until_the_answer_can_be_used(
    tmp_path: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["", "nonsense", "http://127.0.0.1:8000", str(tmp_path), "", "", "", "", "ada"])
    monkeypatch.setattr("builtins.input", lambda _text: next(typed))
    set_up_at(tmp_path / "earsight.env", no_input=False)
    assert next(typed, None) is None
    assert ("add_researcher", "ada", "--first") in commands
    set_up_at(tmp_path / "earsight.env", no_input=False)  # asks nothing: there is nothing more to type


@pytest.fixture
def _folders_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up, "make_data_folder", lambda *_arguments: None)


@pytest.mark.usefixtures("_folders_are_not_made", "commands")
def test_folders_that_the_units_cannot_write_to_are_named_with_the_command_that_opens_them(tmp_path: Path) -> None:
    me, path = pwd.getpwuid(os.geteuid()).pw_name, tmp_path / "earsight.env"
    options = {"address": "https://a.example.org", "user": me}
    assert "units may" not in set_up_at(path, **options), "the default folder is theirs"
    path.write_text("EARSIGHT_DATA=/srv/my lab/data\nEARSIGHT_HEADS_FILE=/mnt/heads/100%\n")
    said = set_up_at(path, **options)
    command = """printf '%s\\n' '[Service]' ReadWritePaths=-/mnt/heads 'ReadWritePaths="-/srv/my lab/data"'"""
    assert f"  {command} > /etc/systemd/system/earsight-.service.d/paths.conf\n  systemctl daemon-reload" in said
    printed = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert printed == '[Service]\nReadWritePaths=-/mnt/heads\nReadWritePaths="-/srv/my lab/data"\n'
    if ME is None:
        assert "units may" not in set_up_at(path, user=None), "who runs it as themselves uses no units of ours"


@pytest.mark.usefixtures("_folders_are_not_made", "commands")
def test_folders_that_the_units_do_not_see_are_refused_a_command(tmp_path: Path) -> None:
    me, path = pwd.getpwuid(os.geteuid()).pw_name, tmp_path / "earsight.env"
    path.write_text("EARSIGHT_DATABASE_URL=sqlite:////home/ada/lab.sqlite3\nEARSIGHT_EMAIL_URL=filemail:///srv/mails\n")
    said = set_up_at(path, address="https://a.example.org", user=me)
    assert "The units do not see /home/ada, as it is below /home: choose another folder." in said
    assert " ReadWritePaths=-/srv/mails >" in said


def test_a_user_who_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no user “nobody-such”"):
        set_up_at(tmp_path / "earsight.env", user="nobody-such")


def test_the_real_command_makes_an_installation_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """Whole, with its child processes, but for the weights, which may need a network."""
    mail = {"EARSIGHT_EMAIL_URL": "smtp+tls://u:p@mail.example.org:587"}
    inherited = mail | {
        name: value for name, value in os.environ.items() if not name.startswith(("EARSIGHT_", "DJANGO_"))
    }
    weights = tmp_path / "data" / "weights" / "MTT_musicnn.safetensors"
    weights.parent.mkdir(parents=True)
    (tmp_path / "data").chmod(0o700)
    weights.touch()
    command = ["setup", "--no-input", "--env-file", str(tmp_path / "e"), "--data", str(tmp_path / "data")]
    command += ["--address", "https://a.example.org", "--account", "ada", *(["--user", ME] if ME else [])]
    result = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "https://a.example.org/console/set-password/" in result.stdout
    assert "Before others reach it" not in result.stdout  # `check --deploy` found nothing
    assert (tmp_path / "data" / "static" / "staticfiles.json").exists()
    assert len((tmp_path / "data" / "secret_key").read_text()) >= 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "e"]
