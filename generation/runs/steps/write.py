"""Write one sentence for each of a clip's two tag sets, by the same writer with the same seed and limit."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings as django_settings

from generation.models import ClipStep
from generation.painting import Painter
from generation.runs import spending
from generation.runs.steps import loaded_models
from generation.runs.steps.context import StepContext, StepOutcome
from generation.runs.steps.error_translation import as_generation_error
from generation.writing import OpenAIOptions, SentenceWriter, build_writer
from generation.writing.content import lists_digest

VERSION = 3


def collect_inputs(context: StepContext) -> dict[str, Any]:
    """Collect both tag sets, the writer's options, the seed, and how the painter counts tokens."""
    redefined = context.results[ClipStep.Kind.REDEFINE]
    return {
        "original": redefined["original"],
        "redefined": redefined["redefined"],
        "writer": context.settings.writer.model_dump(mode="json"),
        "painter": context.token_counting_options,
        "seed": context.clip.study.seed,
        # What a sentence is checked with.
        "rules": redefined["rules"],
        "words": lists_digest(),
    }


def run(context: StepContext, inputs: dict[str, Any], lease_token: str) -> StepOutcome:
    """Write the sentences; a service's calls are counted under the lease's token."""
    painter = loaded_models.painter_of(context.settings)
    with as_generation_error(context.clip.name):
        options = context.settings.writer
        if context.step.waits and isinstance(options, OpenAIOptions):
            # The service was away: one try tells whether it is back, and holds a worker no longer than needed.
            options = options.model_copy(update={"attempts": 1})
        writer = build_writer(
            options,
            cache_folder=spending.answers_folder(),
            usage=spending.StudyUsage(context.step.run, lease_token),
            rules=context.rules,
            allowed_hosts=django_settings.WRITER_HOSTS,
        )
        tag_sets = {name: inputs[name] for name in ("redefined", "original")}
        return StepOutcome({"sentences": write_sentences(writer, painter, tag_sets, inputs["seed"])})


def write_sentences(
    writer: SentenceWriter, painter: Painter, tag_sets: Mapping[str, Sequence[str]], seed: int
) -> dict[str, dict[str, Any]]:
    """Return, by the name of each tag set, its sentence, the sentence's tokens, and how it was written."""
    sentences = {}
    for name, tags in tag_sets.items():
        sentence = writer.write(tags, count_tokens=painter.count_tokens, token_limit=painter.token_limit, seed=seed)
        sentences[name] = {
            "text": sentence.text,
            "tokens": sentence.tokens,
            "writer": dict(writer.identity),
            "provenance": dict(sentence.provenance),
        }
    return sentences


def save(context: StepContext, outcome: StepOutcome) -> list[str]:
    """Do nothing: sentences are in the step's result only."""
    return []
