"""Read a template of studies, make a study from it, and write one from a study."""

from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic import ValidationError as Invalid

from study.design.conditions import ConditionPreset
from study.errors import NotAllowedNow, StudyError
from study.instruments.of_study import instrument_of
from study.instruments.reading import InstrumentRefused, instrument_from, to_data
from study.instruments.words import in_words
from study.models import Study
from study.participants.questions import QuestionSetError, load_question_set
from study.setup.instrument_editing import set_instrument
from study.setup.instrument_text import short_data
from study.setup.lifecycle import create_study
from study.setup.template_parts import generation_part
from study.texts import unknown_placeholders
from study.untrusted_files.yaml_text import Limits, Lines, YamlRefused, read_yaml

VERSION = 1
# The files of this folder, in the order in which they are offered.
SHIPPED = ("first_study", "compare_models", "own_images", "seed_study")
LARGEST = 200_000  # characters
_LIMITS = Limits(characters=LARGEST, values=5000, levels=10)
_KEY = r"^[a-z0-9][a-z0-9_-]*$"

# What a template may set beside conditions and texts. Recruitment, links and who is responsible are of one study.
SETTINGS = (
    *("languages", "questions_before", "questions_after", "trials_per_participant", "second_choice_required"),
    *("allow_none_fits", "ask_reason", "ask_familiarity", "listening_minimum_seconds", "practice_trial"),
    *("sound_check", "headphone_check", "repeats", "match_controls", "attention_trials", "minimum_seconds"),
    *("target_participants", "stop_at_target", "grace_minutes", "feedback", "images_lossless"),
    *("include_unchanged_clips", "weight_first", "weight_second", "alpha"),
)

Texts = dict[str, str]


class TemplateRefused(StudyError):
    """The text is no template; the message names line and mend."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TemplateCondition(_Part):
    """A condition of the study."""

    key: str = Field(max_length=60, pattern=_KEY)
    label: str = Field(min_length=1, max_length=120)
    levels: dict[str, str] = Field(default_factory=dict, max_length=10)


class TemplateTexts(_Part):
    """What participants read, by language."""

    question: Texts = Field(default_factory=dict)
    consent_text: Texts = Field(default_factory=dict)
    instructions: Texts = Field(default_factory=dict)

    @field_validator("question", "consent_text", "instructions")
    @classmethod
    def are_texts(cls, texts: Texts) -> Texts:
        for language, text in texts.items():
            if language not in dict(settings.LANGUAGES):
                raise ValueError(f"there is no language '{language}'; use {', '.join(dict(settings.LANGUAGES))}")
            if len(text) > 20_000:
                raise ValueError("the text is longer than 20,000 characters; shorten it")
        return texts

    @field_validator("consent_text")
    @classmethod
    def placeholders_are_known(cls, texts: Texts) -> Texts:
        for text in texts.values():
            if unknown := unknown_placeholders(text):
                raise ValueError(f"{{{unknown[0]}}} stands for nothing; write it out")
        return texts


class StudyTemplate(_Part):
    """What a study begins with."""

    earsight_template: int
    name: Texts = Field(min_length=1)
    about: Texts = Field(default_factory=dict)
    conditions: list[TemplateCondition] = Field(min_length=2, max_length=6)
    texts: TemplateTexts = Field(default_factory=TemplateTexts)
    settings: dict[str, Any] = Field(default_factory=dict)
    instrument: dict[str, Any] = Field(default_factory=dict)
    generation: dict[str, str | int | float] = Field(default_factory=dict)

    @field_validator("earsight_template")
    @classmethod
    def is_known(cls, version: int) -> int:
        if version != VERSION:
            raise ValueError(f"this Earsight knows version {VERSION}; update it, or save the template anew")
        return version

    @field_validator("settings")
    @classmethod
    def can_be_set(cls, values: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(values.keys() - set(SETTINGS)):
            raise ValueError(f"a template does not set {', '.join(unknown)[:100]}; leave it out")
        return {name: _setting(name, value) for name, value in values.items()}

    @field_validator("instrument")
    @classmethod
    def is_instrument(cls, data: dict[str, Any]) -> dict[str, Any]:
        try:
            return to_data(instrument_from(data)) if data else {}
        except (InstrumentRefused, TypeError) as error:  # a date is no value of JSON
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def keys_differ(self) -> "StudyTemplate":
        keys = [row.key for row in self.conditions]
        if len(set(keys)) < len(keys):
            raise ValueError("two conditions have the same key; rename one")
        return self

    @property
    def presets(self) -> tuple[ConditionPreset, ...]:
        """The conditions, as a study is created with them."""
        return tuple(ConditionPreset(row.key, row.label, row.levels) for row in self.conditions)


def _setting(name: str, value: Any) -> Any:
    """Return a setting as the study's column holds it; ValueError says what it has to be."""
    field = Study._meta.get_field(name)
    assert isinstance(field, models.Field)
    if name == "languages":
        known = dict(settings.LANGUAGES)
        if not isinstance(value, list) or not all(isinstance(code, str) and code in known for code in value):
            raise ValueError(f"languages: a list of {', '.join(known)}")
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(field, models.BooleanField) and not isinstance(value, bool):
        raise ValueError(f"{name}: true or false")
    if isinstance(field, models.IntegerField) and value is not None and type(value) is not int:
        raise ValueError(f"{name}: a whole number")
    if isinstance(field, models.TextField) and not isinstance(value, str):
        raise ValueError(f"{name}: a text")
    if isinstance(field, models.DecimalField):
        if not is_number:
            raise ValueError(f"{name}: a number")
        value = Decimal(str(value))
    try:
        cleaned = field.clean(value, None)
    except ValidationError as error:
        raise ValueError(f"{name}: {error.messages[0]}") from error
    if name.startswith("questions_") and cleaned:
        try:
            load_question_set(cleaned, is_new=True)
        except QuestionSetError as error:
            raise ValueError(f"{name}: {error}") from error
    return cleaned


