"""Check an export: is it complete and unchanged, and does its analysis follow from its ballots?

A bundle is untrusted input: nothing is unpacked to disk, files are read in pieces, and a fault is reported with the
file's name and does not end the check.
"""

import csv
import hashlib
import io
import json
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.study_results.report_files import REPORT_FILES
from study.ballots.receipts import find_receipt, verify_ballot
from study.digests import canonical_digest
from study.spreadsheet import unescape_formula

SUMS = "SHA256SUMS"
MATCH_CONTROL = "match_control.csv"
# Files of every export, of each export of an unsealed study, and of each export with an analysis.
REQUIRED = ("README.txt", "ballots.csv", "codebook.csv", "participants.csv", "participants_codebook.csv", "study.json")
REQUIRED_UNSEALED = ("commitments.json", "stimuli.csv", "provenance.json")
REQUIRED_ANALYSED = ("plan.json", "analysis.json", "versions.json", *REPORT_FILES)

# Far above an export of thousands of participants; a larger zip is meant to fill memory or disk.
MAX_FILES = 50_000
MAX_TABLE_BYTES = 256 * 2**20
MAX_FILE_BYTES = 2 * 2**30
MAX_COMPRESSION = 500
UNCHECKED_SEALED = "plan, ballots, images and analysis: an export of a sealed study leaves out what their checks need"
# At most this many faults of one kind are reported.
MAX_REPORTED = 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class Unreadable(Exception):
    """A file of the bundle cannot be used; the message names it."""


@dataclass(frozen=True)
class Verification:
    """What was checked, the faults that were found, and what could not be checked."""

    checked: tuple[str, ...]
    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


