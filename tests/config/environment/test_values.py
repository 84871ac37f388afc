"""Settings from the environment: a wrong value stops the start with advice, the documented values make a safe site."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import settings
from config.environment import values as environment
from tests.services import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
EXISTING = Path("/tmp")


@pytest.mark.parametrize(
    ("read", "value", "advice"),
    [
        (lambda name: environment.flag(name, default=False), "perhaps", "Write true or false"),
        (lambda name: environment.number(name, 60, least=5), "soon", "a number of at least 5"),
        (lambda name: environment.number(name, 60, least=5), "4.9", "a number of at least 5"),
        (lambda name: environment.number(name, 60, least=5), "nan", "a number of at least 5"),
        (lambda name: environment.one_of(name, "INFO", environment.LOG_LEVELS), "loud", "one of DEBUG, INFO"),
        (lambda name: environment.folder(name, EXISTING), "/proc/no/such", "can be made and written to"),
        (lambda name: environment.folder(name, EXISTING), __file__, "can be made and written to"),
        (lambda name: environment.web_address(name, "http://x"), "example.org", "Write a whole address"),
        (lambda name: environment.web_address(name, "http://x"), "ftp://example.org", "Write a whole address"),
        (lambda name: environment.web_address(name, "http://x"), "https://", "Write a whole address"),
        (lambda name: environment.web_address(name, "http://x"), "https://a:port", "Write a whole address"),
        (lambda name: environment.web_address(name, "http://x"), "https://a?b=c", "Write a whole address"),
        (lambda name: environment.origins(name, []), "https://a.org, b.org", "each origin with its scheme"),
        (lambda name: environment.origins(name, []), "https://a.org/path", "each origin with its scheme"),
        (lambda name: environment.hosts(name, []), "*", "host names alone"),
        (lambda name: environment.hosts(name, []), "https://a.org", "host names alone"),
        (lambda name: environment.time_zone(name, "UTC"), "Mars", "Asia/Seoul"),
        (lambda name: environment.time_zone(name, "UTC"), "../../etc/passwd", "Asia/Seoul"),
        (lambda name: environment.database(name, "sqlite:///x"), "mongo://u:secret@h/n", "Write postgres://"),
        (lambda name: environment.database(name, "sqlite:///x"), "secret", "Write postgres://"),
        (lambda name: environment.broker(name, "filesystem://"), "kafka://u:secret@h", "Write redis://"),
        (lambda name: environment.mail(name, "consolemail://"), "pigeon://u:secret@h", "smtp+tls://"),
        (lambda name: environment.mail(name, "consolemail://"), "filemail://mails", "filemail:///whole/path"),
        (environment.token, "secret@short", "openssl rand"),
        (environment.token, "secret@with a space in it", "openssl rand"),
        (environment.addresses, "ada@example.org, nobody", "mail addresses alone"),
        (environment.addresses, "Ada <ada@example.org>", "mail addresses alone"),
        (environment.sentry_dsn, "https://sentry.example.org/7", "the DSN of a Sentry project"),
        (environment.sentry_dsn, "secret@sentry.example.org/7", "the DSN of a Sentry project"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_advice(
    monkeypatch: pytest.MonkeyPatch, read: Any, value: str, advice: str
) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", value)
    with pytest.raises(ImproperlyConfigured, match="EARSIGHT_THIS") as refused:
        read("EARSIGHT_THIS")
    assert advice in str(refused.value)
    assert "secret@" not in str(refused.value)  # a password is not repeated into a log


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", " ")
    assert environment.number("EARSIGHT_THIS", 60, least=5) == 60
    assert environment.flag("EARSIGHT_THIS", default=True) is True
    assert environment.hosts("EARSIGHT_THIS", ["a.org"]) == ["a.org"]
    assert environment.token("EARSIGHT_THIS") == environment.sentry_dsn("EARSIGHT_THIS") == ""
    assert environment.addresses("EARSIGHT_THIS") == []


def test_a_right_token_addresses_and_dsn_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for read, value, expected in (
        (environment.token, "0123456789abcdef0123", "0123456789abcdef0123"),
        (environment.addresses, "ada@example.org, lab@example.org", ["ada@example.org", "lab@example.org"]),
        (environment.sentry_dsn, "https://key@sentry.example.org/7", "https://key@sentry.example.org/7"),
    ):
        monkeypatch.setenv("EARSIGHT_THIS", value)
        assert read("EARSIGHT_THIS") == expected


def test_mails_go_to_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", "filemail:///srv/sent%20mail")
    assert environment.mail("EARSIGHT_THIS", "consolemail://")["EMAIL_FILE_PATH"] == "/srv/sent mail"


def test_the_secret_is_generated_once_and_readable_by_its_user_only(tmp_path: Path) -> None:
    first = settings.stored_secret(tmp_path / "secret_key")
    assert settings.stored_secret(tmp_path / "secret_key") == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_two_processes_that_start_at_once_use_the_same_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process writes its key after this one has found none and before it links its own."""
    path = tmp_path / "secret_key"
    link = os.link

    def other_is_faster(source: Any, target: Any) -> None:
        path.write_text("of the other", encoding="ascii")
        link(source, target)

    monkeypatch.setattr(os, "link", other_is_faster)
    assert settings.stored_secret(path) == "of the other"


