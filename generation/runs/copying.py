"""Copy a study's generation settings, own files, decisions on tags and images, and finished steps with the study."""

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet

from generation.models import ClipStep, GenerationRun, ReviewDecision, StudyFile, StudyGeneration, TagDecision
from study.models import Clip, Study
from study.setup.copying import register, unsaved_copy
from study.setup.trash_rows import Values, tidy


@tidy("generation.ClipStep")
def _finished_step(values: Values) -> Values | None:
    """A step that was not finished when its clip was deleted is planned anew by the next run, as in a copy."""
    return values if values["state"] in ClipStep.COMPLETE else None


@tidy("generation.GenerationRun")
def _ended_run(values: Values) -> Values:
    """A run of a study that was deleted has ended."""
    return values | {"state": "cancelled"} if values["state"] == GenerationRun.State.RUNNING else values


def decisions_of_images(decisions: QuerySet[ReviewDecision]) -> Iterator[ReviewDecision]:
    """Yield what of these decisions goes with a copy of the images, which stay approved and as often painted again.

    One without images before it made the first ones: without its step it would count as painting again.
    """
    for decision in decisions.filter(undone=False).order_by("pk"):
        if decision.version or not decision.step_before:
            yield decision


@register
def copy_generation(study: Study, copy: Study, clips: Mapping[int, Clip]) -> None:
    """Copy what the images were made from, since the copy has the images too; all finished steps become one run."""
    for chosen in StudyGeneration.objects.filter(study=study):
        unsaved_copy(chosen, study_id=copy.pk).save()
    for pk in study.files.values_list("pk", flat=True):  # one by one: each may hold 20 MB
        unsaved_copy(StudyFile.objects.get(pk=pk), study_id=copy.pk).save()
    TagDecision.objects.bulk_create(
        unsaved_copy(decision, clip_id=clips[decision.clip_id].pk)
        for decision in TagDecision.objects.filter(clip__study=study)
    )
    ReviewDecision.objects.bulk_create(
        unsaved_copy(decision, clip_id=clips[decision.clip_id].pk, step_before={})
        for decision in decisions_of_images(ReviewDecision.objects.filter(clip__study=study))
    )
    last = study.generation_runs.last()
    if last is None:
        return
    # A running run belongs to the old study; in the copy it has ended.
    state = GenerationRun.State.CANCELLED if last.is_running else last.state
    run: GenerationRun = unsaved_copy(last, study_id=copy.pk, number=1, state=state, notify=False)
    run.save()
    # The first save sets `started_at` to now (auto_now_add), so it is restored.
    GenerationRun.objects.filter(pk=run.pk).update(started_at=last.started_at)
    ClipStep.objects.bulk_create(
        unsaved_copy(step, clip_id=clips[step.clip_id].pk, run_id=run.pk)
        for step in ClipStep.objects.filter(clip__study=study, state__in=ClipStep.COMPLETE)
    )
