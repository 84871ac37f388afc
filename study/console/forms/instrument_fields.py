"""The fields of a question of a trial: of the question itself, of a category to pick, and of a scale of a rating."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError as Invalid

from study.console.forms.questions import AnswerFields
from study.console.forms.texts import add_texts, read_texts, text_names
from study.instruments.questions import (
    Choose,
    Question,
    localized,
)
from study.participants.question_writing import free_key

_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
_KEY_HELP = gettext_lazy(
    "The name in exports: a small letter, then small letters, digits and _. Left empty, it is made from the text."
)
_STEPS = [(5, gettext_lazy("5 steps")), (7, gettext_lazy("7 steps")), (9, gettext_lazy("9 steps"))]
_OF = {
    "rate": [
        ("images", gettext_lazy("each image")),
        ("chosen", gettext_lazy("each image that was chosen before")),
        ("music", gettext_lazy("the music")),
    ],
    "pick": [("images", gettext_lazy("each image")), ("music", gettext_lazy("the music"))],
}
_LONGEST = 500
# Names of fields that stand beside the texts, in their order.
_LIMITS = ("ranks", "points", "tie", "pairs_per_clip", "of", "layout", "several", "steps")


def clean_key(key: str) -> str:
    """A key as somebody wrote it, empty if it is to be made. Raises ValidationError."""
    key = key.strip()
    if key and not _KEY.fullmatch(key):
        raise ValidationError(
            _("“%(key)s”: begin with a small letter a–z; then small letters, digits and _, at most 30.")
            % {"key": key[:60]}
        )
    return key


def key_from(texts: Mapping[str, str], taken: set[str], otherwise: str) -> str:
    """Return a key that is not taken, of the first words of a text."""
    found = free_key(texts.get("en") or localized(dict(texts)), set(), otherwise)
    stem = (found if _KEY.fullmatch(found) else f"{otherwise}_{found}")[:26]
    return next(key for n in count(1) if (key := stem if n == 1 else f"{stem}_{n}") not in taken)


class InstrumentFields(forms.Form):
    """What a question of a trial has beside its scales or categories."""

    key = forms.CharField(label=gettext_lazy("Key"), required=False, max_length=60, help_text=_KEY_HELP)

    def __init__(
        self,
        *args: Any,
        kind: str,
        languages: Sequence[str],
        images: int,
        question: Question | None,
        pairs_per_clip: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.languages = kind, languages
        self.fields["key"].widget.attrs |= {"class": "mono", "spellcheck": "false", "autocapitalize": "none"}
        self.fields["key"].initial = question.key if question else "choice" if kind == "choose" else ""
        text_help = _("Empty: the usual words, which the preview shows.")
        if kind == "choose":
            text_help = _("Empty: the question of the page “Describe”.")
        add_texts(
            self,
            "text",
            _("Question"),
            languages,
            question.text if question else {},
            longest=_LONGEST,
            rows=2,
            help_text=text_help,
        )
        self._add_own(question, images, pairs_per_clip)

    def _add_own(self, question: Any, images: int, pairs_per_clip: int | None) -> None:
        """Add the fields of the kind."""
        fields = self.fields
        match self.kind:
            case "choose":
                fields["ranks"] = forms.IntegerField(
                    label=_("How many choices, in order"),
                    min_value=1,
                    max_value=images,
                    initial=question.ranks if question else min(2, images),
                    help_text=_("%(n)d: all images are put in order.") % {"n": images},
                )
                fields["points"] = forms.CharField(
                    label=_("Points for each choice"),
                    required=False,
                    max_length=100,
                    initial=", ".join(f"{each:g}" for each in question.points) if question else "",
                    help_text=_("For three choices or more, such as 5, 3, 1. Empty: each one point less than before."),
                )
            case "pair":
                fields["tie"] = _tick(_("Both may fit equally well"), question.tie if question else True)
                most = images * (images - 1) // 2
                fields["pairs_per_clip"] = forms.IntegerField(
                    label=_("Pairs of a clip for each participant"),
                    required=False,
                    min_value=1,
                    max_value=most,
                    initial=pairs_per_clip,
                    help_text=_("Empty: all %(n)d pairs. Fewer make the survey shorter.") % {"n": most},
                )
            case "rate":
                self._add_of(question, "images")
                fields["layout"] = forms.ChoiceField(
                    label=_("How the images are rated"),
                    choices=[("grid", _("all images at once")), ("one", _("one image after the other"))],
                    initial=question.layout if question else "grid",
                )
            case "pick":
                self._add_of(question, "music")
                fields["several"] = _tick(_("Several can be picked"), question.several if question else False)
            case "confidence":
                fields["steps"] = forms.TypedChoiceField(
                    label=_("Steps"), choices=_STEPS, coerce=int, initial=question.steps if question else 5
                )
                _add_ends(self, self.languages, question)
        if self.kind in ("pick", "text"):
            initial = question.required if question else self.kind == "pick"
            fields["required"] = _tick(_("It has to be answered"), initial)

    def _add_of(self, question: Any, initial: str) -> None:
        label = _("What is rated") if self.kind == "rate" else _("What it is about")
        self.fields["of"] = forms.ChoiceField(
            label=label, choices=_OF[self.kind], initial=question.of if question else initial
        )

    def text_fields(self) -> list[forms.BoundField]:
        """The fields of the question's text."""
        return [self[name] for name in text_names("text", self.languages)]

    def ends(self) -> list[list[forms.BoundField]]:
        """The fields of the words at the two ends, of a scale that the question itself has."""
        if self.kind != "confidence":
            return []
        return [[self[text] for text in text_names(end, self.languages)] for end in ("low", "high")]

    def limits(self) -> list[forms.BoundField]:
        """The fields that the kind has beside its texts."""
        return [self[name] for name in _LIMITS if name in self.fields]

    def clean_key(self) -> str:
        return clean_key(self.cleaned_data["key"])

    def clean_points(self) -> list[float]:
        text = self.cleaned_data["points"]
        try:
            return [float(part) for part in re.split(r"[,;\s]+", text) if part]
        except ValueError as error:
            raise ValidationError(_("Write numbers with commas between them, such as 5, 3, 1.")) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("points") and cleaned.get("ranks"):
            try:
                Choose(key="choice", ranks=cleaned["ranks"], points=cleaned["points"])
            except Invalid as error:
                self.add_error("points", error.errors()[0]["msg"].removeprefix("Value error, "))
        return cleaned

    def texts(self, cleaned: Mapping[str, Any]) -> dict[str, str]:
        return read_texts(cleaned, "text", self.languages)

    def facts(self) -> dict[str, Any]:
        """The values of the question that this form holds, without the key."""
        cleaned = self.cleaned_data
        facts = {"kind": self.kind, "text": self.texts(cleaned)}
        facts |= {name: cleaned[name] for name in (*_LIMITS, "required") if name in self.fields}
        facts.pop("pairs_per_clip", None)
        if self.kind == "confidence":
            facts |= {end: read_texts(cleaned, end, self.languages) for end in ("low", "high")}
        return facts


