"""Import the original tags of clips from a table, or set those of one clip."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import ImportRefused
from study.models import Clip, Study
from study.models.log import record
from study.setup.draft_lock import lock_draft
from study.setup.tag_table import (
    MOST_TAGS,
    NamedClip,
    TagTable,
    check_size,
    clean_tag,
    open_table,
    read_tags,
    refused,
    tag_problem,
    without_prefixes,
)
from study.setup.tag_upload import read_tag_upload
from study.tables.spreadsheet import csv_text


@transaction.atomic
def import_tags(
    study: Study,
    raw: bytes,
    *,
    file: str,
    skip_unknown: bool = False,
    encoding: str | None = None,
    actor: Any = None,
) -> TagTable:
    """Replace the original tags of every clip that the file names; other clips keep theirs. For commands.

    `encoding`: the file's, if a person chose one; else it is recognised.

    Raises:
        ImportRefused: the file has a fault; nothing was imported.
        NotAllowedNow: the study is no draft.
    """
    lock_draft(study.pk)
    table = read_tags(open_table(raw, file, encoding), list(study.clips.all()), skip_unknown=skip_unknown)
    _store_tags(study, table, file, actor)
    return table


def import_tag_upload(
    study: Study,
    path: Path,
    *,
    file: str,
    skip_unknown: bool = False,
    encoding: str | None = None,
    actor: Any = None,
) -> TagTable:
    """Do as `import_tags`, of an uploaded file, which is read in a bounded process before anything is locked.

    Raises:
        ImportRefused: the file has a fault, or the study's clips changed meanwhile; nothing was imported.
        TableRefused: reading it takes too much time or memory.
        NotAllowedNow: the study is no draft.
    """
    with transaction.atomic():
        lock_draft(study.pk)
    check_size(path.stat().st_size, file)
    clips = _named_clips(study)
    table = read_tag_upload(path, file, clips, skip_unknown=skip_unknown, encoding=encoding)
    with transaction.atomic():
        lock_draft(study.pk)
        if _named_clips(study) != clips:
            raise ImportRefused(
                [_("%(file)s: the study's clips changed while it was read. Import it again.") % {"file": file}]
            )
        _store_tags(study, table, file, actor)
    return table


def _named_clips(study: Study) -> list[NamedClip]:
    return [NamedClip(*each) for each in study.clips.order_by("pk").values_list("pk", "name")]


def _store_tags(study: Study, table: TagTable, file: str, actor: Any) -> None:
    changed = list(study.clips.filter(pk__in=table.tags))
    for clip in changed:
        clip.imported_tags = table.tags[clip.pk]
    Clip.objects.bulk_update(changed, ["imported_tags"])
    record(study, "tags imported", actor=actor, file=file, clips=len(changed), skipped=table.skipped)


@transaction.atomic
def set_tags(clip: Clip, tags: Sequence[str], *, actor: Any = None) -> None:
    """Replace one clip's original tags.

    Raises:
        ImportRefused: a tag is too long, or there are too many.
        NotAllowedNow: the study is no draft.
    """
    lock_draft(clip.study_id)
    cleaned = without_prefixes([tag for text in tags if (tag := clean_tag(text))])
    problems = [f"{clip.name}: {problem}" for tag in cleaned if (problem := tag_problem(tag))]
    if len(cleaned) > MOST_TAGS:
        problems.append(
            _("%(clip)s has %(n)d tags; the limit is %(limit)d. Leave out the least informative ones.")
            % {"clip": clip.name, "n": len(cleaned), "limit": MOST_TAGS}
        )
    if problems:
        raise refused(problems)
    before = clip.imported_tags
    clip.imported_tags = cleaned
    clip.save(update_fields=["imported_tags"])
    record(clip.study, "tags edited", actor=actor, clip=clip.name, before=before, after=cleaned)


def template_csv(clips: Sequence[Clip]) -> str:
    """Return a table of the clips and their tags, to fill in; its byte order mark makes Excel read UTF-8."""
    rows = [(clip.name, ";".join(clip.imported_tags)) for clip in clips]
    return "\ufeff" + csv_text([("clip", "tags"), *rows])
