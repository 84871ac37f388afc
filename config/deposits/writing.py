"""Write a study's deposit, as a folder or a zip: complete or not at all, and of one day the same bytes each time."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from analysis.study_results import analyses
from config.deposits import paths
from config.deposits.checking import Hindrance, findings_in, findings_in_texts, found_in, hindrances, not_accepted
from config.deposits.facts import publication_facts
from config.deposits.formats import metadata_files
from config.deposits.gathering import Gathering
from config.deposits.media import copy_media
from config.deposits.persons import Finding
from config.deposits.tables.study_tables import Tables
from study.digests import file_digest
from study.errors import NotAllowedNow
from study.models import Study
from study.zip_entries import zip_entry

__all__ = ["Hindrance", "found_in", "hindrances", "write_deposit", "zip_deposit"]


class DepositRefused(NotAllowedNow):
    """There can be no deposit yet; `reasons` are all of them, a sentence each.

    `findings` are those in files that were written and nowhere before, which only a written deposit shows.
    """

    def __init__(self, reasons: list[str], findings: Sequence[Finding] = ()) -> None:
        self.reasons, self.findings = reasons, findings
        super().__init__(" ".join(reasons))


def write_deposit(
    study: Study, folder: Path, *, today: date | None = None, notes: list[Finding] | None = None
) -> Iterator[str]:
    """Write the deposit into `folder`, which is not there or empty; yield each file's name once it is written.

    Args:
        today: the day that the deposit gives as that of its making; None: today, UTC.
        notes: is filled with what might point to a person and does not keep the study from being deposited.

    Raises:
        DepositRefused: something keeps the study from being deposited; the message names all of it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotAllowedNow(
            _("%(path)s is there already: name a folder that is empty or not there.") % {"path": folder}
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield from _write(study, scratch, today, notes)
        if folder.exists():
            folder.rmdir()
        scratch.chmod(0o755)
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def zip_deposit(
    study: Study, file: IO[bytes], folder: Path, *, today: date | None = None, notes: list[Finding] | None = None
) -> Iterator[str]:
    """Write the deposit as a zip to an open file; yield each file's name once it is written.

    Args:
        folder: an empty one, for the files until they are in the zip.
        today, notes: as of `write_deposit`.

    Raises:
        DepositRefused: something keeps the study from being deposited; the message names all of it.
    """
    names = []
    for name in _write(study, folder, today, notes):
        names.append(name)
        yield name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(names):
            entry = zip_entry(name, mode=0o644)
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 2**20)
            (folder / name).unlink()  # its place on the disk may be needed


def _write(study: Study, folder: Path, today: date | None, notes: list[Finding] | None) -> Iterator[str]:
    facts = publication_facts(study)
    reasons = [hindrance.message for hindrance in hindrances(study)]
    if study.is_sealed or study.status != Study.Status.CLOSED:
        raise DepositRefused(reasons)
    tables = Tables(study, facts.left_out)
    written, media = list(tables.write(folder)), list(copy_media(study, folder))
    everything = findings_in(tables, written, media, folder, facts)
    found = not_accepted(everything, facts)
    reasons += [f"{finding.where}: {finding.what} ({finding.accept_as})" for finding in found if finding.blocks]
    if notes is not None:
        notes += [finding for finding in found if not finding.blocks]
    analysis = analyses.latest(study)
    if reasons or analysis is None:
        raise DepositRefused(reasons)
    gathering = Gathering(study, facts, tables, written, media, everything, analysis, folder)
    for name in gathering.gather(today or datetime.now(UTC).date()):
        yield name
    for name, text in metadata_files(gathering.deposit).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        yield name
    left = not_accepted(findings_in_texts(tables, folder, facts), facts)
    if left:
        raise DepositRefused([f"{one.where}: {one.what} {one.example} ({one.accept_as})" for one in left], left)
    study.refresh_from_db(fields=["erasures"])
    if not analyses.is_current(analysis):
        raise NotAllowedNow(_("Somebody has withdrawn or answers have changed meanwhile: analyse again, then deposit."))
    names = sorted(str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file())
    digests = {file.path: file.sha256 for file in gathering.files}
    sums = "".join(f"{digests.get(name) or file_digest(folder / name)}  {name}\n" for name in names)
    (folder / paths.SUMS).write_text(sums, encoding="utf-8", newline="")
    yield paths.SUMS
