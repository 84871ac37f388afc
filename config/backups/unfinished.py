"""A restore that was killed: told by the system checks until it is run again."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def marker() -> Path:
    """Return the file that is there while a restore runs, and after one that was killed."""
    return Path(settings.DATA_DIR) / "restore.json"


def unfinished_restore() -> str:
    """Return how to finish a restore that was killed; "" if there is none."""
    try:
        text = json.loads(marker().read_text(encoding="utf-8"))["from"]
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError):
        text = "BACKUP"
    return f"A restore did not end. Run it again: manage.py restore {text} --replace"


def withdrawn_before() -> set[str]:
    """Return the handles of people who had withdrawn by all that a restore which was killed knew.

    Raises:
        ValueError: its file cannot be read.
    """
    try:
        return set(json.loads(marker().read_text(encoding="utf-8"))["withdrawn"])
    except FileNotFoundError:
        return set()
    except (KeyError, TypeError) as error:
        raise ValueError(f"{marker()} is damaged") from error


def check_restore(**_options: Any) -> list[CheckMessage]:
    """Warn of a restore that did not end."""
    return [Warning(text, id="earsight.W010")] if (text := unfinished_restore()) else []
