"""A study as one zip that stands on its own: ballots, plan, analysis, report, images, and how to check it all.

While the study is sealed the bundle holds the ballots under opaque labels and nothing that would open them:
no images, prompts or analysis.
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
from config.bundle_checks import MATCH_CONTROL, SUMS, verify_export
from study.ballots import commitments
from study.cells import csv_text
from study.models import Study

__all__ = ["SUMS", "export_study", "verify_export"]

README = """This is an export of the Earsight study "{title}".

ballots.csv        one row a ballot; codebook.csv says what each column is
participants.csv   one row a person
match_control.csv  where there were match-control trials: 1 where an image of the clip heard was chosen
study.json         settings, plan and its digest, deviations from it
commitments.json   one per participant: their receipt opens it
analysis.json      what `manage.py analyze` computes from ballots.csv; plan.json is what it was told
report-en.html     the report; also as .pdf and .tex, and all in Korean (report-ko)
references.bib     what the report cites;  report.xlsx, scores.csv, by_clip.csv: its numbers
checklist-en.csv   reporting checklists as far as the study and its researchers fill them;  heds.json
stimuli.csv        each image with its condition; provenance.json says how each was made
SHA256SUMS         check with `sha256sum -c`

`python manage.py verify_export BUNDLE` checks sums and ballot digests, finds receipts, and analyses the ballots again.
{state}
"""


def _csv(rows: list[Mapping[str, Any]], columns: Iterable[str]) -> bytes:
    names = list(columns)
    return csv_text([names, *([row[name] for name in names] for row in rows)]).encode()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True, default=str) + "\n").encode()


def _participants(study: Study) -> bytes:
    sealed = study.is_sealed
    columns = (
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
            # With the seed, which the plan tells, the slot says what stood where.
            "slot": "" if person.slot is None or sealed else person.slot,
            "settings_digest": person.settings_digest,
        }
        for person in study.participants.exclude(status="withdrawn")
    ]
    return _csv(rows, columns)


def _study(study: Study, analysis: Analysis | None) -> bytes:
    return _json(
        {
            "slug": study.slug,
            "title": study.title,
            "description": study.description,
            "status": study.status,
            "sealed": study.is_sealed,
            "simulated": study.simulated,
            "opened_at": study.opened_at,
            "closed_at": study.closed_at,
            # Plan and the log's details name the conditions: while sealed, the digest stands for them.
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


def _deviations(study: Study, analysis: Analysis | None) -> list[str]:
    with translation.override("en"):
        return deviations(study, analysis)


def _analysis(study: Study) -> Analysis:
    """The newest analysis, made now where answers have come or gone since."""
    found = analyses.latest(study)
    return found if found is not None and analyses.is_current(found) else analyses.build_analysis(study)


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
            provenance[f"{clip.name} / {condition}"] = stimulus.provenance
            if images and stimulus.image:
                with stimulus.image.open("rb") as file:
                    yield name, file.read()
    yield "stimuli.csv", _csv(rows, ("clip", "condition", "file", "image_digest", "painter"))
    yield "provenance.json", _json(provenance)


def _contents(study: Study, images: bool) -> Iterator[tuple[str, bytes]]:
    sealed = study.is_sealed
    analysis = None if sealed else _analysis(study)
    state = "The study is sealed still: conditions stand under opaque labels.\n" if sealed else ""
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
    if analysis is None or analysis.result is None:
        return
    yield "plan.json", _json(analysis.plan)
    yield "analysis.json", _json(analysis.result)
    yield "versions.json", _json(analysis.versions)
    for name in REPORT_FILES:
        yield name, report_file(analysis, name)


def export_study(study: Study, path: Path, *, images: bool = True) -> list[str]:
    """Writes the study's bundle to `path` (a zip) and returns the names in it.

    The file appears whole or not at all.
    """
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
