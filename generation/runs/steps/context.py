"""The context that a step of any kind reads, and the outcome that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.models import ClipStep
from generation.redefinition import RuleSet
from generation.runs.conditions import painted_conditions
from generation.runs.steps.content import Digest, content_of, token_counting_content
from generation.runs.steps.error_translation import as_generation_error
from generation.settings_model import GenerationSettings, read_settings
from generation.study_files import rules_of
from study.digests import path_digest
from study.models import Clip


@dataclass(frozen=True)
class StepContext:
    """A step with its clip, the run's settings, the painted conditions and the results of the earlier steps."""

    step: ClipStep
    clip: Clip
    settings: GenerationSettings
    conditions: Mapping[str, Mapping[str, str]]  # key → levels
    results: Mapping[str, dict[str, Any]]  # by kind of step

    digest: Digest = path_digest  # of the files that taggers and painters read

    @property
    def painter_content(self) -> dict[str, Any]:
        """The painter's options with the digests of its files."""
        return content_of(self.settings.painter, self.digest)

    @property
    def rules(self) -> RuleSet:
        """The rule set of the run's settings with the study's choices; RunStopped if it is missing."""
        with as_generation_error():
            return rules_of(self.clip.study, self.settings)

    @property
    def token_counting_options(self) -> dict[str, Any]:
        """The painter's options, and the digests of its files, on which the count of a prompt's tokens depends."""
        return token_counting_content(self.settings.painter, self.digest)


def load_step_context(step: ClipStep) -> StepContext:
    """Load the context of one step from the database."""
    earlier = ClipStep.objects.filter(clip_id=step.clip_id, position__lt=step.position)
    return StepContext(
        step,
        step.clip,
        read_settings(step.run.settings),
        painted_conditions(step.clip.study),
        {kind: result or {} for kind, result in earlier.values_list("kind", "result")},
    )


@dataclass(frozen=True)
class StepOutcome:
    """A step's result as plain data, and the names of the files that it stored, which no row owns yet."""

    result: dict[str, Any]
    files: list[str] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)  # painting: the fields of each stimulus
