"""Django's `check --deploy`, for what Django does not look at: what was forgotten when Earsight was put on a server."""

import difflib
import filecmp
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import CheckMessage, Error, Warning, register

from config.environment import env_file
from config.environment import values as environment
from study.published_heads.places import mail_is_sent

# Read by the web server's configuration alone (gunicorn.py).
_OF_WEB_SERVER = {"EARSIGHT_WEB_BIND", "EARSIGHT_WEB_PROCESSES", "EARSIGHT_WEB_THREADS"}


def register_checks() -> None:
    for check in (static_files, translations, unknown_settings, data_folder, settings_file, address, mail):
        register(check, deploy=True)


def static_files(**_kwargs: Any) -> list[CheckMessage]:
    """Every static file is collected as it is now; a page that names one that is not would end in an error."""
    hint = "Run `manage.py collectstatic --noinput`; each upgrade needs it."
    root = Path(settings.STATIC_ROOT)
    names = getattr(staticfiles_storage, "hashed_files", None)
    if names == {}:
        return [Error("The static files are not collected: no page can be shown.", hint=hint, id="earsight.E001")]
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            collected = root / name
            if not collected.is_file() or not filecmp.cmp(storage.path(name), collected, shallow=False):
                text = f"The static files are not those of this version: {name} is missing or older."
                return [Error(text, hint=hint, id="earsight.E002")]
    return []


def translations(**_kwargs: Any) -> list[CheckMessage]:
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            compiled = source.with_suffix(".mo")
            if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
                text = f"The translation {source.parent.parent.name} is not compiled, or older than its source."
                return [Warning(text, hint="Run `manage.py compile_translations`.", id="earsight.W001")]
    return []


def unknown_settings(**_kwargs: Any) -> list[CheckMessage]:
    """A misspelt name would leave its setting at the default, unseen."""
    known = environment.names | _OF_WEB_SERVER
    return [_unknown(name, known) for name in _names_set() if name not in known]


def _names_set() -> Iterable[str]:
    path = os.environ.get("EARSIGHT_ENV_FILE")
    stored = env_file.read(Path(path)) if path else {}
    names = {*stored, *os.environ}
    return sorted(name for name in names if name.startswith("EARSIGHT_"))


def _unknown(name: str, known: set[str]) -> CheckMessage:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Perhaps {close[0]} is meant." if close else "docs/settings.md lists all settings."
    return Warning(f"{name} is set, but there is no such setting.", hint=hint, id="earsight.W002")


def data_folder(**_kwargs: Any) -> list[CheckMessage]:
    mode = settings.DATA_DIR.stat().st_mode
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return []
    hint = f"Run `chmod 700 {settings.DATA_DIR}`."
    if settings.SECURE and mode & stat.S_IRWXO:
        return [Error(f"Everybody on this machine may look into {settings.DATA_DIR}.", hint=hint, id="earsight.E003")]
    text = f"Other users of this machine may look into {settings.DATA_DIR}."
    return [Warning(text, hint=hint, id="earsight.W003")]


def settings_file(**_kwargs: Any) -> list[CheckMessage]:
    path = os.environ.get("EARSIGHT_ENV_FILE")
    if not path or not Path(path).stat().st_mode & stat.S_IRWXO:
        return []
    text = f"Other users of this machine may read {path}, which holds passwords."
    return [Warning(text, hint=f"Run `chmod o= {path}`.", id="earsight.W007")]


def address(**_kwargs: Any) -> list[CheckMessage]:
    if environment.host_of(settings.BASE_URL) in environment.LOOPBACK:
        hint = "Set EARSIGHT_BASE_URL to the address that participants use, with https://."
        return [Warning("Links that are printed and sent lead to this machine only.", hint=hint, id="earsight.W004")]
    if settings.SECURE and not settings.PROXIES:
        hint = "Set EARSIGHT_PROXIES=1 if the proxy sends X-Forwarded-For, as deploy/nginx/earsight.conf does."
        text = "Arrivals are not counted by network: everybody seems to come from the proxy."
        return [Warning(text, hint=hint, id="earsight.W005")]
    return []


def mail(**_kwargs: Any) -> list[CheckMessage]:
    if mail_is_sent():
        return []
    hint = "Set EARSIGHT_EMAIL_URL=smtp+tls://user:password@host:587."
    if settings.OPERATOR_EMAILS:
        text = "EARSIGHT_OPERATOR_EMAILS is set, but no mail server: no operator is told of a fault."
        return [Error(text, hint=hint, id="earsight.E006")]
    return [Warning("No mail server is set: nobody is told anything by mail.", hint=hint, id="earsight.W006")]
