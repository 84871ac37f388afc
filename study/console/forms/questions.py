"""The form of one question, as researchers build it: its texts in each language, its answers, its limits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.texts import add_texts, read_texts, text_names
from study.participants.question_writing import free_key, names_in
from study.participants.questions import (
    MOST_STEPS,
    Answer,
    Choice,
    Matrix,
    Question,
    Scale,
    Several,
    Text,
    in_language,
)
from study.participants.questions import Number as NumberQuestion
from study.setup.question_editing import Renames

# What a researcher can add. A matrix is answered on a scale or by options: two forms, so that neither hides the other.
BUILT: dict[str, Any] = {
    "choice": gettext_lazy("One of several answers"),
    "several": gettext_lazy("Several answers to tick"),
    "scale": gettext_lazy("A scale"),
    "matrix_scale": gettext_lazy("Several rows on one scale"),
    "matrix_choice": gettext_lazy("Several rows with the same answers"),
    "number": gettext_lazy("A number"),
    "text": gettext_lazy("The person's own words"),
}
MOST_ANSWERS = 200
MOST_ROWS = 40
_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_KEY_HELP = gettext_lazy("The name in exports: small letters, digits and _. Left empty, it is made from the text.")


def kind_of(question: Question) -> str:
    """The kind in `BUILT` of a question."""
    if isinstance(question, Matrix):
        return "matrix_choice" if question.options else "matrix_scale"
    return question.type


def clean_key(key: str) -> str:
    """A key as somebody wrote it, empty if it is to be made. Raises ValidationError."""
    key = key.strip()
    if key and not _KEY.fullmatch(key):
        raise ValidationError(
            _("“%(key)s”: use small letters a–z, digits and _, at most 40, and no _ at the beginning.")
            % {"key": key[:60]}
        )
    return key


class QuestionFields(forms.Form):
    """What a question has beside its answers and rows."""

    key = forms.CharField(label=gettext_lazy("Key"), required=False, max_length=60, help_text=_KEY_HELP)
    required = forms.BooleanField(label=gettext_lazy("It has to be answered"), required=False, initial=True)

    def __init__(self, *args: Any, kind: str, languages: Sequence[str], question: Question | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind, self.languages = kind, languages
        if question is not None:
            self.initial = {"key": question.key, "required": question.required}
        texts = question.text if question else {}
        add_texts(self, "text", _("Question"), languages, texts, longest=1000, rows=2)
        self.fields["key"].widget.attrs |= {"class": "mono", "spellcheck": "false", "autocapitalize": "none"}
        if kind in ("scale", "matrix_scale"):
            self._add_steps(question if isinstance(question, Scale | Matrix) else None)
        elif kind == "number":
            limits = question if isinstance(question, NumberQuestion) else None
            for name, label in (("min", _("Smallest number")), ("max", _("Largest number"))):
                limit = getattr(limits, name, None)
                self.fields[name] = forms.FloatField(
                    label=label,
                    required=False,
                    help_text=_("Empty: no limit."),
                    initial=None if limit is None else f"{limit:.15g}",
                )
        elif kind == "text":
            self.fields["max_length"] = forms.IntegerField(
                label=_("How many characters it may have"),
                min_value=1,
                max_value=5000,
                initial=question.max_length if isinstance(question, Text) else 200,
                help_text=_("Up to 120, people get one line."),
            )

    def _add_steps(self, scale: Scale | Matrix | None) -> None:
        ends = (
            ("start", _("From"), 1, "low", _("What the low end means")),
            ("to", _("To"), 7, "high", _("What the high end means")),
        )
        for name, label, initial, text, text_label in ends:
            self.fields[name] = forms.IntegerField(
                label=label, min_value=-100, max_value=1000, initial=getattr(scale, name, initial)
            )
            add_texts(self, text, text_label, self.languages, getattr(scale, text, {}), longest=120)

    def text_fields(self) -> list[forms.BoundField]:
        """The fields of the question's text."""
        return [self[name] for name in text_names("text", self.languages)]

    def ends(self) -> list[list[forms.BoundField]]:
        """The fields of a scale's two ends: the number, then the texts."""
        if "start" not in self.fields:
            return []
        return [
            [self[name], *(self[text] for text in text_names(words, self.languages))]
            for name, words in (("start", "low"), ("to", "high"))
        ]

    def limits(self) -> list[forms.BoundField]:
        """The fields of what a number or text may be."""
        return [self[name] for name in ("min", "max", "max_length") if name in self.fields]

    def clean_key(self) -> str:
        return clean_key(self.cleaned_data["key"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not read_texts(cleaned, "text", self.languages) and not self.errors.keys() & set(
            text_names("text", self.languages)
        ):
            self.add_error(text_names("text", self.languages)[0], _("Write the question, in one language at least."))
        start, to = cleaned.get("start"), cleaned.get("to")
        if start is not None and to is not None and not 1 <= to - start < MOST_STEPS:
            self.add_error("to", _("A scale has 2 to %(most)d steps.") % {"most": MOST_STEPS})
        low, high = cleaned.get("min"), cleaned.get("max")
        if low is not None and high is not None and low > high:
            self.add_error("max", _("No number is between these two: write a larger one, or swap them."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        """The fields of the model that this form holds, without the key."""
        cleaned = self.cleaned_data
        facts: dict[str, Any] = {
            "type": "matrix" if self.kind.startswith("matrix") else self.kind,
            "text": read_texts(cleaned, "text", self.languages),
            "required": cleaned["required"],
        }
        facts |= {name: cleaned[name] for name in ("min", "max", "max_length") if name in self.fields}
        if "start" in self.fields:
            facts |= {"from": cleaned["start"], "to": cleaned["to"]}
            facts |= {name: read_texts(cleaned, name, self.languages) for name in ("low", "high")}
        return facts


class AnswerFields(forms.Form):
    """One answer to choose, or one row of a matrix; empty ones are left out."""

    was = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    key = forms.CharField(label=gettext_lazy("Key"), required=False, max_length=60)
    screen_out = forms.BooleanField(label=gettext_lazy("Screens out"), required=False)
    alone = forms.BooleanField(label=gettext_lazy("Only alone"), required=False)

    def __init__(self, *args: Any, languages: Sequence[str], label: Any, ticks: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        answer: Answer | None = self.initial.get("answer")
        for name in {"screen_out", "alone"} - set(ticks):
            del self.fields[name]
        if answer is not None:
            facts = {"key": answer.key, "was": answer.key} | {name: getattr(answer, name) for name in ticks}
            self.initial = {**self.initial, **facts}
        add_texts(self, "text", label, languages, answer.text if answer else {}, longest=300)
        self.fields["key"].widget.attrs |= {"class": "mono", "spellcheck": "false", "autocapitalize": "none"}

    def text_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in text_names("text", self.languages)]

    def ticks(self) -> list[forms.BoundField]:
        return [self[name] for name in ("screen_out", "alone") if name in self.fields]

    def clean_key(self) -> str:
        return clean_key(self.cleaned_data["key"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("key") and not self.texts() and not self.errors:
            self.add_error(text_names("text", self.languages)[0], _("Write its text, or empty its key."))
        return cleaned

    def texts(self) -> dict[str, str]:
        return read_texts(self.cleaned_data, "text", self.languages)


_Rows = forms.formset_factory(AnswerFields, extra=0, absolute_max=MOST_ANSWERS, max_num=MOST_ANSWERS)


@dataclass(frozen=True)
class RowsPart:
    """The rows of the form that are answers or rows of a matrix, with the words around them."""

    name: str  # prefix of the fields, and in the names of buttons
    title: Any
    add: Any
    formset: Any
    ticks: Sequence[str]


class QuestionBuilder:
    """The whole form of one question: its fields, and the rows of its answers.

    Args:
        others: the other questions of the set, whose keys are taken.
        screens: whether answers of this set can screen out: only those before the clips.
        data: what was sent; None shows the question as it is.
    """

    def __init__(
        self,
        kind: str,
        languages: Sequence[str],
        others: Sequence[Question],
        question: Question | None = None,
        data: QueryDict | None = None,
        *,
        screens: bool = True,
    ) -> None:
        self.kind, self.question, self.others, self.screens = kind, question, others, screens
        known = [code for text in _texts_of(question) for code in text] if question else []
        self.languages = [*languages, *dict.fromkeys(code for code in known if code not in languages)]
        self.fields = QuestionFields(data, kind=kind, languages=self.languages, question=question)
        self.parts = [self._part(name, data) for name in _parts_of(kind)]
        self.errors: list[str] = []

    def _part(self, name: str, data: QueryDict | None) -> RowsPart:
        if name == "row":
            title, add, label, ticks = _("Rows"), _("Add a row"), _("Row"), list[str]()
            answers: Sequence[Answer] = self.question.rows if isinstance(self.question, Matrix) else ()
        else:
            title, add, label = _("Answers"), _("Add an answer"), _("Answer")
            ticks = ["screen_out"] if self.screens and self.kind in ("choice", "several") else []
            ticks += ["alone"] if self.kind == "several" else []
            answers = self.question.options if isinstance(self.question, Choice | Several | Matrix) else ()
        initial: list[dict[str, Any]] = [{"answer": answer} for answer in answers] or [{}, {}, {}]
        formset = _Rows(
            data,
            prefix=name,
            initial=None if data is not None else initial,
            form_kwargs={"languages": self.languages, "label": label, "ticks": ticks},
        )
        return RowsPart(name, title, add, formset, ticks)

    @cached_property
    def is_valid(self) -> bool:
        """Whether all is right, checked once; what belongs to no single field is in `errors`."""
        valid = all([self.fields.is_valid(), *(part.formset.is_valid() for part in self.parts)])
        for part in self.parts:
            if part.formset.is_valid():
                least = 1 if part.name == "row" else 2
                found = len(self._answers(part))
                if found < least:
                    self.errors.append(
                        _("Write one row at least.") if part.name == "row" else _("Write two answers at least.")
                    )
                elif part.name == "row" and found > MOST_ROWS:
                    self.errors.append(_("A question has at most %(most)d rows.") % {"most": MOST_ROWS})
                self._check_keys(part)
            self.errors += part.formset.non_form_errors()
        key = self.fields.cleaned_data.get("key") if self.fields.is_valid() else ""
        if key and key in names_in(self.others):
            self.fields.add_error("key", _("Another question or answer is called so already. Write another one."))
        if not valid or self.errors or self.fields.errors:
            return False
        if both := names_in([self.built()]) & names_in(self.others):
            text = _("Exports would call two answers “%(name)s”: change a key here.")
            self.errors.append(text % {"name": min(both)})
        return not self.errors

    def _check_keys(self, part: RowsPart) -> None:
        keys = [form.cleaned_data["key"] for form in self._answers(part) if form.cleaned_data["key"]]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice:
            self.errors.append(_("The key “%(key)s” is there twice: change one of the two.") % {"key": twice})

    def _answers(self, part: RowsPart) -> list[Any]:
        return [form for form in part.formset.forms if form.cleaned_data and form.texts()]

    def built(self) -> Question:
        """The question of a valid form; keys that were left empty are made from the texts."""
        facts = self.fields.facts()
        taken = names_in(self.others)
        key = self.fields.cleaned_data["key"] or free_key(in_language(facts["text"], "en"), taken, self.kind)
        facts |= {"key": key, **{_FIELD[part.name]: self._rows(part) for part in self.parts}}
        kinds: dict[str, type[Any]] = {
            "choice": Choice,
            "several": Several,
            "number": NumberQuestion,
            "text": Text,
            "scale": Scale,
            "matrix": Matrix,
        }
        question: Question = kinds[facts["type"]].model_validate(facts)
        return question

    def _rows(self, part: RowsPart) -> list[dict[str, Any]]:
        forms_ = self._answers(part)
        taken = {form.cleaned_data["key"] for form in forms_}
        rows = []
        for form in forms_:
            texts = form.texts()
            key = form.cleaned_data["key"] or free_key(in_language(texts, "en"), taken, part.name)
            taken.add(key)
            row = {"key": key, "text": texts} | {name: form.cleaned_data[name] for name in part.ticks}
            rows.append(row)
        return rows

    def renames(self, part: str, new: Question) -> Renames:
        """The names that the question and its answers had, and those that they have now."""
        old = self.question
        if old is None:
            return Renames()
        kept = {
            rows.name: {
                form.cleaned_data["was"]: row["key"]
                for form, row in zip(self._answers(rows), self._rows(rows), strict=True)
                if form.cleaned_data["was"]
            }
            for rows in self.parts
        }
        taken = {
            name: _taken(getattr(old, _FIELD[name], ()), getattr(new, _FIELD[name], ()), kept[name]) for name in kept
        }
        before, after = f"{part}_{old.key}", f"{part}_{new.key}"
        item = "row" if isinstance(old, Matrix) else "option" if isinstance(old, Several) else ""
        columns = {f"{before}_{was}": f"{after}_{now}" for was, now in kept[item].items()} if item else {before: after}
        has_answers = item != "option" and "option" in kept
        return Renames(
            {was: now for was, now in columns.items() if was != now},
            dict.fromkeys(columns, kept["option"]) if has_answers else {},
            frozenset(f"{before}_{key}" for key in taken[item]) if item else frozenset(),
            dict.fromkeys(columns, taken["option"]) if has_answers else {},
        )


def _taken(old: Sequence[Answer], new: Sequence[Answer], kept: Mapping[str, str]) -> frozenset[str]:
    """The keys of removed answers that others have now."""
    return frozenset(answer.key for answer in old if answer.key not in kept) & {answer.key for answer in new}


_FIELD = {"row": "rows", "option": "options"}


def _parts_of(kind: str) -> tuple[str, ...]:
    return {
        "choice": ("option",),
        "several": ("option",),
        "matrix_scale": ("row",),
        "matrix_choice": ("row", "option"),
    }.get(kind, ())


def _texts_of(question: Question) -> list[Mapping[str, str]]:
    texts: list[Mapping[str, str]] = [question.text]
    for name in ("options", "rows"):
        texts += [answer.text for answer in getattr(question, name, [])]
    return texts + [getattr(question, name, {}) for name in ("low", "high")]