@dataclass
class Bundle:
    """An opened export with the checks made, the faults found and what could not be checked so far."""

    archive: zipfile.ZipFile
    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @cached_property
    def members(self) -> dict[str, zipfile.ZipInfo]:
        """Return the files that are safe to read, by name."""
        return {info.filename: info for info in self.archive.infolist() if self.refusal(info) is None}

    @staticmethod
    def refusal(info: zipfile.ZipInfo) -> str | None:
        """Return why a file of the zip must not be read, or None."""
        name = info.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            return "its name leads out of the folder; do not unpack this zip."
        if stat.S_ISLNK(info.external_attr >> 16):
            return "it is a link; do not unpack this zip."
        if info.flag_bits & 1:
            return "it is locked by a password."
        packed = max(info.compress_size, 1)
        if info.file_size > MAX_FILE_BYTES or (info.file_size > 2**20 and info.file_size / packed > MAX_COMPRESSION):
            return "unpacked it would be too large; it was made to fill a disk."
        return None

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the file's content in pieces.

        Raises:
            Unreadable: it is damaged.
        """
        try:
            with self.archive.open(self.members[name]) as file:
                while piece := file.read(2**20):
                    yield piece
        except _DAMAGED as error:
            raise Unreadable(f"{name} is damaged: {error}.") from error

    def read(self, name: str) -> bytes:
        """Return the content of a table or a text.

        Raises:
            Unreadable: it is damaged, or larger than any table of an export.
        """
        if self.members[name].file_size > MAX_TABLE_BYTES:
            raise Unreadable(f"{name} is larger than any export's.")
        return b"".join(self.pieces(name))

    def text(self, name: str) -> str:
        try:
            return self.read(name).decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{name} is no text in UTF-8.") from error

    def json(self, name: str) -> Any:
        try:
            data = json.loads(self.text(name))
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{name} is no JSON.") from error
        if not isinstance(data, dict):
            raise Unreadable(f"{name} is not what an export holds there.")
        return data

    def rows(self, name: str) -> list[dict[str, str]]:
        try:
            return list(csv.DictReader(io.StringIO(self.text(name), newline=""), strict=True))
        except csv.Error as error:
            raise Unreadable(f"{name} is no CSV table: {error}.") from error

    @cached_property
    def study(self) -> dict[str, Any]:
        return self.json("study.json")

    @cached_property
    def ballots(self) -> list[dict[str, str]]:
        return self.rows("ballots.csv")

    @property
    def is_sealed(self) -> bool:
        """Return whether the export is of a sealed study. One with an analysis or commitments never is."""
        return bool(self.study.get("sealed")) and not self.members.keys() & {"commitments.json", "analysis.json"}


def _check_names(bundle: Bundle) -> None:
    infos = bundle.archive.infolist()
    counts = Counter(info.filename for info in infos)
    bundle.faults += [f"{name} is there {count} times." for name, count in counts.items() if count > 1]
    for info in infos:
        if (refusal := bundle.refusal(info)) is not None:
            bundle.faults.append(f"{info.filename}: {refusal}")


def _check_sums(bundle: Bundle) -> None:
    names = bundle.members.keys()
    if SUMS not in names:
        raise Unreadable(f"{SUMS} is missing: this is no export, or it was cut short.")
    sums: dict[str, str] = {}
    for line in bundle.text(SUMS).splitlines():
        digest, gap, name = line.partition("  ")
        if not gap:
            bundle.faults.append(f"{SUMS}: “{line[:80]}” is no line of it.")
        elif name in sums:
            bundle.faults.append(f"{SUMS} names {name} twice.")
        sums[name] = digest
    bundle.faults += [f"{name} is missing." for name in sums if name not in names]
    bundle.faults += [f"{name} is not in {SUMS}: it was added later." for name in sorted(names - set(sums) - {SUMS})]
    for name in sorted(sums.keys() & names):
        computed = hashlib.sha256()
        try:
            for piece in bundle.pieces(name):
                computed.update(piece)
        except Unreadable as error:
            bundle.faults.append(str(error))
            continue
        if computed.hexdigest() != sums[name]:
            bundle.faults.append(f"{name} was changed after the export: its checksum differs.")
    bundle.checked.append(f"checksums of {len(sums)} files")


def _check_complete(bundle: Bundle) -> None:
    """Find missing files also if SHA256SUMS was written anew without them."""
    required = [*REQUIRED]
    if "study.json" in bundle.members and not bundle.is_sealed:
        required += REQUIRED_UNSEALED
    if bundle.members.keys() & {"plan.json", "analysis.json"}:
        required += REQUIRED_ANALYSED
    bundle.faults += [
        f"{name} is missing: every such export has it."
        for name in required
        if name not in bundle.members and f"{name} is missing." not in bundle.faults
    ]


def _check_digests(bundle: Bundle) -> None:
    if bundle.is_sealed and not any(row.get("nonce") for row in bundle.ballots):
        bundle.unchecked.append(UNCHECKED_SEALED)
        return
    for number, row in enumerate(bundle.ballots, start=2):
        try:
            is_valid = verify_ballot(row | {name: unescape_formula(row[name]) for name in ("clip", "reason")})
        except (KeyError, ValueError, TypeError, AttributeError):
            is_valid = False
        if not is_valid:
            bundle.faults.append(f"ballots.csv, row {number}: the ballot does not agree with its digest.")
    bundle.checked.append(f"digests of {len(bundle.ballots)} ballots")


def _check_participants(bundle: Bundle) -> None:
    if "participants.csv" not in bundle.members:
        return
    listed = {row.get("participant"): row for row in bundle.rows("participants.csv")}
    unknown = sorted({str(row.get("participant")) for row in bundle.ballots} - listed.keys())
    bundle.faults += [f"ballots.csv: {code} is not in participants.csv." for code in unknown[:MAX_REPORTED]]
    # The analysis reads the answers of people from the ballot table, where they stand once for each ballot.
    others = {
        (code, column)
        for row in bundle.ballots
        if (code := row.get("participant")) in listed
        for column in row.keys() & listed[code].keys()
        if row[column] != listed[code][column]
    }
    bundle.faults += [
        f"ballots.csv: {column} of {code} is not what participants.csv says."
        for code, column in sorted(others, key=str)[:MAX_REPORTED]
    ]


def _check_images(bundle: Bundle) -> None:
    """Compare each image with the digest that was stored when it was painted or uploaded."""
    if "stimuli.csv" not in bundle.members:
        return
    compared = 0
    for row in bundle.rows("stimuli.csv"):
        name, stated = row.get("file") or "", row.get("image_digest") or ""
        if not name or not stated or name not in bundle.members:
            continue
        compared += 1
        if hashlib.sha256(bundle.read(name)).hexdigest() != stated:
            bundle.faults.append(f"{name} is not the image of {row.get('clip')} that participants saw.")
    if compared:
        bundle.checked.append(f"{compared} images, as participants saw them")


def _check_plan(bundle: Bundle) -> None:
    """Compare the plan with the digest that was published at opening, and the analysis's options with the plan."""
    fixed = bundle.study.get("plan")
    if not isinstance(fixed, dict):
        return
    if canonical_digest(fixed) != bundle.study.get("plan_digest"):
        bundle.faults.append("study.json: the plan is not the one with the digest that was fixed at opening.")
    if "plan.json" in bundle.members:
        options = bundle.json("plan.json")
        conditions = [row.get("key") for row in fixed.get("conditions", [])]
        moderators = (fixed.get("analysis") or {}).get("moderators") or []
        if (options.get("moderators") or []) != moderators:
            bundle.faults.append("plan.json: the moderators are not those of the plan that was fixed.")
        expected = {"weights": fixed.get("weights"), "alpha": fixed.get("alpha"), "conditions": conditions}
        bundle.faults += [
            f"plan.json: {name} are {options.get(name)}; the plan that was fixed says {value}."
            for name, value in expected.items()
            if options.get(name) != value
        ]
    bundle.checked.append("the plan, as it was fixed at opening")


