"""Write a study as one self-contained zip: ballots, plan, analysis, report, images, and how to check them.

While the study is sealed, the bundle shows conditions as opaque labels only, and has no images, prompts or analysis.
"""

import hashlib
import json
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, Any, TextIO

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.deviations import deviations
from analysis.study_results.report_files import report_files
from analysis.tables import clips_left_out, paintings
from analysis.tables.codebook import answers_codebook_csv, codebook_csv
from analysis.tables.participant_table import participants_codebook_csv, participants_csv_parts
from analysis.tables.preferences import image_file_name
from analysis.tables.study_tables import (
    answers_csv_parts,
    ballots_csv_parts,
    match_control_csv,
    name_of_stage,
    other_stages,
)
from config.bundles.chain_files import chain_entries, chain_facts, commitments_json, readable_entry
from config.bundles.reading import ANSWERS, BALLOTS, CHAIN, CLIPS_LEFT_OUT, COMMITMENTS, MATCH_CONTROL, PAINTINGS, SUMS
from config.bundles.whole.writing import whole_files
from study.ballots.commitments import bind_unfinished
from study.ballots.table import kinds_of, late_answers, late_columns_of, late_rows
from study.errors import NotAllowedNow
from study.instruments.of_study import is_classic
from study.jobs.files import work_folder
from study.models import Study
from study.participants.rewards import pay_facts
from study.participants.server_record import COLUMNS as SERVER_COLUMNS
from study.participants.server_record import server_rows
from study.tables.spreadsheet import csv_parts, csv_text
from study.texts import RESPONSIBLE
from study.zip_entries import zip_entry

README = """This is an export of the Earsight study "{title}".

ballots.csv        one row for each ballot, with the person's answers to questions; codebook.csv explains its columns
{further}\
late_answers.csv   only if some arrived after the end of answering; given in time by the browser's word, not counted
participants.csv   one row for each participant, with all answers; participants_codebook.csv explains its columns
trials.csv         what the server saw of each trial: the hour of its page; sound, events and answer in seconds after it
match_control.csv  only after match-control trials: own is 1 if an image of the clip heard was chosen
clips_left_out.csv which clips were left out before opening, and why; clips_left_out_codebook.csv explains its columns
paintings.csv      how often each clip's images were painted, and why again; paintings_codebook.csv explains its columns
study.json         settings, the plan and its digest, deviations from the plan, the log for reading
chain.json         the log as a hash chain: each entry's digest, and the head after it, which covers all entries so far
commitments.json   one for each participant, as the chain fixed it; the participant's receipt proves or disproves it
analysis.json      what `manage.py analyze` computes from ballots.csv with the options in plan.json
report-en.html     the report; also as .pdf and .tex, and all in Korean (report-ko)
references.bib     what the report cites;  report.xlsx, scores.csv, by_clip.csv: its numbers
checklist-en.csv   reporting checklists, filled in as far as the study and its researchers did;  heds.json
generation/        rule files and tables of predictions of the study's own, if it used any
whole/             what `import_study` needs beside the other files to take the study into another installation; sounds/
                   only if the export was made with them
stimuli.csv        each image with its condition; provenance.json describes how each was made, and under "shown" in
                   which format and sizes participants got it (images/ holds the originals)
SHA256SUMS         check with `sha256sum -c`

Times of people are given to the hour, durations to the second: no list of a recruiting platform matches them.

`python manage.py verify_export BUNDLE` checks sums, digests and chain, finds receipts, and analyses the ballots again;
`verify_diff OLD NEW` compares an earlier export with this one. The head of the chain in this export is
{head}
{state}
"""

# Of a study that asks more than the first and the second choice.
_LONG = (
    "answers.csv        one row for each answer to a question and image; answers_codebook.csv explains its columns\n"
)

# A file's content, whole or in parts: a table as long as the study is never held in memory.
Content = bytes | Iterable[bytes]


