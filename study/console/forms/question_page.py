"""The forms of the page “Questions” beside the questions: headings, quotas, groups of people, YAML."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.texts import add_texts, read_texts, text_names
from study.console.forms.versions import KeptForm
from study.errors import StudyError
from study.models import Study
from study.participants.answers_table import AnswerColumn
from study.participants.moderators import cuts_text, moderator_columns, planned_moderators, read_cuts
from study.participants.questions import LIMITS, Choice, QuestionSet, localized

MOST_QUOTAS = 100
EMPTY_QUOTAS = 2  # rows to add more


class TextsForm(KeptForm, forms.Form):
    """One text in each language."""

    def __init__(
        self, *args: Any, name: str, label: Any, languages: Sequence[str], texts: Mapping[str, str], **kwargs: Any
    ) -> None:
        rows = kwargs.pop("rows", 1)
        super().__init__(*args, **kwargs)
        self.name, self.languages = name, languages
        add_texts(self, name, label, languages, texts, longest=300 if rows == 1 else 5000, rows=rows)

    def fields_in_order(self) -> list[forms.BoundField]:
        return [self[name] for name in text_names(self.name, self.languages)]

    def texts(self) -> dict[str, str]:
        return read_texts(self.cleaned_data, self.name, self.languages)


def quota_choices(questions: QuestionSet | None) -> list[tuple[str, str]]:
    """The answers that can have a quota, each with its question."""
    return [
        (f"{question.key}={option.key}", f"{localized(question.text)[:70]} – {localized(option.text)[:50]}")
        for question in (questions.questions if questions else [])
        if isinstance(question, Choice)
        for option in question.options
    ]


class QuotasForm(KeptForm, forms.Form):
    """The quotas as rows: an answer, and how many people may give it; a row without a number is none."""

    def __init__(self, study: Study, questions: QuestionSet | None, data: Any = None) -> None:
        super().__init__(data)
        choices = [("", "–"), *quota_choices(questions)]
        sent = [int(found[1]) for name in data or () if (found := re.fullmatch("answer_([0-9]{1,2})", name))]
        self.count = min(max(len(study.quotas) + EMPTY_QUOTAS, *(at + 1 for at in sent), 0), MOST_QUOTAS)
        for at in range(self.count):
            stored = study.quotas[at] if at < len(study.quotas) else None
            self.fields[f"answer_{at}"] = forms.ChoiceField(
                label=_("Question and answer"),
                required=False,
                choices=choices,
                initial=f"{stored['question']}={stored['answer']}" if stored else "",
            )
            self.fields[f"limit_{at}"] = forms.IntegerField(
                label=_("At most"),
                required=False,
                min_value=1,
                max_value=999_999,
                initial=stored["limit"] if stored else None,
            )

    def group_of(self, name: str) -> str:
        """Rows have no meaning of their own: what one person empties would be another's row."""
        return "quotas"

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"answer_{at}"], self[f"limit_{at}"]) for at in range(self.count)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen = set()
        for at in range(self.count):
            answer, limit = cleaned.get(f"answer_{at}"), cleaned.get(f"limit_{at}")
            if limit and answer == "":
                self.add_error(f"answer_{at}", _("Choose the answer, or empty the number."))
            if answer and answer in seen:
                self.add_error(f"answer_{at}", _("An answer is there twice: keep one of the two."))
            seen.add(answer)
        return cleaned

    def quotas(self) -> list[dict[str, Any]]:
        """The quotas that have a number."""
        found = []
        for at in range(self.count):
            answer, limit = self.cleaned_data[f"answer_{at}"], self.cleaned_data[f"limit_{at}"]
            if answer and limit:
                question, _equals, key = answer.partition("=")
                found.append({"question": question, "answer": key, "limit": limit})
        return found


class GroupsForm(KeptForm, forms.Form):
    """By which answers the analysis compares groups of people: a tick, and for numbers where a new group begins."""

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = moderator_columns(study)
        planned = {row["column"]: row["cuts"] for row in planned_moderators(study)}
        for column in self.columns:
            self.fields[column.name] = forms.BooleanField(
                label=localized(column.text), required=False, initial=column.name in planned
            )
            if column.kind != "choice":
                self.fields[f"{column.name}:cuts"] = forms.CharField(
                    label=_("A new group begins at"),
                    required=False,
                    max_length=100,
                    initial=cuts_text(planned.get(column.name, [])),
                    widget=forms.TextInput(attrs={"placeholder": "30, 50", "inputmode": "decimal"}),
                )

    def group_of(self, name: str) -> str:
        """A tick and its numbers mean something only together."""
        return name.removesuffix(":cuts")

    def rows(self) -> list[tuple[AnswerColumn, forms.BoundField, forms.BoundField | None]]:
        """Each answer with its tick and, for a number or scale, its numbers."""
        return [
            (column, self[column.name], self[f"{column.name}:cuts"] if column.kind != "choice" else None)
            for column in self.columns
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.moderators: list[dict[str, Any]] = []
        for column in self.columns:
            cuts = cleaned.get(f"{column.name}:cuts") or ""
            if cleaned.get(column.name):
                try:
                    self.moderators.append({"column": column.name, "cuts": read_cuts(cuts, column)})
                except StudyError as error:
                    self.add_error(f"{column.name}:cuts", str(error))
            elif cuts.strip():
                self.add_error(f"{column.name}:cuts", _("Tick the answer, too, or empty this."))
        return cleaned


class YamlForm(KeptForm, forms.Form):
    """A question set as YAML: written or pasted, or as a file, which replaces what is written."""

    text = forms.CharField(
        label=gettext_lazy("Question set in YAML"),
        required=False,
        strip=False,  # the first line is indented as the others are
        max_length=LIMITS.characters,
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false", "wrap": "off"}),
        help_text=gettext_lazy("Empty: no questions."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,text/yaml,text/plain"}),
        help_text=gettext_lazy("It replaces the text above."),
    )

    def _settle(self) -> None:
        """Take a file's text for what is written: it, too, replaces nobody's text unseen."""
        file = self.files.get(self.add_prefix("file"))
        with suppress(forms.ValidationError):  # `clean_file` says it
            if file and (text := _text_of(file)).strip():
                data = self.data.copy()  # type: ignore[attr-defined]
                data[self.add_prefix("text")] = text
                self.data = data
        super()._settle()

    def clean_file(self) -> None:
        """Refuse a file that is no text."""
        if file := self.cleaned_data["file"]:
            _text_of(file)

    def yaml(self) -> str:
        return str(self.cleaned_data["text"])


def _text_of(file: UploadedFile) -> str:
    if (file.size or 0) > 4 * LIMITS.characters:
        raise forms.ValidationError(
            _("The file is larger than a question set can be: at most %(limit)d characters.")
            % {"limit": LIMITS.characters}
        )
    file.seek(0)
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise forms.ValidationError(
            _("The file is no text in UTF-8. Save it as UTF-8, and choose it again.")
        ) from error
