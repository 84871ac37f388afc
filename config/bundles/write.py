"""Write a study as one self-contained zip: ballots, plan, analysis, report, images, and how to check them.

While the study is sealed, the bundle shows conditions as opaque labels only, and has no images, prompts or analysis.
"""

import hashlib
import json
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from django.utils import translation

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.deviations import deviations
from analysis.study_results.report_files import report_files
from analysis.tables.codebook import codebook_csv
from analysis.tables.participant_table import participants_codebook_csv, participants_csv
from analysis.tables.study_tables import ballots_csv, match_control_csv
from config.bundles.chain_files import chain_json, commitments_json, readable_log
from config.bundles.reading import CHAIN, COMMITMENTS, MATCH_CONTROL, SUMS
from study.ballots.commitments import bind_unfinished
from study.ballots.table import LATE_COLUMNS, kinds_of, late_rows
from study.jobs.files import work_folder
from study.models import Study
from study.participants.server_record import COLUMNS as SERVER_COLUMNS
from study.participants.server_record import server_rows
from study.tables.spreadsheet import csv_text

README = """This is an export of the Earsight study "{title}".

ballots.csv        one row for each ballot, with the person's answers to questions; codebook.csv explains its columns
late_answers.csv   only if some arrived after the end of answering; given in time by the browser's word, not counted
participants.csv   one row for each participant, with all answers; participants_codebook.csv explains its columns
trials.csv         what the server saw of each trial: the hour of its page; sound, events and answer in seconds after it
match_control.csv  only after match-control trials: own is 1 if an image of the clip heard was chosen
study.json         settings, the plan and its digest, deviations from the plan, the log for reading
chain.json         the log as a hash chain: each entry's digest, and the head after it, which covers all entries so far
commitments.json   one for each participant, as the chain fixed it; the participant's receipt proves or disproves it
analysis.json      what `manage.py analyze` computes from ballots.csv with the options in plan.json
report-en.html     the report; also as .pdf and .tex, and all in Korean (report-ko)
references.bib     what the report cites;  report.xlsx, scores.csv, by_clip.csv: its numbers
checklist-en.csv   reporting checklists, filled in as far as the study and its researchers did;  heds.json
generation/        rule files and tables of predictions of the study's own, if it used any
stimuli.csv        each image with its condition; provenance.json describes how each was made, and under "shown" in
                   which format and sizes participants got it (images/ holds the originals)
SHA256SUMS         check with `sha256sum -c`

Times of people are given to the hour, durations to the second: no list of a recruiting platform matches them.

`python manage.py verify_export BUNDLE` checks sums, digests and chain, finds receipts, and analyses the ballots again;
`verify_diff OLD NEW` compares an earlier export with this one. The head of the chain in this export is
{head}
{state}
"""


