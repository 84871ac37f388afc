"""A virtual environment with the versions that a deposit names, for this source tree."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from config.bundles.reading import Unreadable

_LONGEST = 60 * 60  # seconds that pip may take
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,40}")
# Of a deposit's versions those that pip installs; Earsight's own is that of the source.
_INSTALLED = ("numpy", "scipy", "django")


def fresh_python(folder: Path, versions: Mapping[str, str]) -> Path:
    """Make the environment in `folder` with pip, and return its Python.

    Args:
        versions: by name; all other packages have the versions of constraints.txt.

    Raises:
        Unreadable: these versions cannot be installed for this Python.
    """
    wanted = {name: versions[name] for name in _INSTALLED if _VERSION.fullmatch(versions.get(name, ""))}
    if missing := [name for name in _INSTALLED if name not in wanted]:
        raise Unreadable(f"versions.json names no version of {', '.join(missing)}: make it again without --fresh.")
    folder.mkdir()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(_constraints(wanted)) + "\n", encoding="utf-8")
    environment, python = folder / "venv", folder / "venv" / "bin" / "python"
    requirements = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    _run([sys.executable, "-m", "venv", str(environment)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", str(constraints)]
    _run([*pip, *requirements["project"]["dependencies"]])
    return python


def _constraints(wanted: Mapping[str, str]) -> list[str]:
    lines = (settings.BASE_DIR / "constraints.txt").read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if line.partition("==")[0].strip().lower() not in wanted]
    return [*others, *(f"{name}=={version}" for name, version in wanted.items())]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("The new environment takes longer than an hour: make it again without --fresh.") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip says no more"])[-1]
        raise Unreadable(f"The versions that the deposit names cannot be installed here: {last[:300]}")