def load_template(text: str) -> StudyTemplate:
    """Read a template.

    Raises:
        TemplateRefused: it is none; the message names the line and what to do.
    """
    try:
        content, lines = read_yaml(text, _LIMITS)
    except YamlRefused as error:
        raise TemplateRefused(_("line %(n)d: %(why)s") % {"n": error.line, "why": error}) from error
    try:
        template = StudyTemplate.model_validate(content)
    except Invalid as error:
        raise TemplateRefused(" ".join(_fault(lines, fault) for fault in error.errors()[:3])) from error
    if template.generation and (fault := generation_part().check(template.generation)):
        line = lines.get(("generation",), 1)
        raise TemplateRefused(_("line %(n)d: %(why)s") % {"n": line, "why": f"generation: {fault}"})
    return template


def _fault(lines: Lines, fault: Any) -> str:
    place: tuple[str | int, ...] = tuple(fault["loc"])
    message = fault["msg"].removeprefix("Value error, ").rstrip(".")
    if place == ("settings",) and (*place, message.partition(":")[0]) in lines:
        place = (*place, message.partition(":")[0])
    while place not in lines and place:
        place = place[:-1]
    path = " ".join(map(str, fault["loc"])) or "-"
    return _("line %(n)d (%(path)s): %(why)s.") % {"n": lines.get(place, 1), "path": path, "why": message}


@lru_cache(maxsize=len(SHIPPED))
def shipped_template(name: str) -> str:
    """The YAML text of a template that ships, one of `SHIPPED`."""
    return (resources.files("study.setup.study_templates") / f"{name}.yaml").read_text(encoding="utf-8")


@transaction.atomic
def create_from_template(
    template: StudyTemplate, *, title: str, owner: Any, presets: tuple[ConditionPreset, ...] | None = None
) -> Study:
    """Create a draft. `presets`: the conditions, if the researcher has changed them."""
    texts = {name: value for name, value in template.texts.model_dump().items() if value}
    fields = template.settings | texts
    study = create_study(title=title, owner=owner, presets=presets or template.presets, **fields)
    if template.instrument:
        set_instrument(study, template.instrument, change="template", actor=owner)
    if template.generation:
        generation_part().apply(study, template.generation)
    return study


def template_yaml(study: Study) -> str:
    """A study's conditions, texts and settings as a template; nothing of its clips, people and results.

    Raises:
        NotAllowedNow: its conditions are hidden.
    """
    if study.is_blinded:
        raise NotAllowedNow(_("While the study is sealed, its conditions are hidden. Save the template afterwards."))
    texts = {name: getattr(study, name) for name in TemplateTexts.model_fields}
    content = {
        "earsight_template": VERSION,
        "name": {"en": study.title},
        **({"about": {"en": study.description[:2000]}} if study.description else {}),
        "conditions": [
            {"key": row.key, "label": row.label} | ({"levels": row.levels} if row.levels else {})
            for row in study.conditions.order_by("number")
        ],
        "texts": {name: value for name, value in texts.items() if value},
        "settings": {name: value for name in SETTINGS if (value := _number(getattr(study, name))) != _default(name)},
        "instrument": short_data(instrument_of(study)) if study.instrument else {},
        "generation": generation_part().read(study),
    }
    content = {name: value for name, value in content.items() if value}
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100))


def _default(name: str) -> Any:
    field = Study._meta.get_field(name)
    assert isinstance(field, models.Field)
    return _number(field.get_default())


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == int(value) else float(value)


def what_it_sets(template: StudyTemplate) -> list[tuple[str, str]]:
    """What a template sets beside the conditions, as (what, to what) in the active language."""
    labels = {"question": _("Question"), "consent_text": _("Consent"), "instructions": _("Instructions")}
    found = [
        (f"{labels[name]} ({language})", text)
        for name, texts in template.texts.model_dump().items()
        for language, text in texts.items()
    ]
    for name, value in template.settings.items():
        if name in ("questions_before", "questions_after"):
            asked = load_question_set(value) if value else None
            shown = "; ".join(question.key for question in asked.questions) if asked else "—"
        else:
            shown = _shown(value)
        found.append((str(Study._meta.get_field(name).verbose_name), shown))  # type: ignore[union-attr]
    if template.instrument:
        found.append((_("Questions in each trial"), "; ".join(in_words(instrument_from(template.instrument)))))
    return found + generation_part().words(template.generation)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "—" if value is None else str(_number(value))
