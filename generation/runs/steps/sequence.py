"""Which steps a clip needs, in which queue each waits, and which step comes next."""

from collections.abc import Mapping
from typing import Any

from generation.models import ClipStep
from generation.painting.options import DiffusersOptions
from generation.runs import waiting
from generation.runs.conditions import is_ready_made
from generation.runs.steps.context import StepContext
from generation.settings_model import GenerationSettings
from generation.writing.options import OpenAIOptions

Kind, State = ClipStep.Kind, ClipStep.State


def queue_of(kind: str, settings: GenerationSettings) -> str:
    """Return the queue of a step: "gpu" to paint with a diffusion model, "api" to wait for a service, else "cpu"."""
    if kind == Kind.PAINT and isinstance(settings.painter, DiffusersOptions):
        return "gpu"
    if kind == Kind.WRITE and isinstance(settings.writer, OpenAIOptions):
        return "api"
    return "cpu"


def is_needed(context: StepContext, kind: str) -> bool:
    """Return whether the context's clip needs the step `kind`, as far as the results in the context determine that."""
    if kind == Kind.LISTEN:
        return True
    if not context.conditions or is_ready_made(context.clip):
        return False
    return kind == Kind.REDEFINE or _needs_images(context, context.results.get(Kind.REDEFINE, {}))


def _needs_images(context: StepContext, redefined: Mapping[str, Any]) -> bool:
    return context.clip.study.include_unchanged_clips or not redefined.get("unchanged", False)


def prepare_next_step(context: StepContext) -> bool:
    """Make the next step wait for a worker, or skip all later ones; return whether there is a next step.

    Call it in the transaction that ends the step.
    """
    step = context.step
    if step.position == len(ClipStep.ORDER):
        return False
    later = ClipStep.objects.filter(clip_id=step.clip_id, position__gt=step.position).exclude(state=State.RUNNING)
    # Only two results make later steps unnecessary: images were uploaded (seen at LISTEN), or both prompts have the
    # same tags (REDEFINE).
    if step.kind == Kind.LISTEN:
        needed = is_needed(context, Kind.REDEFINE)
    else:
        needed = step.kind != Kind.REDEFINE or _needs_images(context, step.result)
    if not needed:
        later.update(state=State.SKIPPED, error="")
        return False
    later.filter(position=step.position + 1).update(state=State.WAITING, **ClipStep.UNTRIED)
    if (following := later.filter(position=step.position + 1).first()) is not None:
        waiting.hold_back(following)
    later.filter(position__gt=step.position + 1).exclude(state=State.BLOCKED).update(state=State.BLOCKED, error="")
    return True
