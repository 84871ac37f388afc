"""A study's own rule files and tables of predictions: upload, check, use, delete.

A file's content never changes and the settings name it by its digest, so what was parsed once stays right. Uploads are
read in a bounded process; of tables, pages need no more than which clips they name (`lines_of`).
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.errors import GenerationError, NotPossibleNow, RunStopped, StepFailed
from generation.models import StudyFile
from generation.redefinition import RuleError, RuleSet, load_rules
from generation.redefinition.choices import with_choices
from generation.redefinition.rules.rule_files import parse_rules, read_rule_upload
from generation.settings_model import GenerationSettings, settings_of
from generation.tagging.options import ImportedOptions
from generation.tagging.predictions import (
    MatchedClips,
    PredictionTable,
    match_clips,
    read_lines,
    read_prediction_upload,
    read_predictions,
)
from study.errors import ImportRefused
from study.models import Clip, Deletion, Study
from study.models.log import record
from study.setup.draft_lock import lock_draft
from study.setup.trash import keep_for_undo
from study.tables.bounded_reading import read_bounded
from study.tables.errors import TableRefused

LARGEST = {StudyFile.Kind.RULES: 1024 * 1024, StudyFile.Kind.PREDICTIONS: 60 * 1024 * 1024}
_SECONDS_FOR_RULES = 5  # pages read a rule file again, once in each process
_DIGEST = re.compile("[0-9a-f]{64}")


def upload_file(study: Study, kind: str, path: Path, *, name: str, actor: Any = None) -> tuple[StudyFile, int]:
    """Check and keep the file at `path`; the settings choose it afterwards. The same content again is the same row.

    Also returned: how many clips of a table were left out, since it is too large to keep and the study lacks them.

    Raises:
        ImportRefused: a table of predictions has faults; all are listed.
        RuleError: a rule file has a fault; the message names its line.
        GenerationError: the file is too large or no text, its rows fit several clips, or a run is running.
        NotAllowedNow: the study is no draft.
    """
    with transaction.atomic():
        _refuse_during_a_run(lock_draft(study.pk))
    name = (name.replace("\\", "/").rpartition("/")[2].strip() or kind)[-120:]
    _check_size(path, name, kind)
    try:
        found = _read_upload(study, kind, path, name)
    except TableRefused as error:
        raise GenerationError(str(error)) from error
    summary = found["summary"] | ({"lines": found["lines"]} if "lines" in found else {})
    digest = hashlib.sha256(found["text"].encode()).hexdigest()
    with transaction.atomic():
        study = lock_draft(study.pk)
        _refuse_during_a_run(study)
        row, is_new = StudyFile.objects.get_or_create(
            study=study, kind=kind, digest=digest, defaults={"name": name, "text": found["text"], "summary": summary}
        )
        if is_new:
            record(study, "file uploaded", actor=actor, kind=kind, file=name, digest=digest)
    return row, found.get("left_out", 0)


def _check_size(path: Path, name: str, kind: str) -> None:
    limit = LARGEST[StudyFile.Kind(kind)]
    if path.stat().st_size > limit:
        raise GenerationError(_("%(file)s is larger than %(limit)d MB.") % {"file": name, "limit": limit // 2**20})
    with path.open("rb") as file:
        is_blank = not file.read(1000).strip() and not file.read(1)
    if is_blank:
        raise GenerationError(_("%(file)s is empty. Choose another file.") % {"file": name})


def _read_upload(study: Study, kind: str, path: Path, name: str) -> dict[str, Any]:
    if kind == StudyFile.Kind.RULES:
        return dict(read_bounded(read_rule_upload, path, name, errors=(RuleError,), seconds=_SECONDS_FOR_RULES))
    clips = [list(each) for each in study.clips.values_list("pk", "name")]
    return dict(read_bounded(read_prediction_upload, path, name, clips=clips))


def used_digests(settings: GenerationSettings) -> set[str]:
    """Return the digests of the study's own files that the settings use."""
    taggers = (settings.tagger, settings.redefined_tagger)
    found = {options.file for options in taggers if isinstance(options, ImportedOptions)}
    return found | ({settings.rules} if is_own(settings.rules) else set())


@transaction.atomic
def delete_file(row: StudyFile, *, actor: Any = None) -> Deletion:
    """Delete a file that the settings do not use; for a day it can be brought back.

    Raises:
        NotPossibleNow: the settings use it, or a run is running.
        NotAllowedNow: the study is no draft.
    """
    study = lock_draft(row.study_id)
    _refuse_during_a_run(study)
    if row.digest in used_digests(settings_of(study)):
        raise NotPossibleNow(
            _("The settings use %(file)s. Choose something else there, then delete it.") % {"file": row.name}
        )
    record(study, "file deleted", actor=actor, kind=row.kind, file=row.name, digest=row.digest)
    deletion = keep_for_undo(Deletion.Kind.FILE, [row], study=study, names=[row.name], by=actor)
    row.delete()
    return deletion


def _refuse_during_a_run(study: Study) -> None:
    if study.generation_runs.filter(state="running").exists():
        raise NotPossibleNow(_("Generation is running already. Wait for it, or cancel it first."))


