"""Make the analysis of a deposit again, from the deposit alone, and compare."""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from config.bundles.reading import MAX_TABLE_BYTES, MAX_VALUES, Unreadable
from config.bundles.same_json import of_deposit
from config.deposits import paths
from config.deposits.reproduction.fresh_environment import fresh_python
from config.deposits.reproduction.reading import DepositFiles, opened

MOST_SHOWN = 20
_GIB = 2**30
_NO_MEMORY = ("MemoryError", "bad_alloc", "Memory allocation", "Cannot allocate memory")  # Python, C++, OpenBLAS, C
MEMORY = 8  # GiB of address space; the analysis of a million ballots takes less than 2.4 of it, and 0.8 of memory
_LONGEST_TITLE = 200
_LAST_WORDS = 2**14  # bytes of what the process says at its end
_LONGEST = 2 * 60 * 60  # seconds that an analysis may take; that of thousands of people takes minutes
_PROGRAM = "import django; django.setup(); from config.deposits.reproduction.recomputing import main; main()"
# What the analysis reads.
_READ = (paths.PLAN, paths.ANALYSIS, paths.VERSIONS, paths.STUDY)
_TABLES = (paths.BALLOTS, paths.PARTICIPANTS, paths.PAINTINGS, paths.CLIPS_LEFT_OUT)
_NEEDED = (paths.PLAN, paths.ANALYSIS, paths.VERSIONS, *_TABLES)
# On these the last digits of the numbers depend.
_NUMERICAL = ("earsight", "numpy", "scipy")
# Of the badge, in pixels: about 6.5 for each letter of its 11-pixel type, and space at both sides.
_LETTER, _SPACE = 6.5, 12
UNCHECKED = (
    "Whether the tables are what people answered: the command verify_export checks that, with the study's export and "
    "the receipts of its participants.",
    "The report, the figures and the metadata, but for their checksums: they are made from the analysis.",
)


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of it.

    Attributes:
        title: of the study.
        checked: what was checked, a sentence each; `unchecked` what was not.
        differences: where the analysis made again differs, the first of them, each by its path in the JSON.
        faults: what is wrong with the files.
        versions: name → (version that made the deposit, version that made it again).
        digests: file → SHA-256 (hex) of what was read.
        at: when it was done, UTC.
    """

    title: str
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    differences: tuple[str, ...]
    faults: tuple[str, ...]
    versions: Mapping[str, tuple[str, str]]
    digests: Mapping[str, str]
    at: datetime
    simulated: bool = False

    @property
    def is_reproduced(self) -> bool:
        """Whether the analysis made again is that of the deposit, and no file was changed."""
        return not self.differences and not self.faults


def reproduce(path: Path, *, fresh: bool = False, memory: int = MEMORY) -> Reproduction:
    """Analyse the deposit (a folder or a zip) again in a process of its own, without database or settings; compare.

    Args:
        fresh: in a new virtual environment with the versions that the deposit names.
        memory: GiB of address space that the process may have.

    Raises:
        Unreadable: it is no deposit, or cannot be read.
    """
    with opened(path) as files, tempfile.TemporaryDirectory(prefix="earsight-reproduce-") as scratch:
        digests, faults = files.check_sums()
        if missing := [name for name in _NEEDED if name not in files.names]:
            why = " ".join(
                _printable(fault) for fault in faults if fault.startswith(tuple(f"{name}:" for name in missing))
            )
            raise Unreadable(f"{', '.join(missing)}: not in it, so there is nothing to make again. {why}".rstrip())
        folder = Path(scratch) / "deposit"
        read = sorted(name for name in files.names if name in _READ or _is_table(name))
        for name in read:
            files.copy(name, folder / name)
        stored, plan = _json(folder, paths.ANALYSIS), _json(folder, paths.PLAN)
        stated = {str(name): str(version) for name, version in _json(folder, paths.VERSIONS).items()}
        study = _json(folder, paths.STUDY) if paths.STUDY in read else {}
        python = fresh_python(Path(scratch) / "environment", stated) if fresh else Path(sys.executable)
        made = _analyse(python, folder, Path(scratch), memory)
        exact = all(stated.get(name) == made["versions"].get(name) for name in _NUMERICAL)
        found: list[str] = []
        if "problem" in made:
            faults.append(f"The analysis cannot be made again: {made['problem'][:500]}")
        else:
            found = list(of_deposit(0.0 if exact else 1e-9).differences(stored, made["result"]))
    return Reproduction(
        title=_printable(str(study.get("title", ""))[:_LONGEST_TITLE]) or path.stem,
        checked=tuple(_checked(files, plan, exact, fresh)),
        unchecked=UNCHECKED,
        differences=tuple(map(_printable, _first(found))),
        faults=tuple(map(_printable, _first(faults))),
        versions={
            _printable(name): (_printable(stated.get(name, "—")), made["versions"].get(name, "—"))
            for name in sorted(stated.keys() | made["versions"].keys())
        },
        digests={name: digests[name] for name in read if name in digests},
        at=datetime.now(UTC).replace(microsecond=0),
        simulated=bool(study.get("simulated")),
    )


def _is_table(name: str) -> bool:
    return name.startswith(paths.BALLOTS.rpartition("/")[0] + "/") and name.endswith(".csv")


def _json(folder: Path, name: str) -> dict[str, Any]:
    if (folder / name).stat().st_size > MAX_TABLE_BYTES:
        raise Unreadable(f"{name} is larger than any deposit's.")
    content = (folder / name).read_bytes()
    if sum(map(content.count, (b"[", b"{", b","))) > MAX_VALUES:
        raise Unreadable(f"{name} has more values than any deposit's.")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is no JSON.") from error
    if not isinstance(data, dict):
        raise Unreadable(f"{name} is not what a deposit holds there.")
    return data


def _analyse(python: Path, folder: Path, scratch: Path, memory: int) -> dict[str, Any]:
    """Run `recomputing.main` in a process with limits that knows nothing of this installation but its source.

    Its data folder is a new one, so there is no database whose tables it could read.
    """
    data, out, said = scratch / "data", scratch / "result.json", scratch / "said.txt"
    data.mkdir(mode=0o700)
    environment = {
        "PATH": os.defpath,
        "HOME": str(data),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "2",  # each thread's own takes address space
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EARSIGHT_DATA": str(data),
    }
    try:
        with said.open("wb") as errors:
            done = subprocess.run(  # noqa: S603
                [str(python), "-c", _PROGRAM, str(folder), str(out), str(memory * _GIB)],
                env=environment,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=_LONGEST,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return {"problem": f"it takes longer than {_LONGEST // 3600} hours", "versions": {}}
    if done.returncode != 0 or not out.exists():
        return {"problem": _why_ended(done.returncode, said, memory), "versions": {}}
    if out.stat().st_size > MAX_TABLE_BYTES:
        return {"problem": "the analysis is larger than any deposit's", "versions": {}}
    made: dict[str, Any] = json.loads(out.read_bytes())
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made["versions"].setdefault("earsight", project["version"])  # a new environment has only the source
    return made


def _why_ended(status: int, said: Path, memory: int) -> str:
    with said.open("rb") as file:
        file.seek(max(0, said.stat().st_size - _LAST_WORDS))
        lines = file.read().decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else f"its process ended with status {status}"
    # A library that gets no memory may end the process by a signal.
    if status < 0 or any(words in last for words in _NO_MEMORY):
        return (
            f"it needs more than {memory} GiB of memory; if you trust the deposit and the machine has more, let it "
            f"have more: reproduce_report --memory {2 * memory}"
        )
    return last


def _checked(files: DepositFiles, plan: Mapping[str, Any], exact: bool, fresh: bool) -> Iterator[str]:
    yield f"The checksums of {len(files.names) - 1} files in {paths.SUMS}."
    named = plan.get("conditions")
    conditions = _printable(", ".join(map(str, named)) if isinstance(named, list) else "none")
    yield f"The analysis, made again from the tables and the options in {paths.PLAN} (conditions: {conditions})."
    yield (
        "Every number, to the last digit: the same versions of Earsight, NumPy and SciPy made them."
        if exact
        else "Every number, to a relative difference of 1e-9: other versions of Earsight, NumPy or SciPy made them."
    )
    where = "in a virtual environment made for it, with the versions that the deposit names" if fresh else ""
    yield f"In a process of its own {where}".strip() + ", without database, settings or data of this installation."


def _printable(text: str) -> str:
    """What a deposit says, as a terminal may show it: signs that control it are not printed."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _first(found: list[str]) -> Iterator[str]:
    yield from found[:MOST_SHOWN]
    if len(found) > MOST_SHOWN:
        yield f"… and {len(found) - MOST_SHOWN} more."


def badge_page(reproduction: Reproduction) -> str:
    """A page of HTML that needs no other file: a badge, and what was checked, when and with which versions."""
    word = "reproduced" if reproduction.is_reproduced else "not reproduced"
    left, right = (round(len(text) * _LETTER + _SPACE) for text in ("analysis", word))
    badge = {
        "word": word,
        "left": left,
        "right": right,
        "width": left + right,
        "left_middle": left / 2,
        "right_middle": left + right / 2,
    }
    with translation.override("en"):
        return render_to_string("deposits/badge.html", {"found": reproduction, "badge": badge})
