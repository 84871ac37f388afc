"""`check --deploy` finds what was forgotten; each test also shows that it finds nothing where nothing was."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from config.installation import checks


def found(check: Any) -> list[str]:
    return [message.id for message in check()]


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.css").write_text("a{}")
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    return tmp_path


def test_static_files_that_are_not_collected_missing_or_older_are_found(
    collected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fresh() -> list[str]:
        monkeypatch.setattr(checks, "staticfiles_storage", storages.create_storage(storages.backends["staticfiles"]))
        return found(checks.static_files)

    assert fresh() == ["earsight.E001"]
    monkeypatch.setattr(
        "django.contrib.staticfiles.management.commands.collectstatic.staticfiles_storage",
        storages.create_storage(storages.backends["staticfiles"]),
    )
    call_command("collectstatic", interactive=False, verbosity=0)
    assert fresh() == []
    (collected / "source" / "a.css").write_text("b{}")
    assert fresh() == ["earsight.E002"]
    (collected / "source" / "a.css").write_text("a{}")
    (collected / "source" / "b.css").write_text("b{}")
    assert fresh() == ["earsight.E002"]


def test_a_misspelt_setting_is_found_in_the_file_and_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_names_set", lambda: ["EARSIGHT_BASE_URL", "EARSIGHT_WEB_THREADS"])
    assert found(checks.unknown_settings) == []
    monkeypatch.undo()
    (tmp_path / "e").write_text("EARSIGHT_BASEURL=https://a.example.org\nOPENAI_API_KEY=k\n")
    monkeypatch.setenv("EARSIGHT_ENV_FILE", str(tmp_path / "e"))
    monkeypatch.setenv("EARSIGHT_PROXYS", "1")
    hints = {message.msg.split()[0]: message.hint for message in checks.unknown_settings()}
    assert hints["EARSIGHT_BASEURL"] == "Perhaps EARSIGHT_BASE_URL is meant."
    assert hints["EARSIGHT_PROXYS"] == "Perhaps EARSIGHT_PROXIES is meant."
    assert "OPENAI_API_KEY" not in hints


def test_a_data_folder_that_others_may_read_is_found(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o700)
    assert found(checks.data_folder) == []
    tmp_path.chmod(0o750)
    assert found(checks.data_folder) == ["earsight.W003"]
    tmp_path.chmod(0o705)
    assert found(checks.data_folder) == ["earsight.W003"]
    settings.SECURE = True
    assert found(checks.data_folder) == ["earsight.E003"]


def test_an_env_file_that_others_may_read_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "earsight.env"
    path.touch(mode=0o640)
    monkeypatch.setenv("EARSIGHT_ENV_FILE", str(path))
    assert found(checks.settings_file) == []
    path.chmod(0o644)
    assert found(checks.settings_file) == ["earsight.W007"]
    monkeypatch.delenv("EARSIGHT_ENV_FILE")
    assert found(checks.settings_file) == []


def test_an_address_of_this_machine_and_uncounted_arrivals_are_found(settings: Any) -> None:
    settings.BASE_URL, settings.SECURE, settings.PROXIES = "https://a.example.org", True, 1
    assert found(checks.address) == []
    settings.PROXIES = 0
    assert found(checks.address) == ["earsight.W005"]
    settings.BASE_URL = "http://127.0.0.1:8000"
    assert found(checks.address) == ["earsight.W004"]


def test_a_source_that_is_newer_than_its_translation_is_found(settings: Any, tmp_path: Path) -> None:
    source = tmp_path / "ko" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.touch()
    settings.LOCALE_PATHS = [tmp_path]
    assert found(checks.translations) == ["earsight.W001"]
    source.with_suffix(".mo").touch()
    assert found(checks.translations) == []


def test_mail_that_goes_nowhere_is_found(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert found(checks.mail) == ["earsight.W006"]
    settings.OPERATOR_EMAILS = ["ada@example.org"]
    assert found(checks.mail) == ["earsight.E006"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found(checks.mail) == []
