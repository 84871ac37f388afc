"""A study's own rule files and tables of predictions: upload, check, use, delete.

A file's content never changes and the settings name it by its digest, so what was parsed once stays right.
"""

import hashlib
import re
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.errors import GenerationError, NotPossibleNow, RunStopped, StepFailed
from generation.models import StudyFile
from generation.redefinition import RuleError, RuleSet, load_rules
from generation.redefinition.choices import with_choices
from generation.redefinition.rules.rule_files import parse_rules
from generation.settings_model import GenerationSettings, settings_of
from generation.tagging.options import ImportedOptions
from generation.tagging.predictions import MatchedClips, PredictionTable, match_clips, read_predictions
from study.models import Clip, Study
from study.models.log import record
from study.setup.draft_lock import lock_draft
from study.setup.tag_table import refused
from study.tables.encoding import decode_text
from study.tables.errors import TableRefused
from study.tables.workbook import csv_of_workbook, is_workbook

LARGEST = {StudyFile.Kind.RULES: 1024 * 1024, StudyFile.Kind.PREDICTIONS: 20 * 1024 * 1024}
_DIGEST = re.compile("[0-9a-f]{64}")


@transaction.atomic
def upload_file(study: Study, kind: str, raw: bytes, *, name: str, actor: Any = None) -> StudyFile:
    """Check and keep a file; the settings choose it afterwards. The same content again is the same row.

    Raises:
        ImportRefused: a table of predictions has faults; all are listed.
        RuleError: a rule file has a fault; the message names its line.
        GenerationError: the file is too large or no text, its rows fit several clips, or a run is running.
        NotAllowedNow: the study is no draft.
    """
    study = lock_draft(study.pk)
    _refuse_during_a_run(study)
    name = (name.replace("\\", "/").rpartition("/")[2].strip() or kind)[-120:]
    text = _text_of(raw, name, kind)
    if kind == StudyFile.Kind.RULES:
        rules = parse_rules(text, name)
        summary: dict[str, Any] = {"title": rules.name, "rules": len(rules.steps)}
    else:
        table = read_predictions(text, name)
        matched = match_clips(table, list(study.clips.all()), name)
        if matched.problems:
            raise refused(matched.problems)
        summary = {"tags": len(table.tags), "clips": len(table.rows), "unknown": matched.unknown}
    digest = hashlib.sha256(text.encode()).hexdigest()
    row, is_new = StudyFile.objects.get_or_create(
        study=study, kind=kind, digest=digest, defaults={"name": name, "text": text, "summary": summary}
    )
    if is_new:
        record(study, "file uploaded", actor=actor, kind=kind, file=name, digest=digest)
    return row


def _text_of(raw: bytes, name: str, kind: str) -> str:
    limit = LARGEST[StudyFile.Kind(kind)]
    if len(raw) > limit:
        raise GenerationError(_("%(file)s is larger than %(limit)d MB.") % {"file": name, "limit": limit // 2**20})
    if not raw.strip():
        raise GenerationError(_("%(file)s is empty. Choose another file.") % {"file": name})
    try:
        return csv_of_workbook(raw, name) if is_workbook(raw) else decode_text(raw, name)[0]
    except TableRefused as error:
        raise GenerationError(str(error)) from error


def used_digests(settings: GenerationSettings) -> set[str]:
    """Return the digests of the study's own files that the settings use."""
    taggers = (settings.tagger, settings.redefined_tagger)
    found = {options.file for options in taggers if isinstance(options, ImportedOptions)}
    return found | ({settings.rules} if is_own(settings.rules) else set())


@transaction.atomic
def delete_file(row: StudyFile, *, actor: Any = None) -> None:
    """Delete a file that the settings do not use.

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
    row.delete()


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
    """Return the name of a file of predictions, and its table."""
    row = StudyFile.objects.filter(study_id=study_id, kind=StudyFile.Kind.PREDICTIONS, digest=digest).first()
    if row is None:
        raise RunStopped(
            _("The study has no table of predictions with the digest %(digest)s…; upload it again.")
            % {"digest": digest[:8]}
        )
    return row.name, read_predictions(row.text, row.name)


def predictions_of(study: Study, options: ImportedOptions) -> tuple[str, PredictionTable]:
    """Return the name of the file of predictions that the options name, and its table.

    Raises:
        RunStopped: the study does not have it.
    """
    return _own_predictions(study.pk, options.file)


def predictions_for(clip: Clip, options: ImportedOptions) -> tuple[dict[str, float], dict[str, str]]:
    """Return a clip's imported probabilities by tag, and the identity of the table for provenance.

    Raises:
        StepFailed: the table has no row for the clip, or its rows fit several clips.
        RunStopped: the study does not have the table.
    """
    name, table = predictions_of(clip.study, options)
    matched = match_clips(table, list(clip.study.clips.only("pk", "name")), name)
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
            name, table = predictions_of(study, options)
            matched: MatchedClips = match_clips(table, list(study.clips.only("pk", "name")), name)
            if matched.problems:
                raise GenerationError(" ".join(matched.problems[:3]))
            missing = [clip.name for clip in clips if clip.pk not in matched.keys]
            if missing:
                raise GenerationError(_missing(name, missing))


def clips_missing_in(file: StudyFile) -> list[str]:
    """Return the names of the study's included clips that a table of predictions lacks."""
    name, table = _own_predictions(file.study_id, file.digest)
    matched = match_clips(table, list(file.study.clips.only("pk", "name", "included")), name)
    included = set(file.study.clips.filter(included=True).values_list("name", flat=True))
    return [clip for clip in matched.missing if clip in included]


def _missing(file: str, names: list[str]) -> str:
    shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
    return ngettext(
        "%(file)s has no predictions for %(n)d clip: %(names)s. Upload a table with all clips, or leave the clip out.",
        "%(file)s has no predictions for %(n)d clips: %(names)s. Upload a table with all clips, or leave these out.",
        len(names),
    ) % {"file": file, "n": len(names), "names": shown}
