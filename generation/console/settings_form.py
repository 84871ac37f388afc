"""The form of the generation settings, built from the options that tagging, writing and painting declare."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from generation.console import model_settings
from generation.painting.options import DiffusersOptions, SketchOptions
from generation.redefinition import SHIPPED, VoiceThresholds
from generation.settings_model import GenerationSettings
from generation.tagging.options import ClmrOptions, MusicnnOptions
from generation.writing import HostNotAllowed
from generation.writing.hosts import check_host
from generation.writing.options import OpenAIOptions, TemplateOptions

ROOMS: dict[str, tuple[type[BaseModel], ...]] = {
    "tagger": (MusicnnOptions, ClmrOptions),
    "writer": (TemplateOptions, OpenAIOptions),
    "painter": (SketchOptions, DiffusersOptions),
}
# `key_variable` names the environment variable that holds a key. Only the operator sets it, since a page could name any
# secret.
NOT_IN_PAGES = {"kind", "key_variable"}
OF_THE_STUDY = ("tag_source", "tag_limit", "tag_floor")
LONG_TEXTS = {"negative_prompt", "adapters"}
LABELS = {
    "voice_at": gettext_lazy("A voice from"),
    "none_at": gettext_lazy("No voice up to"),
    "tagger_at": gettext_lazy("Threshold of the tagger for a voice"),
    "base_url": gettext_lazy("Address of the service"),
    "config": gettext_lazy("Configuration of a single file"),
    "config_revision": gettext_lazy("Revision of the configuration"),
    "adapters": gettext_lazy("LoRA adapters"),
}
CHOICES = {
    "auto": gettext_lazy("people’s where a clip has some, else predicted"),
    "people": gettext_lazy("people’s, as imported"),
    "predicted": gettext_lazy("predicted by the tagger"),
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
        labels = CHOICES if name == "tag_source" else {}
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
    return forms.CharField(widget=widget, strip=True, **shared)


class SettingsForm(forms.Form):
    """The form that shows and validates `GenerationSettings`; each error is shown beside its field."""

    def __init__(self, data: Any = None, *, current: GenerationSettings, keep_unchanged: bool = False) -> None:
        super().__init__(data)
        self.current = current
        for name in OF_THE_STUDY:
            self._add(name, GenerationSettings.model_fields[name], getattr(current, name))
        self.fields["rules"] = forms.ChoiceField(
            label=_("Rule set"),
            help_text=_(GenerationSettings.model_fields["rules"].description or ""),
            choices=[(name, name) for name in dict.fromkeys((*SHIPPED, current.rules))],
            initial=current.rules,
        )
        self.fields["keep_unchanged"] = forms.BooleanField(
            label=_("Keep clips whose tag sets give the same prompts"),
            required=False,
            initial=keep_unchanged,
            help_text=_("Their images are equal in pairs, so they give no information about redefinition."),
        )
        for name, info in VoiceThresholds.model_fields.items():
            self._add(f"thresholds-{name}", info, getattr(current.thresholds, name))
        for room, kinds in ROOMS.items():
            chosen = getattr(current, room)
            self.fields[room] = forms.ChoiceField(
                label=_(room.capitalize()),
                widget=forms.RadioSelect,
                initial=chosen.kind,
                choices=[(kind_of(options), _description(options)) for options in kinds],
            )
            for options in kinds:
                for name, info in options.model_fields.items():
                    if name not in NOT_IN_PAGES:
                        initial = getattr(chosen, name) if chosen.kind == kind_of(options) else info.default
                        self._add(f"{room}-{kind_of(options)}-{name}", info, initial)

    def _add(self, name: str, info: FieldInfo, initial: Any) -> None:
        self.fields[name] = form_field(name.rpartition("-")[2], info)
        is_value = isinstance(initial, str | int | float | bool)
        self.fields[name].initial = initial if is_value else None

    def groups(self) -> Iterator[Group]:
        """Yield the fields in the order of the page."""
        names = (*OF_THE_STUDY, "rules", "keep_unchanged")
        yield Group(_("Tags"), "", [self[name] for name in names])
        thresholds = [self[f"thresholds-{name}"] for name in VoiceThresholds.model_fields]
        yield Group(
            _("Evidence about voices"),
            _("The people's tags are kept; if the detectors disagree, you are asked to decide."),
            thresholds,
        )
        for room, kinds in ROOMS.items():
            yield Group("", "", [self[room]], room=room)
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
        chosen |= {name: cleaned[name] for name in (*OF_THE_STUDY, "rules") if cleaned[name] not in (None, "")}
        chosen["thresholds"] = {
            name: cleaned[f"thresholds-{name}"]
            for name in VoiceThresholds.model_fields
            if cleaned[f"thresholds-{name}"] is not None
        }
        for room in ROOMS:
            kind, before = cleaned[room], getattr(self.current, room)
            prefix = f"{room}-{kind}-"
            given = {
                name.removeprefix(prefix): value
                for name, value in cleaned.items()
                if name.startswith(prefix) and value not in (None, "")
            }
            kept = before.model_dump(include=NOT_IN_PAGES) if before.kind == kind else {}
            chosen[room] = kept | given | {"kind": kind}
        try:
            cleaned["settings"] = GenerationSettings.model_validate(chosen)
        except ValidationError as error:
            self._add_errors(error)
        else:
            self._check_address(cleaned["settings"])
            self._check_model(cleaned["settings"])
        return cleaned

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
