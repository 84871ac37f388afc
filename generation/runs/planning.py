"""Plan a run: for each clip, do the first step whose result is not current, and the steps after it."""

from collections.abc import Iterable
from functools import cache, partial

from django.db.models import prefetch_related_objects

from generation.models import ClipStep, GenerationRun
from generation.runs.conditions import painted_conditions
from generation.runs.steps.by_kind import collect_inputs, has_output, is_current
from generation.runs.steps.content import Digest
from generation.runs.steps.context import StepContext
from generation.runs.steps.sequence import is_needed, queue_of
from generation.settings_model import GenerationSettings
from study.digests import DigestUnknown, path_digest
from study.models import Clip

Kind, State = ClipStep.Kind, ClipStep.State


def plan(run: GenerationRun, clips: Iterable[Clip], settings: GenerationSettings) -> None:
    """Put every clip's steps into the run. Call it in the transaction that creates the run."""
    clips = list(clips)
    prefetch_related_objects(clips, "stimuli__condition", "tag_decisions")
    # Locked, so that a step of a cancelled run cannot end while this plans.
    existing = {
        (step.clip_id, step.kind): step
        for step in ClipStep.objects.filter(clip__in=clips).select_for_update().order_by("pk")
    }
    conditions = painted_conditions(run.study)
    # A web process must neither wait for gigabytes nor have the files at all: then a worker decides what is current.
    digest = cache(partial(path_digest, read=False))
    fresh: list[ClipStep] = []
    # Ids of rows by (queue, state), so that a few updates serve thousands of rows.
    planned: dict[tuple[str, str], list[int]] = {}
    for clip in clips:
        clip.study = run.study
        steps = [
            existing.get((clip.pk, kind)) or ClipStep(clip=clip, kind=kind, run=run, position=position)
            for position, kind in enumerate(ClipStep.ORDER, start=1)
        ]
        _plan_clip(run, clip, steps, settings, conditions, digest)
        for step in steps:
            if step.pk is None:
                fresh.append(step)
            else:
                planned.setdefault((step.queue, step.state), []).append(step.pk)
    ClipStep.objects.bulk_create(fresh, batch_size=500)
    for (queue, state), ids in planned.items():
        for first in range(0, len(ids), 500):
            rows = ClipStep.objects.filter(pk__in=ids[first : first + 500])
            if state == State.RUNNING:
                rows.update(run=run, queue=queue)
            else:
                rows.update(run=run, queue=queue, state=state, **ClipStep.UNTRIED)


def _plan_clip(
    run: GenerationRun,
    clip: Clip,
    steps: list[ClipStep],
    settings: GenerationSettings,
    conditions: dict[str, dict[str, str]],
    digest: Digest,
) -> None:
    """Set run, queue and state of a clip's steps; save nothing."""
    results: dict[str, dict] = {}
    next_state = State.WAITING  # of the next step that is to be done: the first waits, the others are blocked
    for step in steps:
        context = StepContext(step, clip, settings, conditions, results, digest)
        step.run, step.queue = run, queue_of(step.kind, settings)
        if step.state == State.RUNNING:
            # A worker does it for a cancelled run; when it ends, the step waits for this run (see `execution`).
            next_state = State.BLOCKED
            continue
        if not is_needed(context, step.kind):
            step.state = State.SKIPPED
        elif next_state == State.WAITING and _is_done(context):
            step.state = State.DONE
            results[step.kind] = step.result
        else:
            step.state = next_state
            next_state = State.BLOCKED


def _is_done(context: StepContext) -> bool:
    """Return whether the step's result is known to be current; a worker finds out the same if it is not known here."""
    try:
        return is_current(context.step, collect_inputs(context)) and has_output(context)
    except DigestUnknown:
        return False
