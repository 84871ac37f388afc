"""Lock a study for a change that only a draft permits."""

from django.utils.translation import gettext as _

from study.errors import NotAllowedNow
from study.models import Clip, Study


def lock_draft(study_id: int) -> Study:
    """Return the study with its row locked; call it within a transaction.

    Raises:
        NotAllowedNow: the study has opened, so its clips and their tags are part of a fixed plan.
    """
    study = Study.objects.select_for_update().get(pk=study_id)
    refuse_unless_draft(study)
    return study


def lock_clip(clip: Clip) -> Study:
    """Return the clip's study with its row locked, and read the clip anew; call it within a transaction.

    Raises:
        NotAllowedNow: the study has opened, or the clip has been deleted meanwhile, as in another window.
    """
    study = lock_draft(clip.study_id)
    try:
        clip.refresh_from_db()
    except Clip.DoesNotExist as error:
        raise clips_gone() from error
    return study


def clips_gone() -> NotAllowedNow:
    """The refusal of a change to clips that are there no more."""
    return NotAllowedNow(_("This was deleted already. Load the list of clips again."))


def refuse_unless_draft(study: Study) -> None:
    """Raise NotAllowedNow if the study has opened."""
    if not study.settings_can_change:
        raise NotAllowedNow(
            _("The study is %(status)s: its plan is fixed, so its clips and tags can no longer be changed.")
            % {"status": study.get_status_display()}
        )


def lock_settings(study: Study) -> Study:
    """Return the study as it is stored, with its row locked, for a change of settings; call it within a transaction.

    Raises:
        NotAllowedNow: the study is no draft.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if not locked.settings_can_change:
        raise settings_fixed(locked)
    return locked


def settings_fixed(study: Study) -> NotAllowedNow:
    """The refusal of a change that the study's state does not permit."""
    return NotAllowedNow(
        _("The study is %(status)s, so this can no longer be changed. Nothing was saved.")
        % {"status": study.get_status_display()}
    )