def _tick(label: str, initial: bool) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, initial=initial)


def _add_ends(form: forms.Form, languages: Sequence[str], scale: Any) -> None:
    for end, label in (("low", _("What the low end means")), ("high", _("What the high end means"))):
        add_texts(form, end, label, languages, getattr(scale, end, {}), longest=_LONGEST)


class CategoryFields(AnswerFields):
    """One category to pick; empty ones are left out."""

    def clean_key(self) -> str:
        key = clean_key(self.cleaned_data["key"])
        if key == "none":
            raise ValidationError(_("“none” cannot be the name of a category; rename it"))
        return key

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data and self.texts())

    def facts(self) -> dict[str, Any]:
        return {"text": self.texts()}


class ScaleFields(AnswerFields):
    """One scale of a rating; empty ones are left out."""

    cannot_say = forms.BooleanField(label=gettext_lazy("“Cannot say” can be answered"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scale: Any = self.initial.get("answer")
        self.fields["steps"] = forms.ChoiceField(
            label=_("Steps"),
            choices=[*((str(n), words) for n, words in _STEPS), ("slider", _("slider, 0 to 100"))],
            initial=str(scale.steps) if scale else "7",
        )
        self.initial = {**self.initial, "cannot_say": bool(scale and scale.cannot_say)}
        _add_ends(self, self.languages, scale)

    def clean_key(self) -> str:
        return clean_key(self.cleaned_data["key"])

    def clean(self) -> dict[str, Any]:
        return forms.Form.clean(self) or {}  # a scale alone may be asked by the question's text

    def ticks(self) -> list[forms.BoundField]:
        return [self["cannot_say"]]

    def end_fields(self) -> list[forms.BoundField]:
        return [self[name] for end in ("low", "high") for name in text_names(end, self.languages)]

    @property
    def is_filled(self) -> bool:
        words = self.texts() if self.cleaned_data else {}
        return bool(words or self.cleaned_data.get("key") or any(map(self._end, ("low", "high"))))

    def _end(self, end: str) -> dict[str, str]:
        return read_texts(self.cleaned_data, end, self.languages)

    def facts(self) -> dict[str, Any]:
        steps = self.cleaned_data["steps"]
        return {
            "text": self.texts(),
            "steps": steps if steps == "slider" else int(steps),
            "low": self._end("low"),
            "high": self._end("high"),
            "cannot_say": self.cleaned_data["cannot_say"],
        }
