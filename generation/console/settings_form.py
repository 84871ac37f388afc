"""The form of the generation settings, built from the options that tagging, writing and painting declare."""

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from generation.console import model_settings
from generation.models import StudyFile
from generation.painting.options import DiffusersOptions, SketchOptions
from generation.redefinition import SHIPPED, VoiceThresholds
from generation.runs.readiness import language_fault
from generation.settings_model import GenerationSettings
from generation.tagging.options import ClmrOptions, ImportedOptions, MusicnnOptions
from generation.writing import HostNotAllowed, RequestRejected
from generation.writing.hosts import check_host
from generation.writing.options import OpenAIOptions, TemplateOptions
from generation.writing.prompt_template import load_template
from study.console.forms.versions import KeptForm

TAGGERS = (MusicnnOptions, ClmrOptions, ImportedOptions)
ROOMS: dict[str, tuple[type[BaseModel], ...]] = {
    "tagger": TAGGERS,
    "redefined_tagger": TAGGERS,
    "writer": (TemplateOptions, OpenAIOptions),
    "painter": (SketchOptions, DiffusersOptions),
}
# `key_variable` names the environment variable that holds a key. Only the operator sets it, since a page could name any
# secret.
NOT_IN_PAGES = {"kind", "key_variable"}
OF_THE_STUDY = ("tag_source", "tag_limit", "tag_floor", "prompt_words")
LONG_TEXTS = {"negative_prompt", "adapters"}
# What an optional room is without any of its kinds.
NONE_CHOSEN = {
    "redefined_tagger": gettext_lazy("none — the corrected tags are the original tags after the rules"),
}
# The choices of the first study: what one head predicts, against what a head trained on redefined labels predicts.
AS_THE_SEED = {
    "tag_source": "predicted",
    "tagger": "clmr",
    "redefined_tagger": "clmr",
    "rules": "seed",
    "rules_for": "neither",
    "prompt_words": "both",
}
SHIPPED_RULES = {
    "curated": gettext_lazy("the usual rules"),
    "seed": gettext_lazy("the rules of the first study"),
    "lastfm": gettext_lazy("the words of Last.fm, then the usual rules"),
    "mtg-jamendo": gettext_lazy("the words of MTG-Jamendo, then the usual rules"),
    "fma": gettext_lazy("the genres of the Free Music Archive, then the usual rules"),
    "korean": gettext_lazy("Korean words, then the usual rules"),
}
LABELS = {
    "redefined_tagger": gettext_lazy("Second tagger, for the corrected tags"),
    "rules_for": gettext_lazy("The rules are applied to"),
    "tag_limit": gettext_lazy("Most tags in a prompt"),
    "tag_floor": gettext_lazy("Least probability of a predicted tag"),
    "prompt_words": gettext_lazy("Prompt words for"),
    "file": gettext_lazy("Table of predictions"),
    "voice_at": gettext_lazy("A voice from"),
    "none_at": gettext_lazy("No voice up to"),
    "tagger_at": gettext_lazy("Threshold of the tagger for a voice"),
    "base_url": gettext_lazy("Address of the service"),
    "unfaithful": gettext_lazy("A sentence that does not match its tags"),
    "config": gettext_lazy("Configuration of a single file"),
    "config_revision": gettext_lazy("Revision of the configuration"),
    "adapters": gettext_lazy("LoRA adapters"),
}
CHOICES: dict[str, dict[str, Any]] = {
    "tag_source": {
        "auto": gettext_lazy("people’s where a clip has some, else predicted"),
        "people": gettext_lazy("people’s, as imported"),
        "predicted": gettext_lazy("predicted by the tagger"),
    },
    "sentence_language": {"en": gettext_lazy("English"), "ko": gettext_lazy("Korean")},
    "unfaithful": {
        "fail": gettext_lazy("the clip fails"),
        "accept": gettext_lazy("it is used and counted"),
    },
    "prompt_words": {
        "both": gettext_lazy("original and corrected tags"),
        "redefined": gettext_lazy("the corrected tags alone"),
    },
    "rules_for": {
        "redefined": gettext_lazy("the corrected tags alone"),
        "both": gettext_lazy("original and corrected tags"),
        "original": gettext_lazy("the original tags alone"),
        "neither": gettext_lazy("neither"),
    },
}


@dataclass(frozen=True)
class Group:
    """Fields that are shown together; `room` and `kind` if they matter for one choice of that room only."""

    title: str
    help: str
    fields: list[forms.BoundField]
    room: str = ""
    kind: str = ""


def kind_of(options: type[BaseModel]) -> str:
    """Return the value that chooses these options."""
    return str(options.model_fields["kind"].default)


