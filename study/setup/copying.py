"""A study copied with its clips and stimuli, without its people."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from study.design.conditions import sealed_labels
from study.models import Clip, Condition, Stimulus, Study
from study.models.studies import new_link_token, new_seed, record
from study.setup.lifecycle import free_slug

# (the study, its draft copy, old clip's id → new clip)
Copier = Callable[[Study, Study, Mapping[int, Clip]], None]
_copiers: list[Copier] = []


def register(copier: Copier) -> Copier:
    """Adds what another app keeps about a study to what is copied; usable as a decorator."""
    if copier not in _copiers:
        _copiers.append(copier)
    return copier


# What belongs to the old study's own life.
_OWN = {"status": Study.Status.DRAFT, "opened_at": None, "closed_at": None, "plan_digest": ""}


def again(row: Any, **changed: Any) -> Any:
    """A new unsaved row with the same values except `changed`; stored files are shared, not copied."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop("id")
    return type(row)(**(values | changed))


@transaction.atomic
def copy_study(study: Study, *, title: str, owner: Any, slug: str = "", **changed: Any) -> Study:
    """A draft with the settings, clips, conditions and painted stimuli of `study` and a seed of its own.

    Stored files are shared between the copies: they are immutable and named by chance.
    """
    fixed_plan = {key: value for key, value in study.plan.items() if key != "fixed"}
    copy = again(
        study,
        **_OWN,
        slug=slug or free_slug(title),
        title=title,
        owner_id=owner.pk,
        seed=new_seed(),
        open_link_token=new_link_token(),
        plan=fixed_plan,
        **changed,
    )
    copy.save()
    # Fresh opaque labels: the copy is a draft, which tells its conditions, and the old study may be sealed.
    labels = sealed_labels(study.conditions.count())
    conditions = {
        old.pk: again(old, study_id=copy.pk, sealed_label=label)
        for old, label in zip(study.conditions.all(), labels, strict=True)
    }
    Condition.objects.bulk_create(conditions.values())
    clips: dict[int, Clip] = {}
    for clip in study.clips.prefetch_related("stimuli"):
        new_clip: Clip = again(clip, study_id=copy.pk)
        new_clip.save()
        clips[clip.pk] = new_clip
        Stimulus.objects.bulk_create(
            again(stimulus, clip_id=new_clip.pk, condition_id=conditions[stimulus.condition_id].pk)
            for stimulus in clip.stimuli.all()
        )
    for copier in _copiers:
        copier(study, copy, clips)
    record(copy, "copied", actor=owner, source=study.slug)
    return copy
