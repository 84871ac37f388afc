"""What the environment says, read with care: a wrong value stops the start and says what to write instead."""

import math
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
BROKERS = ("filesystem", "redis", "rediss", "amqp", "amqps")


def _wrong(name: str, value: object, mend: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is '{value}', which cannot be used. {mend}")


def text(name: str, default: str) -> str:
    """What is said, without space around it; the default where nothing is."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in _YES + _NO:
        raise _wrong(name, value, "Write true or false.")
    return value in _YES


def number(name: str, default: float, *, least: float) -> float:
    value = text(name, str(default))
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found >= least):
        raise _wrong(name, value, f"Write a number of at least {least:g}.")
    return found


def names(name: str, default: list[str]) -> list[str]:
    """A list separated by commas."""
    return [part.strip() for part in text(name, ",".join(default)).split(",") if part.strip()]


def one_of(name: str, default: str, known: tuple[str, ...]) -> str:
    value = text(name, default).upper()
    if value not in known:
        raise _wrong(name, value, f"Write one of {', '.join(known)}.")
    return value


def folder(name: str, default: Path) -> Path:
    """A folder that can be written to, made where it is missing; what is made is its user's alone."""
    path = Path(text(name, str(default))).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _wrong(name, path, f"Name a folder that can be made and written to ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _wrong(name, path, "Let this user write into it, or name another folder.")
    return path


def web_address(name: str, default: str) -> str:
    """An address with scheme and host, without the slash at its end."""
    value = text(name, default).rstrip("/")
    if not _is_origin(value, path=True):
        raise _wrong(name, value, "Write a whole address, https://earsight.example.org say.")
    return value


def origins(name: str, default: list[str]) -> list[str]:
    found = names(name, default)
    for value in found:
        if not _is_origin(value):
            raise _wrong(name, value, "Write each origin with its scheme and no path: https://example.org.")
    return found


def host_of(address: str) -> str:
    """The host of a web address as Django's list of hosts spells it."""
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_origin(value: str, *, path: bool = False) -> bool:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    rest = parts.query or parts.fragment or parts.username or (parts.path and not path)
    return parts.scheme in ("http", "https") and bool(host) and not rest and " " not in value


def hosts(name: str, default: list[str]) -> list[str]:
    """Host names that are answered; a star would let any name into the links that pages show."""
    found = names(name, default)
    for value in found:
        if value == "*" or "/" in value:
            raise _wrong(name, value, "Write host names alone, separated by commas: earsight.example.org.")
    return found


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(name, value, "Write a name of the time zone database: Asia/Seoul.") from error
    return value


def database(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    scheme = value.partition(":")[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        # The value may hold a password: only its beginning is said.
        raise _wrong(name, f"{scheme[:20]}…", "Write postgres://user:password@host/name, or leave it unset.")
    return dict(_env.db_url_config(value))


def broker(name: str, default: str) -> str:
    value = text(name, default)
    scheme = value.partition("://")[0]
    if scheme not in BROKERS or "://" not in value:
        raise _wrong(name, f"{scheme[:20]}…", "Write redis://…, amqp://…, or leave it unset for a folder.")
    return value


def mail(name: str, default: str) -> dict[str, Any]:
    value = text(name, default)
    try:
        return dict(_env.email_url_config(value))
    except Exception as error:
        scheme = value.partition("://")[0]
        raise _wrong(name, f"{scheme[:20]}…", "Write smtp+tls://user:password@host:587.") from error