def _bounds(info: FieldInfo) -> dict[str, Any]:
    found = {}
    for rule in info.metadata:
        for ours, theirs in (("min_value", "ge"), ("max_value", "le")):
            if getattr(rule, theirs, None) is not None:
                found[ours] = getattr(rule, theirs)
    return found


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _may_be_none(annotation: Any) -> bool:
    return _without_none(annotation) is not annotation


def form_field(name: str, info: FieldInfo) -> forms.Field:
    """Return the form field for one option.

    No field is required by the form, since those of other kinds stay empty; pydantic checks what is missing.
    """
    shared: dict[str, Any] = {
        "label": LABELS.get(name) or _(name.replace("_", " ").capitalize()),
        "help_text": _(info.description) if info.description else "",
        "required": False,
    }
    annotation = _without_none(info.annotation)
    if get_origin(annotation) is Literal:
        labels = CHOICES.get(name, {})
        choices = [(value, labels.get(value, value)) for value in get_args(annotation)]
        return forms.ChoiceField(choices=choices, **shared)
    if annotation is bool:
        return forms.BooleanField(**shared)
    if annotation is int:
        return forms.IntegerField(**shared, **_bounds(info))
    if annotation is float:
        field = forms.FloatField(**shared, **_bounds(info))
        field.widget.attrs["step"] = "any"
        return field
    widget = forms.Textarea(attrs={"rows": 2}) if name in LONG_TEXTS else forms.TextInput()
    return forms.CharField(widget=widget, strip=True, max_length=20_000, **shared)


