"""What is tried before a study opens: the survey as a pilot sees it, and whether its conditions can be guessed."""

from typing import Any

from django.utils.translation import gettext as _

from study.blinding_audit.queueing import ask_for_audit
from study.errors import NotAllowedNow
from study.models import BlindingAudit, Participant, Study
from study.participants.links import create_personal_links
from study.setup.path_steps import has_all_images


def preview_address(study: Study, *, actor: Any) -> str:
    """Make a pilot's link and return its address; answers of pilots never mix with the study's.

    Raises:
        NotAllowedNow: images are missing.
    """
    _ensure_images(study)
    [(_label, address)] = create_personal_links(study, 1, kind=Participant.Kind.PILOT, actor=actor)
    return address


def check_blinding(study: Study, *, actor: Any) -> BlindingAudit:
    """Ask for an audit of the draft as it is now; a worker does it.

    Raises:
        NotAllowedNow: the study is no draft, or images are missing.
    """
    if study.status != Study.Status.DRAFT:
        raise NotAllowedNow(_("The blinding is checked before the study opens."))
    _ensure_images(study)
    return ask_for_audit(study, actor=actor)


def _ensure_images(study: Study) -> None:
    if not has_all_images(study):
        raise NotAllowedNow(_("Not every clip has its images yet. Generate them first."))
