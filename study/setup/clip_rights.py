"""Say under which licence a clip's sound is, and whether a deposit of the study's data may hold it.

Both say nothing about the experiment, so they may change at any time, also after the study is closed.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Clip, Study
from study.models.log import record
from study.setup.draft_lock import clips_gone

RIGHTS_CHANGED = "rights of a clip changed"
LONGEST_LICENCE = 200


class RightsRefused(StudyError):
    """Rights that a clip cannot have; the message says why."""


@dataclass(frozen=True)
class SoundRights:
    """The rights of a clip's sound.

    Attributes:
        licence: an SPDX name ("CC-BY-4.0") or a short text of one line; empty if none is known.
        may_be_published: whether a deposit and the public gallery may hold the sound.
    """

    licence: str = ""
    may_be_published: bool = False

    @classmethod
    def of(cls, clip: Clip) -> "SoundRights":
        """Return those of a clip."""
        return cls(clip.licence, clip.sound_may_be_published)

    def problem(self) -> str:
        """Say why no clip can have these rights; empty if one can."""
        if len(self.licence) > LONGEST_LICENCE or not self.licence.isprintable():
            return _("Write the licence in one line of at most %(limit)d characters.") % {"limit": LONGEST_LICENCE}
        if self.may_be_published and not self.licence:
            return _("Write the licence under which the sound may be published, such as CC-BY-4.0, or do not allow it.")
        return ""


NO_RIGHTS = SoundRights()


def sound_rights(licence: str, may_be_published: bool) -> SoundRights:
    """Return rights as somebody has written them, in normal form."""
    return SoundRights(unicodedata.normalize("NFC", licence).strip(), may_be_published)


@transaction.atomic
def set_sound_rights(clip: Clip, rights: SoundRights, *, actor: Any = None) -> bool:
    """Give a clip's sound these rights; return whether that is a change.

    Raises:
        RightsRefused: the licence is too long, or missing for a sound that may be published.
        NotAllowedNow: the clip has been deleted meanwhile.
    """
    study = Study.objects.select_for_update().get(pk=clip.study_id)
    try:
        clip.refresh_from_db()
    except Clip.DoesNotExist as error:
        raise clips_gone() from error
    if rights == SoundRights.of(clip):
        return False
    if problem := rights.problem():
        raise RightsRefused(problem)
    clip.licence, clip.sound_may_be_published = rights.licence, rights.may_be_published
    clip.save(update_fields=["licence", "sound_may_be_published"])
    record(
        study,
        RIGHTS_CHANGED,
        actor=actor,
        clip=clip.name,
        licence=rights.licence,
        published="yes" if rights.may_be_published else "no",
    )
    return True
