"""Sources from files that others made: exports, deposits, an analysis JSON, a published table of scores.

It runs in a bounded process (`bounded.py`) for what is uploaded, and by itself in a command.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from analysis.comparison.effects import FILE, Source
from analysis.comparison.errors import SourceRefused
from analysis.comparison.result_effects import words
from analysis.comparison.source_facts import source_of, source_of_table
from analysis.statistics.errors import StatisticsError
from analysis.statistics.table_audit import audit_table
from analysis.tables.errors import TableError
from analysis.tables.score_table import score_table_of
from study.digests import canonical_digest
from study.tables.reading import UPLOAD
from study.zip_entries import DAMAGED

ANALYSIS, STUDY_FACTS, CHAIN = "analysis.json", "study.json", "chain.json"
# Where a deposit has its analysis and the facts of the study; an export has all in one folder.
_RESULTS, _DOCUMENTATION = "results/", "documentation/"
MOST_BYTES = 64 * 2**20  # of one JSON file
MOST_VALUES = 3_000_000
MOST_MEMBERS = 50_000


def read_source(path: Path, name: str, *, respondents: int | None = None) -> Source:
    """The source of a file, or of a folder as an export or a deposit is unpacked.

    Args:
        name: of the file, for people.
        respondents: who answered a published table, if its text says so; else what fits it best.

    Raises:
        SourceRefused: it is none of the kinds, or damaged, or of a sealed study.
    """
    name = words(name)
    if path.is_dir():
        return _of_folder(path, name)
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PK\3\4") and (found := _in_zip(path, name)) is not None:
        return found
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        content = _limited(path.read_bytes, path.stat().st_size, name)
        result = _json(content, name)
        return source_of(name, FILE, canonical_digest(result), result, {})
    return _of_table(path, name, respondents)


def _in_zip(path: Path, name: str) -> Source | None:
    """The source of an export or a deposit; None if the zip holds no analysis, as a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise SourceRefused(_("%(name)s: it holds more files than any export.") % {"name": name})
            by_name = {member.filename: member for member in members if not member.flag_bits & 1}
            folder = _folder_of_analysis(list(by_name))
            if folder is None:
                if any(member.endswith(STUDY_FACTS) for member in by_name):
                    raise _no_analysis(name)
                return None

            def read(wanted: str) -> bytes | None:
                member = by_name.get(wanted)
                if member is None:
                    return None
                return _limited(lambda: archive.open(member).read(MOST_BYTES + 1), member.file_size, name)

            return _of_files(name, folder, read)
    except DAMAGED as error:
        raise SourceRefused(_("%(name)s is damaged: download it again.") % {"name": name}) from error


def _of_folder(path: Path, name: str) -> Source:
    members = [file.relative_to(path).as_posix() for file in sorted(path.rglob("*.json"))[:MOST_MEMBERS]]
    folder = _folder_of_analysis(members)
    if folder is None:
        raise _no_analysis(name)

    def read(wanted: str) -> bytes | None:
        file = path / wanted
        return _limited(file.read_bytes, file.stat().st_size, name) if file.is_file() else None

    return _of_files(name, folder, read)


def _folder_of_analysis(members: list[str]) -> str | None:
    """The folder, with its "/", of the analysis that lies least deep; None without one."""
    found = [member for member in members if PurePosixPath(member).name == ANALYSIS]
    if not found:
        return None
    return min(found, key=lambda member: (member.count("/"), member)).removesuffix(ANALYSIS)


def _no_analysis(name: str) -> SourceRefused:
    return SourceRefused(
        _("%(name)s: there is no analysis in it; close the study, analyse its answers and export it again.")
        % {"name": name}
    )


def _of_files(name: str, folder: str, read: Callable[[str], bytes | None]) -> Source:
    content = read(f"{folder}{ANALYSIS}")
    assert content is not None, "the folder was found by it"
    stated = read(f"{folder}{STUDY_FACTS}")
    if stated is None and f"/{folder}".endswith(f"/{_RESULTS}"):
        stated = read(f"{folder.removesuffix(_RESULTS)}{_DOCUMENTATION}{STUDY_FACTS}")
    facts = dict(_json(stated or b"{}", name))
    if facts.get("sealed"):
        raise SourceRefused(_("%(name)s: the study was sealed when this was made; export it again.") % {"name": name})
    if (chain := read(f"{folder}{CHAIN}")) is not None:
        facts["first_head"] = _first_head(_json(chain, name))
    title = words(facts.get("title") or "") or name
    result = _json(content, name)
    return source_of(title, FILE, canonical_digest(result), result, facts)


def _first_head(chain: Mapping[str, Any]) -> Any:
    entries = chain.get("entries")
    first = entries[0] if isinstance(entries, list) and entries else {}
    return first.get("head") if isinstance(first, dict) else None


def _limited(read: Callable[[], bytes], size: int, name: str) -> bytes:
    content = b"" if size > MOST_BYTES else read()
    if size > MOST_BYTES or len(content) > MOST_BYTES:
        raise SourceRefused(_("%(name)s: it is larger than any analysis.") % {"name": name})
    return content


def _json(content: bytes, name: str) -> Mapping[str, Any]:
    if sum(map(content.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise SourceRefused(_("%(name)s: it is larger than any analysis.") % {"name": name})
    try:
        data = json.loads(content.decode("utf-8-sig"))
        json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair cannot be written again
    except (ValueError, RecursionError) as error:
        raise SourceRefused(_("%(name)s: this is no JSON; download it again.") % {"name": name}) from error
    if not isinstance(data, dict):
        raise SourceRefused(_("%(name)s: this is no analysis of Earsight.") % {"name": name})
    return data


def _of_table(path: Path, name: str, respondents: int | None) -> Source:
    content = _limited(path.read_bytes, path.stat().st_size, name)
    try:
        table, _notes = score_table_of(content, name, limits=UPLOAD)
        audit = audit_table(table, respondents=respondents)
    except (TableError, StatisticsError) as error:
        raise SourceRefused(
            _("%(name)s is no export, no deposit, no analysis JSON, and no table of scores: %(reason)s")
            % {"name": name, "reason": str(error)}
        ) from error
    return source_of_table(name, content, table, audit)
