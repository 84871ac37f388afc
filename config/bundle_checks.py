"""Is an export whole, unchanged, and does its analysis follow from its ballots?

A bundle comes from anywhere: nothing in it is unpacked to disk, files are read in pieces, and what is wrong is
said by name instead of ending the check.
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

from analysis import results
from analysis.exports import REPORT_FILES
from study.ballots.receipts import find_receipt, verify_ballot
from study.digests import canonical_digest
from study.spreadsheet import unescape_formula

SUMS = "SHA256SUMS"
MATCH_CONTROL = "match_control.csv"
# What every export holds, what one of an unsealed study holds too, and what comes with an analysis.
ALWAYS = ("README.txt", "ballots.csv", "codebook.csv", "participants.csv", "study.json")
UNSEALED = ("commitments.json", "stimuli.csv", "provenance.json")
ANALYSED = ("plan.json", "analysis.json", "versions.json", *REPORT_FILES)

# A study of thousands stays far below; what is above was made to fill a memory or a disk.
MOST_FILES = 50_000
LARGEST_TABLE = 256 * 2**20
LARGEST_FILE = 2 * 2**30
LARGEST_RATIO = 500
SHOWN = 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class Unreadable(Exception):
    """A file of the bundle that cannot be used; the message names it."""


@dataclass(frozen=True)
class Verification:
    """What was checked, and what was found wrong: nothing, if the bundle is sound."""

    checked: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass
class Bundle:
    """An opened export, read with care; `faults` gathers what is wrong, `checked` what was looked at."""

    archive: zipfile.ZipFile
    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @cached_property
    def members(self) -> dict[str, zipfile.ZipInfo]:
        """The files that may be read, by name."""
        return {info.filename: info for info in self.archive.infolist() if self.refusal(info) is None}

    @staticmethod
    def refusal(info: zipfile.ZipInfo) -> str | None:
        """Why a file of the zip must not be touched."""
        name = info.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            return "its name leads out of the folder; do not unpack this zip."
        if stat.S_ISLNK(info.external_attr >> 16):
            return "it is a link; do not unpack this zip."
        if info.flag_bits & 1:
            return "it is locked by a password."
        packed = max(info.compress_size, 1)
        if info.file_size > LARGEST_FILE or (info.file_size > 2**20 and info.file_size / packed > LARGEST_RATIO):
            return "unpacked it would be too large; it was made to fill a disk."
        return None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file's content in pieces.

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
        """A table or a text as a whole.

        Raises:
            Unreadable: it is damaged, or larger than any table of ours.
        """
        if self.members[name].file_size > LARGEST_TABLE:
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
        """As the export says of itself; one with an analysis or commitments is none, whatever it says."""
        return bool(self.study.get("sealed")) and not self.members.keys() & {
            "commitments.json",
            "analysis.json",
        }


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
    stated: dict[str, str] = {}
    for line in bundle.text(SUMS).splitlines():
        digest, gap, name = line.partition("  ")
        if not gap:
            bundle.faults.append(f"{SUMS}: “{line[:80]}” is no line of it.")
        elif name in stated:
            bundle.faults.append(f"{SUMS} names {name} twice.")
        stated[name] = digest
    bundle.faults += [f"{name} is missing." for name in stated if name not in names]
    bundle.faults += [f"{name} is not in {SUMS}: it was added later." for name in sorted(names - set(stated) - {SUMS})]
    for name in sorted(stated.keys() & names):
        total = hashlib.sha256()
        try:
            for piece in bundle.pieces(name):
                total.update(piece)
        except Unreadable as error:
            bundle.faults.append(str(error))
            continue
        if total.hexdigest() != stated[name]:
            bundle.faults.append(f"{name} was changed after the export: its sum differs.")
    bundle.checked.append(f"sums of {len(stated)} files")


def _check_is_whole(bundle: Bundle) -> None:
    """A forger who also writes new sums can leave files out; an export has them."""
    wanted = [*ALWAYS]
    if "study.json" in bundle.members and not bundle.is_sealed:
        wanted += UNSEALED
    if bundle.members.keys() & {"plan.json", "analysis.json"}:
        wanted += ANALYSED
    missing = [f"{name} is missing: every such export has it." for name in wanted if name not in bundle.members]
    said = {fault.split(" is missing")[0] for fault in bundle.faults if " is missing" in fault}
    bundle.faults += [fault for fault in missing if fault.split(" is missing")[0] not in said]


def _check_digests(bundle: Bundle) -> None:
    if bundle.is_sealed and not any(row.get("nonce") for row in bundle.ballots):
        return
    for number, row in enumerate(bundle.ballots, start=2):
        try:
            sound = verify_ballot(row | {"clip": unescape_formula(row["clip"])})
        except (KeyError, ValueError, TypeError, AttributeError):
            sound = False
        if not sound:
            bundle.faults.append(f"ballots.csv, row {number}: the ballot does not agree with its digest.")
    bundle.checked.append(f"digests of {len(bundle.ballots)} ballots")


def _check_people(bundle: Bundle) -> None:
    if "participants.csv" not in bundle.members:
        return
    listed = {row.get("participant") for row in bundle.rows("participants.csv")}
    unknown = sorted({str(row.get("participant")) for row in bundle.ballots} - listed)
    bundle.faults += [f"ballots.csv: {code} is nobody in participants.csv." for code in unknown[:SHOWN]]


def _check_images(bundle: Bundle) -> None:
    """Each image is the one that the study painted or took, by the digest it had then."""
    if "stimuli.csv" not in bundle.members:
        return
    looked = 0
    for row in bundle.rows("stimuli.csv"):
        name, stated = row.get("file") or "", row.get("image_digest") or ""
        if not name or not stated or name not in bundle.members:
            continue
        looked += 1
        if hashlib.sha256(bundle.read(name)).hexdigest() != stated:
            bundle.faults.append(f"{name} is not the image of {row.get('clip')} that people saw.")
    if looked:
        bundle.checked.append(f"{looked} images, as people saw them")


def _check_plan(bundle: Bundle) -> None:
    """The plan is the one whose digest was published at opening, and the analysis was told nothing else."""
    fixed = bundle.study.get("plan")
    if not isinstance(fixed, dict):
        return
    if canonical_digest(fixed) != bundle.study.get("plan_digest"):
        bundle.faults.append("study.json: the plan is not the one with the digest that was fixed at opening.")
    if "plan.json" in bundle.members:
        told = bundle.json("plan.json")
        conditions = [row.get("key") for row in fixed.get("conditions", [])]
        for name, value in (
            ("weights", fixed.get("weights")),
            ("alpha", fixed.get("alpha")),
            ("conditions", conditions),
        ):
            if told.get(name) != value:
                bundle.faults.append(f"plan.json: {name} are {told.get(name)}; the plan that was fixed says {value}.")
    bundle.checked.append("the plan, as it was fixed at opening")


def _check_receipts(bundle: Bundle, receipts: Iterable[str]) -> None:
    receipts = list(receipts)
    if not receipts:
        return
    if "commitments.json" not in bundle.members:
        bundle.faults.append("This export was made while the study was sealed: receipts cannot be found in it.")
        return
    stated = bundle.json("commitments.json")
    digests: dict[str, list[str]] = {}
    for row in bundle.ballots:
        digests.setdefault(row.get("participant") or "", []).append(row.get("digest") or "")
    for receipt in receipts:
        if (found := find_receipt(receipt, digests, stated)) is None:
            bundle.faults.append(
                f"Receipt {receipt}: no participant of this export has it, or their ballots were changed."
            )
        else:
            bundle.checked.append(f"receipt {receipt}: {found}, {len(digests[found])} ballots, all as cast")


def _differences(exported: Any, again: Any, where: str = "") -> Iterator[str]:
    """Where two JSON values differ; numbers may differ by rounding between versions, not by more."""
    if isinstance(exported, dict) and isinstance(again, dict):
        for key in sorted(exported.keys() | again.keys()):
            yield from _differences(exported.get(key), again.get(key), f"{where}.{key}".lstrip("."))
    elif isinstance(exported, list) and isinstance(again, list) and len(exported) == len(again):
        for index, (one, other) in enumerate(zip(exported, again, strict=True)):
            yield from _differences(one, other, f"{where}[{index}]")
    elif isinstance(exported, float) and isinstance(again, int | float):
        # Not the other way round: NaN is no number that an export holds, and differs from all.
        if not abs(exported - again) <= 1e-9 * max(1.0, abs(exported)):
            yield f"{where}: {exported} exported, {again} now"
    elif exported != again:
        yield f"{where}: {exported!r} exported, {again!r} now"


def _check_analysis(bundle: Bundle) -> None:
    # Imported here: SciPy and Arrow are for workers and commands, the web process does without.
    from analysis.statistics.errors import StatisticsError
    from analysis.table import TableError

    if not {"ballots.csv", "plan.json", "analysis.json"} <= bundle.members.keys():
        return
    plan, exported = bundle.json("plan.json"), bundle.json("analysis.json")
    try:
        computed = results.analyse_csv(bundle.read("ballots.csv"), "ballots.csv", plan)
        if MATCH_CONTROL in bundle.members:
            control = results.match_control_of(bundle.read(MATCH_CONTROL))
            computed |= {"match_control": control} if control else {}
    except (TableError, StatisticsError) as error:
        raise Unreadable(f"The ballots cannot be analysed again: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"plan.json or ballots.csv is not what an export holds there: {error!r}.") from error
    again = json.loads(json.dumps(computed))
    faults = [f"analysis.json is not what ballots.csv gives: {text}" for text in _differences(exported, again)]
    bundle.faults += faults[:SHOWN]
    bundle.checked.append("the analysis, computed again from ballots.csv")


def verify_export(path: Path, receipts: Iterable[str] = ()) -> Verification:
    """Checks a bundle: names, sums, completeness, ballot digests, images, plan, receipts, and the analysis
    computed again.

    Raises:
        zipfile.BadZipFile: `path` is no zip.
    """
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MOST_FILES:
            return Verification((), (f"There are more than {MOST_FILES} files in it: this is no export.",))
        bundle = Bundle(archive)
        checks: list[Callable[[Bundle], None]] = [_check_names, _check_sums, _check_is_whole]
        if "study.json" in bundle.members:
            checks += [_check_plan]
        if {"study.json", "ballots.csv"} <= bundle.members.keys():
            checks += [_check_digests, _check_people, lambda found: _check_receipts(found, receipts)]
        checks += [_check_images, _check_analysis]
        for check in checks:
            try:
                check(bundle)
            except Unreadable as error:
                if str(error) not in bundle.faults:
                    bundle.faults.append(str(error))
        return Verification(tuple(bundle.checked), tuple(bundle.faults))
