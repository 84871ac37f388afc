"""Call the module of a step's kind, and decide whether a step was already done from the same inputs.

The digest of a step's inputs is kept with its result; the same digest again means that there is nothing to do. The
inputs hold the previous step's output, not its inputs: a changed setting that leaves an output unchanged reruns
nothing after it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from generation.models import ClipStep
from generation.runs import orphan_files
from generation.runs.steps import listen, paint, redefine, write
from generation.runs.steps.context import StepContext, StepOutcome
from study.digests import canonical_digest
from study.models import Stimulus


class StepModule(Protocol):
    """The names that the module of each kind defines."""

    # Part of the inputs. Raise it if the step's meaning changes with the code, so that older results are made again.
    VERSION: int

    def collect_inputs(self, context: StepContext) -> dict[str, Any]:
        """Collect everything that the result depends on, as plain data."""

    def run(self, context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
        """Do the work, outside of any transaction; store files under the lease's token."""

    def save(self, context: StepContext, outcome: StepOutcome) -> list[str]:
        """Save the outcome in the rows it belongs to; return the names of the files that it replaced."""


STEP_MODULES: Mapping[str, StepModule] = {
    ClipStep.Kind.LISTEN: listen,
    ClipStep.Kind.REDEFINE: redefine,
    ClipStep.Kind.WRITE: write,
    ClipStep.Kind.PAINT: paint,
}


def collect_inputs(context: StepContext) -> dict[str, Any]:
    """Collect the inputs of a step as they are now."""
    module = STEP_MODULES[context.step.kind]
    return {"version": module.VERSION} | module.collect_inputs(context)


def is_current(step: ClipStep, inputs: dict[str, Any]) -> bool:
    """Return whether the step's result was made from the same inputs."""
    return step.result is not None and step.input_digest == canonical_digest(inputs)


def has_output(context: StepContext) -> bool:
    """Return whether the files of the step's result are still owned by the clip and its stimuli."""
    if context.step.kind == ClipStep.Kind.LISTEN:
        return bool(context.clip.survey_audio)
    if context.step.kind == ClipStep.Kind.PAINT:
        ready = {
            stimulus.condition.key for stimulus in context.clip.stimuli.all() if stimulus.state == Stimulus.State.READY
        }
        return set(context.conditions) <= ready
    return True


def run_step(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Do a step's work."""
    return STEP_MODULES[context.step.kind].run(context, inputs, lease_token)


def save_outcome(context: StepContext, outcome: StepOutcome) -> bool:
    """Save a step's outcome; return whether it replaced files. Call it in the transaction that ends the step."""
    replaced = STEP_MODULES[context.step.kind].save(context, outcome)
    orphan_files.mark_orphaned(replaced)
    orphan_files.mark_owned(outcome.files)
    return bool(replaced)