def is_own(rules: str) -> bool:
    """Return whether a setting names a file of the study's own: by its digest, not by a name or a path."""
    return _DIGEST.fullmatch(rules) is not None


def rule_set_of(study: Study, rules: str) -> RuleSet:
    """Return the rule set that a setting names: a shipped one, the study's own file by its digest, or a path.

    Raises:
        RuleError: there is no such rule set, or its file has a fault.
    """
    return _own_rules(study.pk, rules) if is_own(rules) else load_rules(rules)


def rules_of(study: Study, settings: GenerationSettings) -> RuleSet:
    """Return the rule set of a study's settings, after the study's own choices for tags that it does not know.

    Raises:
        RuleError: there is no such rule set, or its file has a fault.
    """
    return with_choices(rule_set_of(study, settings.rules), settings.tag_choices)


@lru_cache(maxsize=16)
def _own_rules(study_id: int, digest: str) -> RuleSet:
    row = StudyFile.objects.filter(study_id=study_id, kind=StudyFile.Kind.RULES, digest=digest).first()
    if row is None:
        raise RuleError(
            _("The study has no rule file with the digest %(digest)s…; upload it again, or choose another rule set.")
            % {"digest": digest[:8]}
        )
    return parse_rules(row.text, row.name)


@lru_cache(maxsize=4)
def _own_predictions(study_id: int, digest: str) -> tuple[str, PredictionTable]:
    """Return the name of a file of predictions, and its table. For workers: a table is large."""
    row = _prediction_rows(study_id, digest).first()
    if row is None:
        raise _no_predictions(digest)
    return row.name, read_predictions(row.text, row.name)


def _prediction_rows(study_id: int, digest: str) -> QuerySet[StudyFile]:
    return StudyFile.objects.filter(study_id=study_id, kind=StudyFile.Kind.PREDICTIONS, digest=digest)


def _no_predictions(digest: str) -> RunStopped:
    return RunStopped(
        _("The study has no table of predictions with the digest %(digest)s…; upload it again.")
        % {"digest": digest[:8]}
    )


def lines_of(file: StudyFile) -> dict[str, int]:
    """Return which clips a table of predictions names, and in which rows; `file` may lack its text.

    Raises:
        GenerationError: the table of an older version cannot be read within the limits.
    """
    if "lines" not in file.summary:  # it was uploaded before they were kept
        text = StudyFile.objects.values_list("text", flat=True).get(pk=file.pk)
        try:
            file.summary["lines"] = read_bounded(read_lines, None, file.name, text=text)
        except (TableRefused, ImportRefused) as error:
            raise GenerationError(str(error)) from error
        file.save(update_fields=["summary"])
    return dict(sorted(file.summary["lines"].items(), key=lambda line: line[1]))  # PostgreSQL keeps no order


def predictions_for(clip: Clip, options: ImportedOptions) -> tuple[dict[str, float], dict[str, str]]:
    """Return a clip's imported probabilities by tag, and the identity of the table for provenance.

    Raises:
        StepFailed: the table has no row for the clip, or its rows fit several clips.
        RunStopped: the study does not have the table.
    """
    name, table = _own_predictions(clip.study_id, options.file)
    matched = match_clips(table.lines, list(clip.study.clips.only("study", "name")), name)
    if clip.pk not in matched.keys:
        raise StepFailed(_missing(name, [clip.name]))
    identity = {"name": "imported", "file": name, "file_sha256": options.file}
    return table.probabilities(matched.keys[clip.pk]), identity


def check_files(study: Study, settings: GenerationSettings, clips: list[Clip]) -> None:
    """Check that the study has the files that its settings use, and that tables of predictions have all `clips`.

    Raises:
        RuleError, GenerationError: a file is missing or has a fault, or a table lacks clips, which are named.
    """
    rule_set_of(study, settings.rules)
    for options in (settings.tagger, settings.redefined_tagger):
        if isinstance(options, ImportedOptions):
            file = _prediction_rows(study.pk, options.file).defer("text").first()
            if file is None:
                raise _no_predictions(options.file)
            matched: MatchedClips = match_clips(lines_of(file), list(study.clips.only("pk", "name")), file.name)
            if matched.problems:
                raise GenerationError(" ".join(matched.problems[:3]))
            missing = [clip.name for clip in clips if clip.pk not in matched.keys]
            if missing:
                raise GenerationError(_missing(file.name, missing))


def clips_missing_in(file: StudyFile) -> list[str]:
    """Return the names of the study's included clips that a table of predictions lacks."""
    clips = list(file.study.clips.only("pk", "name", "included"))
    included = {clip.name for clip in clips if clip.included}
    return [name for name in match_clips(lines_of(file), clips, file.name).missing if name in included]


def _missing(file: str, names: list[str]) -> str:
    shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
    return ngettext(
        "%(file)s has no predictions for %(n)d clip: %(names)s. Upload a table with all clips, or leave the clip out.",
        "%(file)s has no predictions for %(n)d clips: %(names)s. Upload a table with all clips, or leave these out.",
        len(names),
    ) % {"file": file, "n": len(names), "names": shown}