def _check_receipts(bundle: Bundle, receipts: Iterable[str]) -> None:
    receipts = list(receipts)
    if not receipts:
        return
    if "commitments.json" not in bundle.members:
        bundle.faults.append("This export was made while the study was sealed: receipts cannot be found in it.")
        return
    commitments = bundle.json("commitments.json")
    digests: dict[str, list[str]] = {}
    for row in bundle.ballots:
        digests.setdefault(row.get("participant") or "", []).append(row.get("digest") or "")
    for receipt in receipts:
        if (found := find_receipt(receipt, digests, commitments)) is None:
            bundle.faults.append(
                f"Receipt {receipt}: no participant of this export has it, or their ballots were changed."
            )
        else:
            bundle.checked.append(f"receipt {receipt}: {found}, {len(digests[found])} ballots, all as cast")


def _differences(exported: Any, again: Any, path: str = "") -> Iterator[str]:
    """Yield where two JSON values differ; a relative difference of 1e-9 is rounding and passes."""
    if isinstance(exported, dict) and isinstance(again, dict):
        for key in sorted(exported.keys() | again.keys()):
            yield from _differences(exported.get(key), again.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(exported, list) and isinstance(again, list) and len(exported) == len(again):
        for index, (one, other) in enumerate(zip(exported, again, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif isinstance(exported, float) and isinstance(again, int | float):
        # Not `if abs(…) > …`: NaN, which no export holds, must count as a difference.
        if not abs(exported - again) <= 1e-9 * max(1.0, abs(exported)):
            yield f"{path}: {exported} exported, {again} now"
    elif exported != again:
        yield f"{path}: {exported!r} exported, {again!r} now"


def _check_analysis(bundle: Bundle) -> None:
    # Imported here because the web process, which imports this module, does without SciPy and Arrow.
    from analysis.statistics.errors import StatisticsError
    from analysis.study_results.csv_analysis import analyse_csv, match_control_of
    from analysis.tables.errors import TableError

    if not {"ballots.csv", "plan.json", "analysis.json"} <= bundle.members.keys():
        return
    plan, exported = bundle.json("plan.json"), bundle.json("analysis.json")
    try:
        computed = analyse_csv(bundle.read("ballots.csv"), "ballots.csv", plan)
        if MATCH_CONTROL in bundle.members:
            control = match_control_of(bundle.read(MATCH_CONTROL))
            computed |= {"match_control": control} if control else {}
    except (TableError, StatisticsError) as error:
        raise Unreadable(f"The ballots cannot be analysed again: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"plan.json or ballots.csv is not what an export holds there: {error!r}.") from error
    again = json.loads(json.dumps(computed))
    faults = [f"analysis.json is not what ballots.csv gives: {text}" for text in _differences(exported, again)]
    bundle.faults += faults[:MAX_REPORTED]
    bundle.checked.append("the analysis, computed again from ballots.csv")


def verify_export(path: Path, receipts: Iterable[str] = ()) -> Verification:
    """Check a bundle: names, sums, completeness, plan, ballot digests, receipts, images, and the analysis, which is
    computed again.

    Raises:
        zipfile.BadZipFile: `path` is no zip.
    """
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MAX_FILES:
            return Verification((), (f"There are more than {MAX_FILES} files in it: this is no export.",))
        bundle = Bundle(archive)
        checks: list[Callable[[Bundle], None]] = [_check_names, _check_sums, _check_complete]
        if "study.json" in bundle.members:
            checks += [_check_plan]
        if {"study.json", "ballots.csv"} <= bundle.members.keys():
            checks += [_check_digests, _check_participants, lambda found: _check_receipts(found, receipts)]
        checks += [_check_images, _check_analysis]
        for check in checks:
            try:
                check(bundle)
            except Unreadable as error:
                if str(error) not in bundle.faults:
                    bundle.faults.append(str(error))
        return Verification(tuple(bundle.checked), tuple(bundle.faults), tuple(bundle.unchecked))
