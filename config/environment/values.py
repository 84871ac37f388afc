"""Read settings from the environment. A wrong value stops the start: the error names it and says what to write instead.

`environ.Env` alone would take "perhaps" for false, leave the variable's name out of its errors, and repeat passwords.
"""

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

from config.environment import env_file

# This machine's own names, as ALLOWED_HOSTS spells them.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
LOG_FORMATS = ("TEXT", "JSON")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
BROKERS = ("filesystem", "redis", "rediss", "amqp", "amqps")
DATABASES = ("sqlite", "postgres", "postgresql")
FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_env = environ.Env()
names: set[str] = set()
"""The names that were asked for: what else begins with EARSIGHT_ in the env file is a mistake."""
T = TypeVar("T")


def read_file() -> None:
    """Set what stands in the file that EARSIGHT_ENV_FILE names, unless the environment has it already."""
    if path := text("EARSIGHT_ENV_FILE", ""):
        try:
            values = env_file.read(Path(path))
        except env_file.EnvFileError as error:
            raise ImproperlyConfigured(str(error)) from None
        for name, value in values.items():
            os.environ.setdefault(name, value)


def text(name: str, default: str) -> str:
    """Return the variable without space around it, or the default if it is unset or empty."""
    names.add(name)
    return os.environ.get(name, "").strip() or default


def _read(name: str, default: str, parse: Callable[[str], T], advice: str, *, secret: bool = False) -> T:
    """Return the parsed value, or stop the start if `parse` raises. Of a secret, the error shows the scheme only."""
    value = text(name, default)
    try:
        return parse(value)
    except Exception as error:
        scheme = value.partition("://")[0][:20] if "://" in value else ""
        shown = f"{scheme}…" if secret else value
        reason = f" ({error.strerror})" if isinstance(error, OSError) else ""
        # Without the cause: its text may repeat a password.
        raise ImproperlyConfigured(f"{name} is '{shown}', which cannot be used{reason}. {advice}") from None


def _require(value: T, is_valid: bool) -> T:
    if not is_valid:
        raise ValueError(value)
    return value


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def secrets(name: str, *, shortest: int) -> list[str]:
    """Return secrets that are separated by commas, newest first."""

    def parse(value: str) -> list[str]:
        return [_require(part, len(part) >= shortest) for part in _parts(value)]

    advice = f"Write secrets of at least {shortest} characters each, separated by commas."
    return _read(name, "", parse, advice, secret=True)


def flag(name: str, *, default: bool) -> bool:
    return _read(name, str(default), lambda value: FLAGS[value.lower()], "Write true or false.")


def number(name: str, default: float, *, least: float) -> float:
    def parse(value: str) -> float:
        return _require(float(value), least <= float(value) < math.inf)

    return _read(name, str(default), parse, f"Write a number of at least {least:g}.")


def one_of(name: str, default: str, choices: tuple[str, ...]) -> str:
    advice = f"Write one of {', '.join(choices)}."
    return _read(name, default, lambda value: choices[choices.index(value.upper())], advice)


def folder(name: str, default: Path) -> Path:
    """Return a folder that this user can write to. A missing folder is made, readable by this user only."""

    def parse(value: str) -> Path:
        path = Path(value).resolve()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _require(path, os.access(path, os.W_OK | os.X_OK))

    path = _read(name, str(default), parse, "Name a folder that can be made and written to by this user.")
    if os.geteuid() == 0 and (owner := path.stat().st_uid) != 0:
        # What root makes there, such as the log of SQLite, could not be written by the service any more.
        raise ImproperlyConfigured(f"{name}: {path} belongs to user {owner}; run this as that user, not as root.")
    return path


def absolute_path(name: str) -> Path | None:
    """Return the path of a file that need not be reachable now, or None if the variable is unset."""

    def parse(value: str) -> Path | None:
        return _require(Path(value), Path(value).is_absolute()) if value else None

    return _read(name, "", parse, "Write a whole path, from / on.")


def _is_address(value: str, *, path: bool) -> bool:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError unless it is a number
    rest = parts.query or parts.fragment or parts.username or (parts.path and not path)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not rest and " " not in value


def web_address(name: str, default: str) -> str:
    """Return an address with scheme and host, without a slash at its end."""
    advice = "Write a whole address, for example https://earsight.example.org."
    return _read(name, default, lambda value: _require(value.rstrip("/"), _is_address(value, path=True)), advice)


