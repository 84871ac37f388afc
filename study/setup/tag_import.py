"""Import the original tags of clips from a table, or set those of one clip."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.models import Clip, Study
from study.models.log import record
from study.setup.draft_lock import lock_draft
from study.setup.tag_table import (
    MOST_TAGS,
    TagTable,
    clean_tag,
    open_table,
    read_tags,
    refused,
    tag_problem,
    without_prefixes,
)
from study.spreadsheet import csv_text


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
    """Replace the original tags of every clip that the file names; other clips keep theirs.

    `encoding`: the file's, if a person chose one; else it is recognised.

    Raises:
        ImportRefused: the file has a fault; nothing was imported.
        NotAllowedNow: the study is no draft.
    """
    lock_draft(study.pk)
    clips = list(study.clips.all())
    table = read_tags(open_table(raw, file, encoding), clips, skip_unknown=skip_unknown)
    changed = [clip for clip in clips if clip.pk in table.tags]
    for clip in changed:
        clip.imported_tags = table.tags[clip.pk]
    Clip.objects.bulk_update(changed, ["imported_tags"])
    record(study, "tags imported", actor=actor, file=file, clips=len(changed), skipped=table.skipped)
    return table


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
