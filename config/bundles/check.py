"""Check an export: is it complete and unchanged, and does its analysis follow from its ballots?

A bundle is untrusted input: files are read in pieces, none is unpacked under its own name, and a fault is reported with
the file's name and does not end the check.
"""

import hashlib
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.study_results.report_files import REPORT_FILES
from config.bundles.answers_check import check_answers
from config.bundles.chain_check import check_chain, check_commitments, check_exclusions, check_opening
from config.bundles.reading import (
    BALLOTS,
    CLIPS_LEFT_OUT,
    FOLLOW_UP,
    MALFORMED,
    MATCH_CONTROL,
    MAX_FILES,
    MAX_REPORTED,
    PAINTINGS,
    SUMS,
    Bundle,
    Unreadable,
    naming,
)
from config.bundles.receipt_check import check_receipts
from config.bundles.same_json import of_export
from config.bundles.selection_check import check_selection
from config.bundles.stage_check import check_stages
from config.bundles.version_check import check_versions, version_of_people
from study.ballots.receipts import verify_ballot
from study.digests import canonical_digest
from study.errors import StudyError
from study.published_heads.heads import Head
from study.tables.spreadsheet import unescape_formula

# Files of every export, of each export of an unsealed study, of a study with an instrument, and with an analysis.
REQUIRED = ("README.txt", "ballots.csv", "codebook.csv", "participants.csv", "participants_codebook.csv", "study.json")
REQUIRED_UNSEALED = ("commitments.json", "stimuli.csv", "provenance.json")
REQUIRED_WITH_INSTRUMENT = ("answers.csv", "answers_codebook.csv")
REQUIRED_ANALYSED = ("plan.json", "analysis.json", "versions.json", *REPORT_FILES)

UNCHECKED_SEALED = "plan, ballots, images and analysis: an export of a sealed study leaves out what their checks need"


@dataclass(frozen=True)
class Verification:
    """What was checked, the faults that were found, and what could not be checked."""

    checked: tuple[str, ...]
    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


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
        bundle.report(name)
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
    if "study.json" in bundle.members and bundle.study.get("instrument"):
        required += REQUIRED_WITH_INSTRUMENT
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
    count = 0
    for name in bundle.tables_of(BALLOTS):
        for row_number, row in enumerate(bundle.each_row(name), start=2):
            count += 1
            try:
                is_valid = verify_ballot(row | {key: unescape_formula(row[key]) for key in ("clip", "reason")})
            except MALFORMED:
                is_valid = False
            if not is_valid:
                bundle.faults.append(f"{name}, row {row_number}: the ballot does not agree with its digest.")
    bundle.checked.append(f"digests of {count} ballots")


def _check_participants(bundle: Bundle) -> None:
    if "participants.csv" not in bundle.members:
        return
    listed = {row.get("participant"): row for row in bundle.participants}
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


def _check_analysis(bundle: Bundle) -> None:
    # Imported here because the web process, which imports this module, does without SciPy and Arrow.
    from analysis.statistics.errors import StatisticsError
    from analysis.study_results.csv_analysis import analyse_tables
    from analysis.tables.clips_left_out import count_clips_left_out
    from analysis.tables.errors import TableError
    from analysis.tables.paintings import count_paintings

    if not {"ballots.csv", "plan.json", "analysis.json"} <= bundle.members.keys():
        return
    plan, exported = bundle.json("plan.json"), bundle.json("analysis.json")
    try:
        with tempfile.TemporaryDirectory(prefix="earsight-check-") as folder:
            tables = {name: Path(folder) / name for name in (BALLOTS, FOLLOW_UP) if name in bundle.members}
            for name, table in tables.items():
                with table.open("wb") as file:
                    file.writelines(bundle.pieces(name))
            computed = analyse_tables(
                tables[BALLOTS],
                plan,
                version_of=version_of_people(bundle.participants),
                follow_up=tables.get(FOLLOW_UP),
                control=bundle.read(MATCH_CONTROL) if MATCH_CONTROL in bundle.members else None,
            )
    except (TableError, StatisticsError, StudyError) as error:
        raise Unreadable(f"The ballots cannot be analysed again: {error}") from error
    except MALFORMED as error:
        raise Unreadable(f"plan.json or ballots.csv is not what an export holds there: {error!r}.") from error
    if CLIPS_LEFT_OUT in bundle.members:
        with naming(CLIPS_LEFT_OUT):
            computed["clips_left_out"] = count_clips_left_out(bundle.read(CLIPS_LEFT_OUT))
    if PAINTINGS in bundle.members:
        with naming(PAINTINGS):
            computed["paintings"] = count_paintings(bundle.read(PAINTINGS), plan["conditions"])
    again = json.loads(json.dumps(computed))
    faults = [
        f"analysis.json is not what ballots.csv gives: {text}" for text in of_export().differences(exported, again)
    ]
    bundle.faults += faults[:MAX_REPORTED]
    bundle.checked.append("the analysis, computed again from ballots.csv")


def verify_export(path: Path, receipts: Iterable[str] = (), heads: Iterable[Head] = ()) -> Verification:
    """Check a bundle: names, sums, completeness, plan, the chain of the log and what it has fixed, receipts, images,
    and the analysis, which is computed again.

    Args:
        heads: published heads; those of other studies are ignored.

    Raises:
        zipfile.BadZipFile: `path` is no zip.
    """
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MAX_FILES:
            return Verification((), (f"There are more than {MAX_FILES} files in it: this is no export.",))
        bundle = Bundle(archive)
        check_bundle(bundle, receipts, heads)
        return Verification(tuple(bundle.checked), tuple(bundle.faults), tuple(bundle.unchecked))


def check_bundle(bundle: Bundle, receipts: Iterable[str] = (), heads: Iterable[Head] = ()) -> None:
    """Make all checks of an opened bundle."""
    checks: list[Callable[[Bundle], None]] = [_check_names, _check_sums, _check_complete]
    if "study.json" in bundle.members:
        checks += [_check_plan, lambda found: check_chain(found, _of_study(found, heads)), check_opening]
    if {"study.json", "ballots.csv"} <= bundle.members.keys():
        checks += [
            _check_digests,
            _check_participants,
            check_stages,
            check_versions,
            check_commitments,
            check_exclusions,
            check_answers,
        ]
        checks += [lambda found: check_receipts(found, receipts), check_selection]
    checks += [_check_images, _check_analysis]
    for check in checks:
        try:
            check(bundle)
        except Unreadable as error:
            if str(error) not in bundle.faults:
                bundle.faults.append(str(error))


def _of_study(bundle: Bundle, heads: Iterable[Head]) -> list[Head]:
    heads = list(heads)
    slug = str(bundle.study.get("slug"))
    found = [replace(one, slug=slug) for one in heads if one.slug in ("", slug)]
    if heads and not found:
        bundle.unchecked.append(f"published heads: none of those given is of {slug}")
    return found
