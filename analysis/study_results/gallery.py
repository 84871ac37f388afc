"""A study's public gallery: when it may be switched on, and when it shows something.

It is public as long as its row is there, and hidden meanwhile while people judge the same images in another study of
this installation, such as an open copy: the gallery would tell them which condition an image is of.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from analysis.models import Analysis, Gallery
from analysis.study_results import analyses
from study.access import Right, lock_as_owner, studies_of
from study.errors import NotAllowedNow
from study.models import Stimulus, Study
from study.models.log import record

SWITCHED_ON, SWITCHED_OFF = "gallery switched on", "gallery switched off"
CHOICES = ("images", "sounds", "names", "prompts", "indexed")


def switch_on(study: Study, *, actor: Any, **choices: bool) -> Gallery:
    """Show the study's results clip by clip to anybody, with what is chosen of `CHOICES`.

    Raises:
        NotAllowedNow: it is on already, there is no current analysis, the study is a rehearsal, or people judge the
            same images in another study.
        PermissionDenied: the actor does not own the study.
    """
    with transaction.atomic():
        study = lock_as_owner(study, actor)
        ensure_possible(study, actor)
        if gallery_of(study) is not None:
            raise NotAllowedNow(_("The gallery is on. Switch it off first, then on with other choices."))
        shown = {name: bool(choices.get(name)) for name in CHOICES}
        gallery = Gallery.objects.create(study=study, switched_on_by=actor, **shown)
        record(study, SWITCHED_ON, actor=actor, shows=[name for name in CHOICES if shown[name]])
    return gallery


def switch_off(study: Study, *, actor: Any) -> None:
    """Show nothing any more, at once.

    Raises:
        PermissionDenied: the actor does not own the study.
    """
    with transaction.atomic():
        study = lock_as_owner(study, actor)
        if Gallery.objects.filter(study=study).delete()[0]:
            record(study, SWITCHED_OFF, actor=actor)


def ensure_possible(study: Study, user: Any) -> None:
    """Raise NotAllowedNow, with what to do, if the gallery cannot be switched on now."""
    if study.rehearsal_of_id is not None:
        raise NotAllowedNow(_("A rehearsal has no gallery: its answers are a simulation's."))
    if not analyses.is_current(analyses.ensure_results(study)):
        raise NotAllowedNow(_("Answers have come or changed since the analysis: analyse again first."))
    if names := judged_in(study, user):
        raise NotAllowedNow(
            _("People judge the same images in: %(studies)s. Wait until it is closed and its grace period over.")
            % {"studies": ", ".join(names)}
        )


def gallery_of(study: Study) -> Gallery | None:
    """The study's gallery; None while it is switched off."""
    return Gallery.objects.filter(study=study).first()


def public_gallery(slug: str) -> Gallery | None:
    """Return the gallery at this address; None if it shows nothing, for whatever reason."""
    found = Gallery.objects.select_related("study__rehearsal_of", "study__owner").filter(study__slug=slug).first()
    return found if found is not None and shows_something(found) else None


def shows_something(gallery: Gallery) -> bool:
    """Whether anybody may see it now."""
    study = gallery.study
    return not (study.is_sealed or study.rehearsal_of_id is not None or blinded_with_its_images(study))


def usable_analysis(study: Study) -> Analysis | None:
    """The analysis whose numbers are shown; None if there is none, or somebody has withdrawn since."""
    analysis = analyses.latest_unsealed(study)
    return None if analysis is None or analyses.holds_erased(analysis) else analysis


def judged_in(study: Study, user: Any) -> list[str]:
    """The titles of the studies in which people judge the same images now, as far as this user may know them."""
    found = blinded_with_its_images(study)
    known = set(studies_of(user, Right.SEE).filter(pk__in=found).values_list("pk", flat=True))
    return [f"“{other.title}”" if other.pk in known else _("a study of somebody else") for other in found.values()]


def drafts_with_its_images(study: Study, user: Any) -> list[Study]:
    """The user's drafts that show the same images: while one of them runs, the gallery is hidden."""
    drafts = studies_of(user, Right.LOOK).filter(status=Study.Status.DRAFT, rehearsal_of=None).exclude(pk=study.pk)
    return list(drafts.filter(pk__in=_studies_with_images_of(study)).order_by("pk"))


def blinded_with_its_images(study: Study) -> dict[int, Study]:
    """Other studies that show one of the study's images to people who must not know its condition, by their ids."""
    # A rehearsal is blinded by its own study, which is found itself.
    others = Study.objects.exclude(pk=study.pk).exclude(status=Study.Status.DRAFT).filter(rehearsal_of=None)
    columns = others.only("title", "status", "closed_at", "grace_minutes", "rehearsal_of").order_by("pk")
    blinded = {other.pk: other for other in columns if other.is_blinded}
    if not blinded:
        return {}
    same = set(_studies_with_images_of(study).filter(clip__study__in=blinded))
    return {pk: other for pk, other in blinded.items() if pk in same}


def _studies_with_images_of(study: Study) -> Any:
    """The ids of studies with one of its images: copies share the stored file, an image uploaded again has its digest.

    Images of clips that were left out count too: to say too much costs a wait, to say too little the blinding.
    """
    own = Stimulus.objects.filter(clip__study=study).exclude(image="").order_by()
    same = Q(image__in=own.values("image")) | Q(image_digest__in=own.exclude(image_digest="").values("image_digest"))
    return Stimulus.objects.filter(same).order_by().values_list("clip__study", flat=True).distinct()
