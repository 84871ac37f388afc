"""The LoRA adapters of a model as its setting names them, one a line. Imports nothing heavy: forms check them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
COMMIT = re.compile(r"[0-9a-f]{40}")
MAX_WEIGHT = 10


def is_local(name: str) -> bool:
    """Whether `name` is a path on this machine rather than a name on the hub."""
    return bool(name) and (name[0] in "/.~\\" or ":" in name)


class Adapter(NamedTuple):
    """A LoRA adapter: a local file or folder, or a repository of the hub at a commit, and how strongly it counts.

    `file`: the file in a repository that holds several; none for the only one.
    """

    name: str
    revision: str | None
    file: str | None
    weight: float

    @property
    def path(self) -> Path | None:
        """The local file or folder, or None for a name on the hub."""
        return Path(self.name).expanduser() if is_local(self.name) else None

    @property
    def label(self) -> str:
        place = f"{self.name}@{self.revision}" if self.revision else self.name
        return f"{place}/{self.file}" if self.file else place


def parse_adapters(text: str) -> tuple[Adapter, ...]:
    """The adapters of `text`, one a line: `WHERE [WEIGHT]`, the weight 1 if none is given.

    WHERE is a path that starts with '/', './' or '~', or `owner/name@COMMIT` with, if needed, `/file.safetensors`.

    Raises:
        ValueError: the message names the line and how to write it.
    """
    found: list[Adapter] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        adapter = _parse_line(line.strip(), f"Adapter line {number}")
        if adapter.label in {other.label for other in found}:
            raise ValueError(f"Adapter line {number}: '{adapter.label}' is named twice; give it one weight.")
        found.append(adapter)
    return tuple(found)


def _parse_line(line: str, label: str) -> Adapter:
    where, weight = line, 1.0
    first, _, last = line.rpartition(" ")
    if first and re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", last):
        try:
            where, weight = first.strip(), float(last)
        except ValueError:
            raise ValueError(f"{label}: the weight '{last}' is not a number.") from None
    if weight == 0:
        raise ValueError(f"{label}: an adapter of weight 0 changes nothing; leave the line out.")
    if abs(weight) > MAX_WEIGHT:
        raise ValueError(f"{label}: the weight {weight:g} is outside -{MAX_WEIGHT} to {MAX_WEIGHT}; 1 is usual.")
    if is_local(where):
        if Path(where).suffix in (".bin", ".pt", ".pth", ".ckpt"):
            raise ValueError(f"{label}: '{where}' could run code when it is read; only .safetensors are taken.")
        return Adapter(where, None, None, weight)
    name, at, rest = where.partition("@")
    commit, _, file = rest.partition("/")
    if not HUB_NAME.fullmatch(name):
        raise ValueError(
            f"{label}: '{where}' is neither 'owner/name@commit' on the hub nor a path, which starts with '/', './' "
            "or '~'; a weight follows after a space."
        )
    if not at or not COMMIT.fullmatch(commit):
        raise ValueError(
            f"{label}: '{name}' needs its commit, 40 digits after '@', or pictures could not be made again after the "
            "adapter changes."
        )
    if file and not file.endswith(".safetensors"):
        raise ValueError(f"{label}: '{file}' is no .safetensors file; others could run code when they are read.")
    return Adapter(name, commit, file or None, weight)