def _csv(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> Iterator[bytes]:
    names = list(columns)
    return csv_parts(chain([names], ([row[name] for name in names] for row in rows)))


def json_bytes(data: Any) -> bytes:
    """Data as JSON that people can read, the same bytes for the same data."""
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()


def _json_with_list(data: Mapping[str, Any], key: str, items: Iterable[Any]) -> Iterator[bytes]:
    """What `json_bytes` gives for `data` with the list `items` under `key`, in parts."""
    place = secrets.token_hex(16)
    before, after = json_bytes({**data, key: [place]}).split(json.dumps(place).encode())
    indent = before[before.rindex(b"\n") :]
    first = True
    for item in items:
        yield (before if first else b"," + indent) + json_bytes(item).rstrip(b"\n").replace(b"\n", indent)
        first = False
    yield json_bytes({**data, key: []}) if first else after


def _study(study: Study, analysis: Analysis | None, log: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    about = {
        "slug": study.slug,
        "title": study.title,
        "description": study.description,
        "status": study.status,
        "sealed": study.is_sealed,
        "simulated": study.simulated,
        "images_shown": images_shown(study),
        "opened_at": study.opened_at,
        "closed_at": study.closed_at,
        # The plan names the conditions, so a sealed study exports only the plan's digest.
        "plan": None if study.is_sealed else study.plan.get("fixed"),
        "plan_digest": study.plan_digest,
        "deviations": None if study.is_sealed else deviations_in_english(study, analysis),
        **_who_asked(study),
        # Absent of studies without them, as in exports of earlier versions, whose bytes must stay.
        **({"instrument": study.instrument} if study.instrument else {}),
        **({"licence": study.licence} if study.licence else {}),
        **({"pay": pay} if (pay := pay_facts(study)) else {}),
        **({"version": study.version} if study.version > 1 else {}),
        **({"stage": study.stage, "stages": study.stages} if study.stages else {}),
    }
    return _json_with_list(about, "log", log)


def _who_asked(study: Study) -> dict[str, Any]:
    """Return who answers to the participants, and what these agreed to; nothing of studies that opened without it."""
    responsible = {name: value for name in RESPONSIBLE if (value := getattr(study, name))}
    return {"responsible": responsible, "consent": study.plan.get("consent")} if responsible else {}


def images_shown(study: Study) -> dict[str, Any] | None:
    """Return format, encoder and sizes in which participants got all images alike; None for the files as stored."""
    return {name: value for name, value in study.survey_images.items() if name != "images"} or None


def deviations_in_english(study: Study, analysis: Analysis | None) -> list[str]:
    """What differs from the plan, a sentence each."""
    with translation.override("en"):
        return deviations(study, analysis)


def outdated() -> NotAllowedNow:
    """The refusal to export an analysis that is not of the answers as they are now."""
    return NotAllowedNow(_("Answers have come or changed since the analysis: analyse again, then export."))


def _analysis(study: Study, tables: Path, analyse: bool) -> Analysis:
    """Return the newest analysis if it is of the ballot tables in the folder `tables`; else compute one.

    Raises:
        NotAllowedNow: it is not, and none is to be computed.
    """
    newest = analyses.latest(study)
    if newest is not None and analyses.is_of_table(newest, analyses.digest_of_tables(study, tables)):
        return newest
    if not analyse:
        raise outdated()
    return analyses.build_analysis(study)


def _stimuli(study: Study, images: bool) -> Iterator[tuple[str, Content]]:
    rows: list[Mapping[str, Any]] = []
    provenance = {}
    for clip in study.clips.filter(included=True).prefetch_related("stimuli__condition"):
        for stimulus in clip.stimuli.all():
            condition = stimulus.condition.key
            name = image_file_name(clip.number, condition, str(stimulus.image.name))
            rows.append(
                {
                    "clip": clip.name,
                    "condition": condition,
                    "file": name if images else "",
                    "image_digest": stimulus.image_digest,
                    "painter": stimulus.painter,
                }
            )
            provenance[f"{clip.name} / {condition}"] = stimulus.provenance | {"shown": images_shown(study)}
            if images and stimulus.image:
                with stimulus.image.open("rb") as file:
                    yield name, file.read()
    yield "stimuli.csv", _csv(rows, ("clip", "condition", "file", "image_digest", "painter"))
    yield "provenance.json", json_bytes(provenance)


def _own_files(study: Study) -> Iterator[tuple[str, bytes]]:
    """Yield the rule files and tables of predictions from which the study's last run made its images."""
    last = study.generation_runs.last()
    if last is None:
        return
    settings = json.dumps(last.settings)  # searched as text: settings of another version can be read no more
    for file in study.files.all():
        if file.digest in settings:
            yield f"generation/{file.digest[:8]}-{file.name}", file.text.encode()


def _tables(study: Study, sealed: bool, folder: Path) -> tuple[list[Path], str]:
    """Write the tables of people and ballots and the chain, all of one moment if they can be had.

    People finish and withdraw while an export of an open study is written, and each leaves an entry in the chain.

    Returns:
        The files, and the number and the head of the chain's last entry; beside them `_LOG`, the entries for reading.
    """
    bind_unfinished(study)
    for _attempt in range(5):
        before = study.log.count()
        written = [_write(folder / name, content) for name, content in _read_tables(study, sealed)]
        number, head = _write_chain(study, folder)
        if number == before:
            break
    return [*written, folder / CHAIN], f"{number}:{head}"


def _write(path: Path, content: Content) -> Path:
    with path.open("wb") as file:
        file.writelines([content] if isinstance(content, bytes) else content)
    return path


_LOG = "log.jsonl"  # the entries for reading, one a line: what study.json holds of them is written later


def _write_chain(study: Study, folder: Path) -> tuple[int, str]:
    """Write `CHAIN` and `_LOG`; return how many entries there are, and the last head."""
    last = study.log.order_by("-number").first()
    head = last.head if last else ""
    count = 0

    def entries(log: TextIO) -> Iterator[dict[str, Any]]:
        nonlocal count
        for entry in chain_entries(study, last.number if last else 0):
            log.write(json.dumps(readable_entry(entry), ensure_ascii=False) + "\n")
            count += 1
            yield entry

    with (folder / _LOG).open("w", encoding="utf-8") as log:
        _write(folder / CHAIN, _json_with_list(chain_facts(study, head), "entries", entries(log)))
    return count, head


def _read_log(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / _LOG).open(encoding="utf-8") as log:
        yield from map(json.loads, log)


def _read_tables(study: Study, sealed: bool) -> Iterator[tuple[str, Content]]:
    yield BALLOTS, ballots_csv_parts(study)
    for stage in other_stages(study):
        yield name_of_stage(BALLOTS, stage), ballots_csv_parts(study, stage)
    if not is_classic(study):
        yield ANSWERS, answers_csv_parts(study)
        for stage in other_stages(study):
            yield name_of_stage(ANSWERS, stage), answers_csv_parts(study, stage)
    if study.match_controls:
        yield MATCH_CONTROL, match_control_csv(study)
        for stage in other_stages(study):
            yield name_of_stage(MATCH_CONTROL, stage), match_control_csv(study, stage)
    yield "participants.csv", participants_csv_parts(study)
    yield "trials.csv", _csv(server_rows(study, kinds_of(study)), SERVER_COLUMNS)
    if not sealed:
        if late_answers(study).exists():
            yield "late_answers.csv", _csv(late_rows(study), late_columns_of(study))
        yield COMMITMENTS, json_bytes(commitments_json(study))


def contents(
    study: Study, *, images: bool, folder: Path, analyse: bool, sounds: bool, report: bool = True
) -> Iterator[tuple[str, Content | Path]]:
    """Yield the name and the content of each file of a bundle but its sums.

    Args:
        folder: an empty one for tables until they are in the bundle.
        report: whether the report's files are among them.
    """
    sealed = study.is_sealed
    state = "The study is still sealed: conditions are shown as opaque labels.\n" if sealed else ""
    if study.simulated:
        state += "SIMULATED: the answers come from simulated participants. These results are no findings.\n"
    if others := other_stages(study):
        names = ", ".join(name_of_stage(BALLOTS, stage) for stage in others)
        state += f"STAGES: ballots.csv is of the main stage alone. People of other stages: {names}.\n"
    tables, head = _tables(study, sealed, folder)
    analysis = None if sealed else _analysis(study, folder, analyse)
    further = "" if is_classic(study) else _LONG
    yield "README.txt", README.format(title=study.title, further=further, state=state, head=head).encode()
    for table in tables:
        yield table.name, table
    yield "codebook.csv", codebook_csv(study)
    if not is_classic(study):
        yield "answers_codebook.csv", answers_codebook_csv(study)
    yield "participants_codebook.csv", participants_codebook_csv(study)
    yield "study.json", _study(study, analysis, _read_log(folder))
    yield from whole_files(study, analysis, images=images, sounds=sounds)
    if sealed:
        return
    yield from _stimuli(study, images)
    yield from _own_files(study)
    if analysis is None or analysis.result is None:
        return
    yield "plan.json", json_bytes(analysis.plan)
    yield "analysis.json", json_bytes(analysis.result)
    yield "versions.json", json_bytes(analysis.versions)
    # An analysis of before they were counted has no such table either.
    if "paintings" in analysis.result:
        yield from _with_codebook(PAINTINGS, paintings.paintings_csv(study), paintings.COLUMNS)
    if "clips_left_out" in analysis.result:
        yield from _with_codebook(CLIPS_LEFT_OUT, clips_left_out.clips_left_out_csv(study), clips_left_out.COLUMNS)
    if report:
        yield from report_files(analysis)


def _with_codebook(name: str, table: bytes, meanings: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    yield name, table
    codebook = csv_text([("column", "meaning"), *meanings.items()])
    yield name.replace(".csv", "_codebook.csv"), codebook.encode()


def write_bundle(
    study: Study, file: IO[bytes], folder: Path, *, images: bool = True, analyse: bool = False, sounds: bool = False
) -> Iterator[str]:
    """Write the study's bundle (a zip) to an open file, and yield the name of each file in it once it is written.

    Tables wait in `folder`, an empty one, until all are of one moment; of other files one at a time is in memory.

    Args:
        sounds: add the clips' sounds, whose licence has to allow it.
        analyse: compute the analysis if the newest is not of these ballots.

    Raises:
        NotAllowedNow: it is not, and none is to be computed.
    """
    sums: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in contents(study, images=images, folder=folder, analyse=analyse, sounds=sounds):
            sums[name] = _add(bundle, name, content)
            yield name
        _add(bundle, SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode())
    yield SUMS


def export_study(study: Study, path: Path, *, images: bool = True, sounds: bool = False) -> list[str]:
    """Write the study's bundle to `path` (a zip), complete or not at all, and return the names in it."""
    scratch = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with scratch.open("wb") as file, work_folder() as folder:
            names = list(write_bundle(study, file, folder, images=images, analyse=True, sounds=sounds))
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return names


def _add(bundle: zipfile.ZipFile, name: str, content: Content | Path) -> str:
    """Add a file to the zip; return the SHA-256 of its content. A file on disk is deleted: its place may be needed.

    The time at which it was written is left out: the same study gives the same bytes.
    """
    if isinstance(content, bytes):
        return _add(bundle, name, iter([content]))
    if isinstance(content, Path):
        with content.open("rb") as file:
            digest = _add(bundle, name, iter(lambda: file.read(2**20), b""))
        content.unlink()
        return digest
    sum_of = hashlib.sha256()
    with bundle.open(zip_entry(name, compression=bundle.compression), "w", force_zip64=True) as file:
        for part in content:
            sum_of.update(part)
            file.write(part)
    return sum_of.hexdigest()
