"""The generation settings of a study, stored with the study and copied into each run.

Tagging, writing and painting declare their own options; this model joins them. It imports no model library, since the
web process makes forms from it.
"""

from typing import Literal, Self

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from generation.errors import GenerationError
from generation.listening.voice import VoiceOptions
from generation.models import StudyGeneration
from generation.painting.options import PainterOptions, SketchOptions
from generation.redefinition import VoiceThresholds
from generation.redefinition.choices import TagChoice
from generation.redefinition.prompts import WordsFor
from generation.tagging.options import MusicnnOptions, TaggerOptions
from generation.writing.options import OpenAIOptions, TemplateOptions, WriterOptions
from study.models import Study

RulesFor = Literal["redefined", "both", "original", "neither"]


class GenerationSettings(BaseModel):
    """All settings that a study's images depend on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag_source: Literal["auto", "people", "predicted"] = Field(
        default="auto",
        description="Where the original tags come from: what people said, what the tagger hears, or people "
        "for clips that have tags and the tagger for the others.",
    )
    tag_limit: int = Field(
        default=10,
        ge=1,
        le=30,
        description="Original and corrected tags are cut at the same number.",
    )
    tag_floor: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Less probable predicted tags are left out (three always stay); a tagger with tuned thresholds "
        "uses those.",
    )
    rules: str = Field(
        default="curated",
        min_length=1,
        description="The rules that correct tags: shipped ones, or a file of your own.",
    )
    rules_for: RulesFor = Field(
        default="redefined",
        description="With a second tagger: the tag sets to which the rules are applied. Neither, if the second tagger "
        "was trained on corrected labels and predicts corrected tags already.",
    )
    prompt_words: WordsFor = Field(
        default="both",
        description="Which tags become prompt words (“low” becomes “low-pitched”). Both: the prompts differ by their "
        "tags alone. The corrected tags alone: the study measures the wording together with the tags.",
    )
    tag_choices: dict[str, TagChoice] = Field(
        default={}, description="What becomes of tags that the rule set does not know; chosen on the step “Tags”."
    )
    thresholds: VoiceThresholds = Field(
        default=VoiceThresholds(), description="Thresholds of the detectors for a voice and for no voice."
    )
    voice: VoiceOptions = Field(default=VoiceOptions(), description="How the voice detector's frames become segments.")
    tagger: TaggerOptions = Field(default=MusicnnOptions(), description="The tagger.")
    redefined_tagger: TaggerOptions | None = Field(
        default=None, description="A second tagger, which predicts the corrected tags."
    )
    writer: WriterOptions = Field(default=TemplateOptions(kind="template"), description="The writer of the sentences.")
    painter: PainterOptions = Field(
        default=SketchOptions(kind="sketch", size=512), description="The painter of the images."
    )

    @model_validator(mode="after")
    def _second_tagger_is_used(self) -> Self:
        """Refuse combinations in which a setting has no effect, or the two sets are always the same."""
        if self.redefined_tagger is None:
            if self.rules_for != "redefined":
                raise ValueError(
                    _(
                        "Without a second tagger the rules are what makes the corrected tags: apply them to the "
                        "corrected tags alone, or choose a second tagger."
                    )
                )
            return self
        if self.tag_source != "predicted":
            raise ValueError(
                _(
                    "A second tagger is compared with the first, so both sets are predicted: choose “predicted by the "
                    "tagger” as the tag source, or no second tagger."
                )
            )
        if self.redefined_tagger == self.tagger and self.rules_for in ("both", "neither"):
            raise ValueError(
                _(
                    "Both tag sets would be the same: they have one tagger and the same rules. Choose another second "
                    "tagger, or apply the rules to one set alone."
                )
            )
        return self


def read_settings(data: object) -> GenerationSettings:
    """Read settings from stored data.

    Raises:
        GenerationError: the data is not valid, for instance stored by another version; the message names the field.
    """
    try:
        return GenerationSettings.model_validate(data or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{part}." for part in first["loc"])[:-1]
        problem = ": ".join(filter(None, (where, first["msg"].removeprefix("Value error, "))))
        raise GenerationError(
            f"The generation settings are not valid: {problem} "
            "Open the settings of the step “Generate” and save them again."
        ) from error


def sentence_language(settings: GenerationSettings) -> str:
    """The language of a study's prompts, "en" or "ko": the built-in writer writes English."""
    return settings.writer.sentence_language if isinstance(settings.writer, OpenAIOptions) else "en"


def settings_of(study: Study) -> GenerationSettings:
    """Return the study's settings, or the defaults if none were saved."""
    row = StudyGeneration.objects.filter(study=study).first()
    return read_settings(row.settings if row else {})


def store_settings(study: Study, chosen: GenerationSettings) -> None:
    """Save the study's settings."""
    StudyGeneration.objects.update_or_create(study=study, defaults={"settings": chosen.model_dump(mode="json")})