def optional_web_address(name: str) -> str:
    """Return an address as `web_address` does, or an empty text if the variable is unset."""
    return web_address(name, "") if text(name, "") else ""


def origins(name: str, default: list[str]) -> list[str]:
    def parse(value: str) -> list[str]:
        return [_require(part, _is_address(part, path=False)) for part in _parts(value)]

    return _read(name, ",".join(default), parse, "Write each origin with its scheme and no path: https://example.org.")


def hosts(name: str, default: list[str]) -> list[str]:
    """Return host names. A star is refused: it would let any name into the links that pages show."""

    def parse(value: str) -> list[str]:
        return [_require(part, part != "*" and "/" not in part) for part in _parts(value)]

    advice = "Write host names alone, separated by commas: earsight.example.org."
    return _read(name, ",".join(default), parse, advice)


def host_of(address: str) -> str:
    """Return the host of a web address as Django's ALLOWED_HOSTS spells it."""
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host


def time_zone(name: str, default: str) -> str:
    advice = "Write a name of the time zone database: Asia/Seoul."
    return _read(name, default, lambda value: ZoneInfo(value).key, advice)


def database(name: str, default: str) -> dict[str, Any]:
    def parse(value: str) -> dict[str, Any]:
        return dict(_env.db_url_config(_require(value, value.partition(":")[0] in DATABASES)))

    return _read(name, default, parse, "Write postgres://user:password@host/name, or leave it unset.", secret=True)


def broker(name: str, default: str) -> str:
    def parse(value: str) -> str:
        return _require(value, "://" in value and value.partition("://")[0] in BROKERS)

    return _read(name, default, parse, "Write redis://…, amqp://…, or leave it unset for a folder.", secret=True)


def bucket(name: str) -> tuple[str, str] | None:
    """Return bucket and folder in it of an address s3://bucket/folder, or None if the variable is unset."""

    def parse(value: str) -> tuple[str, str] | None:
        parts = urlsplit(value)
        folder = parts.path.strip("/")
        plain = not (parts.query or parts.fragment or ".." in folder or " " in value)
        _require(parts.scheme, parts.scheme == "s3" and plain)
        return _require((parts.netloc, folder), bool(_BUCKET.fullmatch(parts.netloc)))

    if not text(name, ""):
        return None
    return _read(name, "", parse, "Write s3://bucket or s3://bucket/folder, or leave it unset.", secret=True)


def mail(name: str, default: str) -> dict[str, Any]:
    """Return Django's EMAIL_… settings by name."""

    def parse(value: str) -> dict[str, Any]:
        config = dict(_env.email_url_config(value))
        if value.startswith("filemail:"):
            # environ drops the path's first slash, so that mails would go to a folder below the current one.
            path = unquote(urlsplit(value).path)
            config["EMAIL_FILE_PATH"] = _require(path, not urlsplit(value).netloc and len(path) > 1)
        return config

    advice = "Write smtp+tls://user:password@host:587, or filemail:///whole/path/of/a/folder."
    return _read(name, default, parse, advice, secret=True)


def addresses(name: str) -> list[str]:
    """Return mail addresses."""

    def parse(value: str) -> list[str]:
        return [_require(part, re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", part) is not None) for part in _parts(value)]

    return _read(name, "", parse, "Write mail addresses alone, separated by commas: ada@example.org.")


def token(name: str) -> str:
    """Return a secret word that a request must show; empty if the variable is unset."""
    advice = "Write 20 characters or more that cannot be guessed, for example the output of: openssl rand -hex 32"
    return _read(
        name,
        "",
        lambda value: _require(value, not value or bool(re.fullmatch(r"[!-~]{20,}", value))),
        advice,
        secret=True,
    )


def sentry_dsn(name: str) -> str:
    """Return the address, with its key, to which errors are reported; empty if the variable is unset."""

    def parse(value: str) -> str:
        parts = urlsplit(value)
        is_dsn = parts.scheme in ("http", "https") and parts.hostname and parts.username and parts.path.strip("/")
        return _require(value, not value or bool(is_dsn))

    return _read(name, "", parse, "Write the DSN of a Sentry project: https://KEY@HOST/NUMBER.", secret=True)