class SettingsForm(KeptForm, forms.Form):
    """The form that shows and validates `GenerationSettings`; each error is shown beside its field."""

    def __init__(
        self,
        data: Any = None,
        *,
        current: GenerationSettings,
        keep_unchanged: bool = False,
        files: Iterable[StudyFile] = (),
        as_the_seed: bool = False,
    ) -> None:
        super().__init__(data)
        self.current = current
        self.own = {kind: [file for file in files if file.kind == kind] for kind in StudyFile.Kind.values}
        for name in OF_THE_STUDY:
            self._add(name, GenerationSettings.model_fields[name], getattr(current, name))
        self.fields["rules"] = forms.ChoiceField(
            label=_("Rule set"),
            help_text=_(GenerationSettings.model_fields["rules"].description or ""),
            choices=self._rule_choices(),
            initial=current.rules,
        )
        self.fields["keep_unchanged"] = forms.BooleanField(
            label=_("Keep clips whose original and corrected tags are the same"),
            required=False,
            initial=keep_unchanged,
            help_text=_("Such clips give no information about the correction of tags."),
        )
        for name, info in VoiceThresholds.model_fields.items():
            self._add(f"thresholds-{name}", info, getattr(current.thresholds, name))
        for room, kinds in ROOMS.items():
            chosen = getattr(current, room)
            choices = [(kind_of(options), _description(options)) for options in kinds]
            if room in NONE_CHOSEN:
                choices = [("", str(NONE_CHOSEN[room])), *choices]
            self.fields[room] = forms.ChoiceField(
                label=LABELS.get(room) or _(room.capitalize()),
                widget=forms.RadioSelect,
                initial=chosen.kind if chosen else "",
                choices=choices,
                required=room not in NONE_CHOSEN,
            )
            for options in kinds:
                for name, info in options.model_fields.items():
                    if name not in NOT_IN_PAGES:
                        is_chosen = chosen is not None and chosen.kind == kind_of(options)
                        self._add(
                            f"{room}-{kind_of(options)}-{name}",
                            info,
                            getattr(chosen, name) if is_chosen else info.default,
                        )
        self._add("rules_for", GenerationSettings.model_fields["rules_for"], current.rules_for)
        if as_the_seed:
            self._fill_in_as_the_seed()

    def _rule_choices(self) -> list[tuple[str, str]]:
        own = {file.digest: f"{file.name} — {file.digest[:8]}" for file in self.own[StudyFile.Kind.RULES]}
        shipped = {name: f"{SHIPPED_RULES[name]} ({name})" for name in SHIPPED}
        shipped |= {} if self.current.rules in shipped else {self.current.rules: self.current.rules}
        return list((shipped | own).items())

    def _fill_in_as_the_seed(self) -> None:
        """Show the first study's choices; nothing is saved until the two heads are given."""
        filled = dict(AS_THE_SEED)
        for name in ("encoder", "runtime", "precision"):
            filled[f"redefined_tagger-clmr-{name}"] = self.fields[f"tagger-clmr-{name}"].initial
        for name, value in filled.items():
            self.stored_instead[name] = self.fields[name].initial
            self.fields[name].initial = value

    def group_of(self, name: str) -> str:
        """Treat a room's kind and the options of its kinds as one value: an option belongs to its kind."""
        return name.partition("-")[0]

    def _add(self, name: str, info: FieldInfo, initial: Any) -> None:
        self.fields[name] = form_field(name.rpartition("-")[2], info)
        if name.endswith("-file"):
            uploaded = [(file.digest, f"{file.name} — {file.digest[:8]}") for file in self.own["predictions"]]
            first = ("", _("choose one") if uploaded else _("none uploaded yet"))
            text = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                choices=[first, *uploaded], required=False, label=text.label, help_text=text.help_text
            )
        is_value = isinstance(initial, str | int | float | bool)
        self.fields[name].initial = initial if is_value else None

    def groups(self) -> Iterator[Group]:
        """Yield the fields in the order of the page."""
        names = (*OF_THE_STUDY, "rules", "keep_unchanged")
        yield Group(_("Tags"), "", [self[name] for name in names])
        thresholds = [self[f"thresholds-{name}"] for name in VoiceThresholds.model_fields]
        yield Group(
            _("Evidence about voices"),
            _("If the detectors contradict people's tags about a voice, the rule set decides, and you are asked."),
            thresholds,
        )
        for room, kinds in ROOMS.items():
            beside = [self["rules_for"]] if room == "redefined_tagger" else []
            yield Group("", "", [self[room], *beside], room=room)
            for options in kinds:
                kind = kind_of(options)
                fields = [self[name] for name in self.fields if name.startswith(f"{room}-{kind}-")]
                if fields:
                    help_text = self._model_in_words() if options is DiffusersOptions else ""
                    yield Group(kind, help_text, fields, room=room, kind=kind)

    def _model_in_words(self) -> str:
        """Return what the diffusion model takes, of the settings just sent or else of those saved; empty for none."""
        sent = getattr(self, "cleaned_data", {}).get("settings", self.current)
        return model_settings.describe(sent.painter) if isinstance(sent.painter, DiffusersOptions) else ""

    def clean(self) -> dict[str, Any]:
        """Build the settings from the fields of the chosen kinds.

        Options that the page does not show keep their values if the kind stays the same.
        """
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        chosen: dict[str, Any] = self.current.model_dump()
        names = (*OF_THE_STUDY, "rules", "rules_for")
        chosen |= {name: cleaned[name] for name in names if cleaned[name] not in (None, "")}
        chosen["thresholds"] = {
            name: cleaned[f"thresholds-{name}"]
            for name in VoiceThresholds.model_fields
            if cleaned[f"thresholds-{name}"] is not None
        }
        for room, kinds in ROOMS.items():
            kind, before = cleaned[room], getattr(self.current, room)
            prefix = f"{room}-{kind}-"
            emptied = {
                name: None
                for options in kinds
                if kind_of(options) == kind
                for name, info in options.model_fields.items()
                if f"{prefix}{name}" in cleaned and _may_be_none(info.annotation)
            }
            given = emptied | {
                name.removeprefix(prefix): value
                for name, value in cleaned.items()
                if name.startswith(prefix) and value not in (None, "")
            }
            kept = before.model_dump(include=NOT_IN_PAGES) if before is not None and before.kind == kind else {}
            chosen[room] = kept | given | {"kind": kind} if kind else None
        try:
            cleaned["settings"] = GenerationSettings.model_validate(chosen)
        except ValidationError as error:
            self._add_errors(error)
        else:
            self._check_address(cleaned["settings"])
            self._check_language(cleaned["settings"])
            self._check_model(cleaned["settings"])
        return cleaned

    def _check_language(self, chosen: GenerationSettings) -> None:
        writer = chosen.writer
        if not isinstance(writer, OpenAIOptions):
            return
        try:
            load_template(writer.prompt_template, writer.sentence_language)
        except RequestRejected as error:
            self.add_error("writer-openai-prompt_template", str(error))
        if fault := language_fault(chosen):
            self.add_error("writer-openai-sentence_language", fault)

    def _check_model(self, chosen: GenerationSettings) -> None:
        if isinstance(chosen.painter, DiffusersOptions):
            for setting, message in model_settings.faults(chosen.painter):
                self.add_error(f"painter-diffusers-{setting}", message)

    def _check_address(self, chosen: GenerationSettings) -> None:
        if isinstance(chosen.writer, OpenAIOptions):
            try:
                check_host(chosen.writer.base_url, django_settings.WRITER_HOSTS)
            except HostNotAllowed as error:
                self.add_error("writer-openai-base_url", str(error))

    def _add_errors(self, error: ValidationError) -> None:
        for problem in error.errors():
            name = "-".join(str(part) for part in problem["loc"])
            message = _("This field is required.") if problem["type"] == "missing" else problem["msg"]
            message = message.removeprefix("Value error, ")
            self.add_error(name if name in self.fields else None, message)


def _description(options: type[BaseModel]) -> str:
    """Return a kind's name and the first line of its description."""
    first = (options.__doc__ or "").strip().split("\n")[0]
    return f"{kind_of(options)} — {_(first)}"