def test_a_created_folder_is_for_its_user_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", str(tmp_path / "new"))
    assert stat.S_IMODE(environment.folder("EARSIGHT_THIS", tmp_path).stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_does_not_write_into_the_services_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", str(tmp_path))
    assert environment.folder("EARSIGHT_THIS", tmp_path) == tmp_path
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(ImproperlyConfigured, match="belongs to user 65534; run this as that user"):
        environment.folder("EARSIGHT_THIS", tmp_path)


def test_short_older_keys_are_refused_without_repeating_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", f"{'k' * 40}, {'l' * 32}")
    assert environment.secrets("EARSIGHT_THIS", shortest=32) == ["k" * 40, "l" * 32]
    monkeypatch.setenv("EARSIGHT_THIS", f"{'k' * 40},short")
    with pytest.raises(ImproperlyConfigured, match="at least 32 characters") as refused:
        environment.secrets("EARSIGHT_THIS", shortest=32)
    assert "short" not in str(refused.value)


def run_manage(tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EARSIGHT_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=inherited | {"EARSIGHT_DATA": str(tmp_path)} | variables,
    )


SHOW = """
from django.conf import settings as s
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.DEBUG, s.SESSION_COOKIE_HTTPONLY)
print(s.ALLOWED_HOSTS[-1])
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, s.PARTICIPANT_COOKIE_NAME)
print(s.WRITER_HOSTS)
from django.contrib.auth.hashers import make_password
print(make_password("x").split("$")[0])
"""


def test_an_https_address_turns_on_what_protects_sign_ins(tmp_path: Path) -> None:
    """That a whole installation passes `check --deploy` is in installation/test_set_up.py."""
    site = {"EARSIGHT_BASE_URL": "https://earsight.example.org"}
    shown = run_manage(tmp_path, "shell", "-v0", "-c", SHOW, **site).stdout.split("\n")
    assert shown[:2] == ["True True True False True", "earsight.example.org"]
    assert len(shown[2].split()) == 4
    assert all(name.startswith("__Host-") for name in shown[2].split())
    # No study of a site that others reach can speak to the other services of its machine.
    assert shown[3:5] == ["['api.openai.com']", "pbkdf2_sha256"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EARSIGHT_BASE_URL", "earsight.example.org", "EARSIGHT_BASE_URL is 'earsight.example.org'"),
        ("EARSIGHT_HSTS_SUBDOMAINS", "true", "EARSIGHT_HSTS_SUBDOMAINS needs EARSIGHT_BASE_URL to begin with https"),
        ("EARSIGHT_HSTS_PRELOAD", "true", "EARSIGHT_HSTS_PRELOAD needs EARSIGHT_HSTS_SUBDOMAINS=true"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    ended = run_manage(tmp_path, "check", **{name: value})
    assert ended.returncode != 0
    assert said in ended.stderr.strip().splitlines()[-1]