def _csv(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> bytes:
    names = list(columns)
    return csv_text([names, *([row[name] for name in names] for row in rows)]).encode()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()


def _study(study: Study, analysis: Analysis | None, chain: dict[str, Any]) -> bytes:
    return _json(
        {
            "slug": study.slug,
            "title": study.title,
            "description": study.description,
            "status": study.status,
            "sealed": study.is_sealed,
            "simulated": study.simulated,
            "images_shown": _images_shown(study),
            "opened_at": study.opened_at,
            "closed_at": study.closed_at,
            # The plan names the conditions, so a sealed study exports only the plan's digest.
            "plan": None if study.is_sealed else study.plan.get("fixed"),
            "plan_digest": study.plan_digest,
            "deviations": None if study.is_sealed else _deviations(study, analysis),
            "log": readable_log(chain),
        }
    )


def _images_shown(study: Study) -> dict[str, Any] | None:
    """Return format, encoder and sizes in which participants got all images alike; None for the files as stored."""
    return {name: value for name, value in study.survey_images.items() if name != "images"} or None


def _deviations(study: Study, analysis: Analysis | None) -> list[str]:
    with translation.override("en"):
        return deviations(study, analysis)


def _analysis(study: Study) -> Analysis:
    """Return the newest analysis; compute one if answers were added or removed since."""
    newest = analyses.latest(study)
    return newest if newest is not None and analyses.is_current(newest) else analyses.build_analysis(study)


def _stimuli(study: Study, images: bool) -> Iterator[tuple[str, bytes]]:
    rows: list[Mapping[str, Any]] = []
    provenance = {}
    for clip in study.clips.filter(included=True).prefetch_related("stimuli__condition"):
        for stimulus in clip.stimuli.all():
            condition = stimulus.condition.key
            name = f"images/{clip.number:03d}-{condition}.{str(stimulus.image.name).rpartition('.')[2]}"
            rows.append(
                {
                    "clip": clip.name,
                    "condition": condition,
                    "file": name if images else "",
                    "image_digest": stimulus.image_digest,
                    "painter": stimulus.painter,
                }
            )
            provenance[f"{clip.name} / {condition}"] = stimulus.provenance | {"shown": _images_shown(study)}
            if images and stimulus.image:
                with stimulus.image.open("rb") as file:
                    yield name, file.read()
    yield "stimuli.csv", _csv(rows, ("clip", "condition", "file", "image_digest", "painter"))
    yield "provenance.json", _json(provenance)


def _own_files(study: Study) -> Iterator[tuple[str, bytes]]:
    """Yield the rule files and tables of predictions from which the study's last run made its images."""
    last = study.generation_runs.last()
    if last is None:
        return
    settings = json.dumps(last.settings)  # searched as text: settings of another version can be read no more
    for file in study.files.all():
        if file.digest in settings:
            yield f"generation/{file.digest[:8]}-{file.name}", file.text.encode()


def _tables(study: Study, sealed: bool, folder: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """Write the tables of people and ballots and the chain into a folder, all of one moment if they can be had.

    People finish and withdraw while an export of an open study is written, and each leaves an entry in the chain.
    """
    bind_unfinished(study)
    for _attempt in range(5):
        before = study.log.count()
        tables = {}
        for name, content in _read_tables(study, sealed):
            tables[name] = folder / name
            tables[name].write_bytes(content)
        chain = chain_json(study)
        if len(chain["entries"]) == before:
            break
    tables[CHAIN] = folder / CHAIN
    tables[CHAIN].write_bytes(_json(chain))
    return tables, chain


def _read_tables(study: Study, sealed: bool) -> Iterator[tuple[str, bytes]]:
    yield "ballots.csv", ballots_csv(study)
    if study.match_controls:
        yield MATCH_CONTROL, match_control_csv(study)
    yield "participants.csv", participants_csv(study)
    yield "trials.csv", _csv(server_rows(study, kinds_of(study)), SERVER_COLUMNS)
    if not sealed:
        if late := late_rows(study):
            yield "late_answers.csv", _csv(late, LATE_COLUMNS)
        yield COMMITMENTS, _json(commitments_json(study))


def _contents(study: Study, images: bool, folder: Path) -> Iterator[tuple[str, bytes | Path]]:
    sealed = study.is_sealed
    analysis = None if sealed else _analysis(study)
    state = "The study is still sealed: conditions are shown as opaque labels.\n" if sealed else ""
    if study.simulated:
        state += "SIMULATED: the answers come from simulated participants. These results are no findings.\n"
    tables, chain = _tables(study, sealed, folder)
    head = f"{len(chain['entries'])}:{chain['head']}"
    yield "README.txt", README.format(title=study.title, state=state, head=head).encode()
    yield from tables.items()
    yield "codebook.csv", codebook_csv(study)
    yield "participants_codebook.csv", participants_codebook_csv(study)
    yield "study.json", _study(study, analysis, chain)
    if sealed:
        return
    yield from _stimuli(study, images)
    yield from _own_files(study)
    if analysis is None or analysis.result is None:
        return
    yield "plan.json", _json(analysis.plan)
    yield "analysis.json", _json(analysis.result)
    yield "versions.json", _json(analysis.versions)
    yield from report_files(analysis)


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part


def write_bundle(study: Study, file: IO[bytes], *, images: bool = True) -> Iterator[str]:
    """Write the study's bundle (a zip) to an open file, and yield the name of each file in it once it is written.

    Tables wait in a folder until all are of one moment; of other files one at a time is in memory.
    """
    sums: dict[str, str] = {}
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle,
        work_folder() as folder,
    ):
        for name, content in _contents(study, images, folder):
            digest = hashlib.sha256()
            info = zipfile.ZipInfo(name, time.localtime()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size
            with bundle.open(info, "w") as member:
                for part in [content] if isinstance(content, bytes) else _parts(content):
                    digest.update(part)
                    member.write(part)
            sums[name] = digest.hexdigest()
            yield name
        bundle.writestr(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    yield SUMS


def export_study(study: Study, path: Path, *, images: bool = True) -> list[str]:
    """Write the study's bundle to `path` (a zip), complete or not at all, and return the names in it."""
    scratch = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with scratch.open("wb") as file:
            names = list(write_bundle(study, file, images=images))
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return names
