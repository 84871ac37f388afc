"""Write a study as one self-contained zip: ballots, plan, analysis, report, images, and how to check them.

While the study is sealed, the bundle shows conditions as opaque labels only, and has no images, prompts or analysis.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils import translation

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.deviations import deviations
from analysis.study_results.report_files import REPORT_FILES, report_file
from analysis.tables.codebook import codebook_csv
from analysis.tables.study_tables import ballots_csv, match_control_csv
from config.bundles.check import MATCH_CONTROL, SUMS
from study.ballots.table import commitments
from study.models import Study
from study.spreadsheet import csv_text

README = """This is an export of the Earsight study "{title}".

ballots.csv        one row for each ballot; codebook.csv explains its columns
participants.csv   one row for each participant
match_control.csv  only after match-control trials: own is 1 if an image of the clip heard was chosen
study.json         settings, the plan and its digest, deviations from the plan
commitments.json   one for each participant; the participant's receipt opens it
analysis.json      what `manage.py analyze` computes from ballots.csv with the options in plan.json
report-en.html     the report; also as .pdf and .tex, and all in Korean (report-ko)
references.bib     what the report cites;  report.xlsx, scores.csv, by_clip.csv: its numbers
checklist-en.csv   reporting checklists, filled in as far as the study and its researchers did;  heds.json
generation/        rule files and tables of predictions of the study's own, if it used any
stimuli.csv        each image with its condition; provenance.json describes how each was made, and under "shown" in
                   which format and sizes participants got it (images/ holds the originals)
SHA256SUMS         check with `sha256sum -c`

`python manage.py verify_export BUNDLE` checks sums and ballot digests, finds receipts, and analyses the ballots again.
{state}
"""

PARTICIPANT_COLUMNS = (
    "participant",
    "kind",
    "status",
    "language",
    "started_at",
    "completed_at",
    "excluded",
    "exclusion_reason",
    "flags",
    "slot",
    "settings_digest",
)


def _csv(rows: list[Mapping[str, Any]], columns: Iterable[str]) -> bytes:
    names = list(columns)
    return csv_text([names, *([row[name] for name in names] for row in rows)]).encode()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()


def _participants(study: Study) -> bytes:
    rows: list[Mapping[str, Any]] = [
        {
            "participant": person.code,
            "kind": person.kind,
            "status": person.status,
            "language": person.language,
            "started_at": person.created_at.isoformat(timespec="seconds"),
            "completed_at": person.completed_at.isoformat(timespec="seconds") if person.completed_at else "",
            "excluded": int(person.excluded),
            "exclusion_reason": person.exclusion_reason,
            "flags": ";".join(person.flags),
            # With the seed, which the plan shows, the slot reveals the position of each condition.
            "slot": "" if person.slot is None or study.is_sealed else person.slot,
            "settings_digest": person.settings_digest,
        }
        for person in study.participants.exclude(status="withdrawn")
    ]
    return _csv(rows, PARTICIPANT_COLUMNS)


def _study(study: Study, analysis: Analysis | None) -> bytes:
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
            # The plan and the log's details name the conditions, so a sealed study exports only the plan's digest.
            "plan": None if study.is_sealed else study.plan.get("fixed"),
            "plan_digest": study.plan_digest,
            "deviations": None if study.is_sealed else _deviations(study, analysis),
            "log": [
                {"at": entry.at, "action": entry.action}
                | ({} if study.is_sealed else {"reason": entry.reason, "data": entry.data})
                for entry in study.log.all()
            ],
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


def _contents(study: Study, images: bool) -> Iterator[tuple[str, bytes]]:
    sealed = study.is_sealed
    analysis = None if sealed else _analysis(study)
    state = "The study is still sealed: conditions are shown as opaque labels.\n" if sealed else ""
    if study.simulated:
        state += "SIMULATED: the answers come from simulated participants. These results are no findings.\n"
    yield "README.txt", README.format(title=study.title, state=state).encode()
    yield "ballots.csv", ballots_csv(study)
    yield "codebook.csv", codebook_csv()
    if study.match_controls:
        yield MATCH_CONTROL, match_control_csv(study)
    yield "participants.csv", _participants(study)
    yield "study.json", _study(study, analysis)
    if sealed:
        return
    yield "commitments.json", _json(commitments(study))
    yield from _stimuli(study, images)
    yield from _own_files(study)
    if analysis is None or analysis.result is None:
        return
    yield "plan.json", _json(analysis.plan)
    yield "analysis.json", _json(analysis.result)
    yield "versions.json", _json(analysis.versions)
    for name in REPORT_FILES:
        yield name, report_file(analysis, name)


def export_study(study: Study, path: Path, *, images: bool = True) -> list[str]:
    """Write the study's bundle to `path` (a zip), complete or not at all, and return the names in it."""
    scratch = path.with_name(path.name + ".part")
    sums: dict[str, str] = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in _contents(study, images):
                sums[name] = hashlib.sha256(content).hexdigest()
                bundle.writestr(name, content)
            bundle.writestr(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()))
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return [*sums, SUMS]
