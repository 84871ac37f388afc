"""Give a draft's clip another name, and choose which part of its file is heard.

The uploaded file stays as it is. An excerpt counts wherever the clip's sound does: the survey plays it, voice and tags
are detected in it, and the plan names it. The survey's sound is made anew by the next generation; until then the clip
has none, which keeps the study from opening.
"""

import unicodedata
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Clip, Study
from study.models.log import record
from study.setup.clip_files import delete_files
from study.setup.clip_rights import SoundRights, set_sound_rights
from study.setup.draft_lock import lock_clip

LONGEST_NAME = 255
SHORTEST_EXCERPT = 1000  # milliseconds, as of an uploaded file

Excerpt = tuple[int, int] | None
"""Start and end in milliseconds; None is the whole file."""


class ClipChangeRefused(StudyError):
    """A name or an excerpt that a clip cannot have; the message says why."""


@transaction.atomic
def edit_clip(clip: Clip, *, name: str, excerpt: Excerpt, rights: SoundRights | None = None, actor: Any = None) -> None:
    """Give a clip a name and an excerpt; what stays as it is changes nothing and is not logged.

    Args:
        rights: of its sound, which may change at any time; None leaves them as they are.

    Raises:
        ClipChangeRefused: the name is taken or none, or the excerpt is too short or not in the file.
        RightsRefused: a sound that may be published has no licence.
        NotAllowedNow: the name or the excerpt would change, and the study is no draft.
    """
    if rights is None or (name, whole_file(clip, excerpt)) != (clip.name, clip.excerpt):
        rename_clip(clip, name, actor=actor)
        trim_clip(clip, excerpt, actor=actor)
    if rights is not None:
        set_sound_rights(clip, rights, actor=actor)


@transaction.atomic
def rename_clip(clip: Clip, name: str, *, actor: Any = None) -> None:
    """Give a clip another name. Tables that are imported later find it by this one.

    Raises:
        ClipChangeRefused: the name is empty, too long, a path, or that of another clip.
        NotAllowedNow: the study is no draft.
    """
    study = lock_clip(clip)
    name = unicodedata.normalize("NFC", name).strip()
    if name == clip.name:
        return
    _refuse_name(study, clip, name)
    before, clip.name = clip.name, name
    clip.save(update_fields=["name"])
    record(study, "clip renamed", actor=actor, clip=before, name=name)


def _refuse_name(study: Study, clip: Clip, name: str) -> None:
    if not name or not name.isprintable() or "/" in name or "\\" in name:
        raise ClipChangeRefused(_("Write a name without slashes and line breaks, such as “song.mp3”."))
    if len(name) > LONGEST_NAME:
        raise ClipChangeRefused(
            _("The name has %(n)d characters; the limit is %(limit)d.") % {"n": len(name), "limit": LONGEST_NAME}
        )
    other = study.clips.filter(name__iexact=name).exclude(pk=clip.pk).first()
    if other is not None:
        raise ClipChangeRefused(
            _("The study has a clip named %(name)s already. Choose another name.") % {"name": other.name}
        )


def whole_file(clip: Clip, excerpt: Excerpt) -> Excerpt:
    """Return None for an excerpt that is all of the file."""
    return None if excerpt is not None and excerpt[0] == 0 and excerpt[1] >= int(clip.duration * 1000) else excerpt


def excerpt_problem(study: Study, clip: Clip, excerpt: Excerpt) -> str:
    """Say why a clip cannot have an excerpt; empty if it can."""
    if excerpt is None:
        return ""
    start, end = excerpt
    # Rounded up: a form shows the length with three decimals.
    if start < 0 or end > int(clip.duration * 1000) + 1:
        return _("%(clip)s is %(seconds)s s long: the end of the excerpt cannot be later.") % {
            "clip": clip.name,
            "seconds": in_seconds(int(clip.duration * 1000)),
        }
    if end - start < SHORTEST_EXCERPT:
        return _("The excerpt of %(clip)s must be at least one second long, and start before it ends.") % {
            "clip": clip.name
        }
    least = study.listening_minimum_seconds
    if least is not None and end - start < least * 1000:
        return _(
            "The plan asks people to listen for %(least)d s, and this excerpt of %(clip)s is shorter. Take a longer "
            "one, or lower the listening minimum in the plan."
        ) % {"least": least, "clip": clip.name}
    return ""


@transaction.atomic
def trim_clip(clip: Clip, excerpt: Excerpt, *, actor: Any = None) -> bool:
    """Choose what is heard of a clip's file; return whether that is a change.

    The sound that the survey plays goes, so that nobody hears the old one: generation makes it anew, with voice and
    predicted tags of the excerpt, and the images if these tags give another prompt.

    Raises:
        ClipChangeRefused: the excerpt is too short or not in the file.
        NotAllowedNow: the study is no draft.
    """
    study = lock_clip(clip)
    excerpt = whole_file(clip, excerpt)
    if excerpt == clip.excerpt:
        return False
    if problem := excerpt_problem(study, clip, excerpt):
        raise ClipChangeRefused(problem)
    replaced = str(clip.survey_audio.name or "")
    if clip.excerpt is None:
        clip.file_outline = clip.outline
    clip.trim_start, clip.trim_end = excerpt or (None, None)
    clip.survey_audio.name = ""
    clip.survey_duration, clip.outline = clip.heard_seconds, [] if excerpt else clip.file_outline
    clip.save(update_fields=["trim_start", "trim_end", "file_outline", "survey_audio", "survey_duration", "outline"])
    if excerpt is None:
        record(study, "clip whole again", actor=actor, clip=clip.name)
    else:
        start, end = map(in_seconds, excerpt)
        record(study, "clip trimmed", actor=actor, clip=clip.name, start=start, end=end)
    if replaced:
        transaction.on_commit(lambda: delete_files([replaced]))
    return True


def in_seconds(milliseconds: int) -> str:
    """Return milliseconds as seconds without superfluous zeros: 1500 → "1.5"."""
    return f"{(Decimal(milliseconds) / 1000).normalize():f}"


def in_milliseconds(seconds: Decimal | float) -> int:
    """Return seconds as whole milliseconds."""
    return round(Decimal(str(seconds)) * 1000)
