"""Copy a study with its clips and stimuli, without its participants."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.design import NEWEST_ORDERS
from study.design.conditions import sealed_labels
from study.errors import NotAllowedNow
from study.models import Clip, Condition, Stimulus, Study
from study.models.log import record
from study.models.studies import new_seed
from study.opaque_tokens import new_link_token
from study.setup.lifecycle import free_slug
from study.setup.plan_parts import plan_of_copy

# (the study, its draft copy, old clip's id → new clip)
Copier = Callable[[Study, Study, Mapping[int, Clip]], None]
_copiers: list[Copier] = []


def register(copier: Copier) -> Copier:
    """Register a function that copies another app's rows about a study; usable as a decorator."""
    if copier not in _copiers:
        _copiers.append(copier)
    return copier


COPY_MADE = "copy made"

# Fields of the life cycle, which starts again; real people may answer the copy of a simulated study.
_NEW_DRAFT: dict[str, Any] = {
    "status": Study.Status.DRAFT,
    "opened_at": None,
    "closed_at": None,
    "plan_digest": "",
    "survey_images": {},
    "events_erased_at": None,
    "erasures": 0,
    "orders_version": NEWEST_ORDERS,
    "simulated": False,
    "rehearsal_of_id": None,
    "rehearsal": {},
    "stage": Study.Stage.MAIN,
    "stages": {},
    "version": 1,
}


def unsaved_copy(row: Any, **changed: Any) -> Any:
    """Return an unsaved row with the same values except `changed`; stored files are shared, not copied."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop("id")
    return type(row)(**(values | changed))


def plan_of_draft(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan without what opening the study, registering it, or bringing it in, has added to it."""
    kept = {key: value for key, value in plan.items() if key not in ("fixed", "consent", "brought_in")}
    if "registration" in kept:  # another study was registered there
        kept["registration"] = {key: value for key, value in kept["registration"].items() if key != "filed"}
    return kept


@transaction.atomic
def copy_study(study: Study, *, title: str, owner: Any, slug: str = "", **changed: Any) -> Study:
    """Create a draft with the settings, clips, conditions and stimuli of `study`, and a new seed.

    The copies share stored files, which never change and have random names.

    Raises:
        NotAllowedNow: the study is a rehearsal; its copy would show the images that its own study may seal.
    """
    if study.rehearsal_of is not None:
        raise NotAllowedNow(
            _("This is a rehearsal. Copy the study that it rehearses: “%(title)s”.")
            % {"title": study.rehearsal_of.title}
        )
    copy = unsaved_copy(
        study,
        slug=slug or free_slug(title),
        title=title,
        owner_id=owner.pk,
        seed=new_seed(),
        open_link_token=new_link_token(),
        short_code=None,
        plan=plan_of_copy(plan_of_draft(study.plan)),
        **(_NEW_DRAFT | changed),
    )
    copy.save()
    # New opaque labels: the draft shows its conditions openly, while the old study may be sealed.
    labels = sealed_labels(study.conditions.count())
    conditions = {
        old.pk: unsaved_copy(old, study_id=copy.pk, sealed_label=label)
        for old, label in zip(study.conditions.all(), labels, strict=True)
    }
    Condition.objects.bulk_create(conditions.values())
    clips: dict[int, Clip] = {}
    for clip in study.clips.prefetch_related("stimuli"):
        new_clip: Clip = unsaved_copy(clip, study_id=copy.pk)
        new_clip.save()
        clips[clip.pk] = new_clip
        Stimulus.objects.bulk_create(
            unsaved_copy(stimulus, clip_id=new_clip.pk, condition_id=conditions[stimulus.condition_id].pk)
            for stimulus in clip.stimuli.all()
        )
    for copier in _copiers:
        copier(study, copy, clips)
    if study.is_blinded:
        # The draft shows each image with its condition, which the study's own pages hide: its people can see who knows.
        record(study, COPY_MADE, actor=owner)
    record(copy, "copied", actor=owner, source=study.slug)
    return copy
