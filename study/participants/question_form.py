"""The form in which participants answer a question set: each kind's fields, and the answers as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from study.participants.questions import (
    Answer,
    Choice,
    Matrix,
    Number,
    Question,
    QuestionSet,
    Scale,
    Several,
    item_name,
    localized,
)


@dataclass(frozen=True)
class Asked:
    """A question as its page shows it: its fields (of a matrix one for each row), and the words at a scale's ends."""

    type: str
    label: str
    required: bool
    fields: list[forms.BoundField]
    low: str = ""
    high: str = ""
    has_steps: bool = False

    @property
    def field(self) -> forms.BoundField:
        return self.fields[0]

    @property
    def is_missing(self) -> bool:
        return any(field.errors for field in self.fields)


class QuestionForm(forms.Form):
    """The fields of one question set, answered as `answers` (`Participant.answers`) says."""

    def __init__(
        self, questions: QuestionSet, data: Any = None, *, answers: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, initial=_initial(questions, answers or {}), **kwargs)
        self.questions = questions.questions
        for question in self.questions:
            if isinstance(question, Matrix):
                for row in question.rows:
                    self.fields[item_name(question, row)] = _one_of(question, localized(row.text), _steps(question))
            else:
                self.fields[question.key] = _field(question)

    def asked(self) -> list[Asked]:
        """The questions in their order."""
        return [self._asked(question) for question in self.questions]

    def _asked(self, question: Question) -> Asked:
        names = [item_name(question, row) for row in question.rows] if isinstance(question, Matrix) else [question.key]
        facts: dict[str, Any] = {}
        if isinstance(question, Scale | Matrix):
            has_steps = not (isinstance(question, Matrix) and question.options)
            facts = {"low": localized(question.low), "high": localized(question.high), "has_steps": has_steps}
        fields = [self[name] for name in names]
        return Asked(question.type, localized(question.text), question.required, fields, **facts)

    def clean(self) -> dict[str, Any]:
        """Refuse “none of these” together with others."""
        cleaned = super().clean() or {}
        for question in self.questions:
            given = cleaned.get(question.key) or []
            if isinstance(question, Several) and len(given) > 1:
                for option in question.options:
                    if option.alone and option.key in given:
                        text = _("Choose “%(answer)s” alone, or the other answers without it.")
                        self.add_error(question.key, text % {"answer": localized(option.text)})
                        break
        return cleaned

    def answers(self) -> dict[str, object]:
        """The answers as plain data, without empty ones: of several a list of keys, of a matrix one answer a row."""
        found: dict[str, object] = {}
        for question in self.questions:
            value: Any = self.cleaned_data.get(question.key)
            if isinstance(question, Matrix):
                given = {row.key: self.cleaned_data.get(item_name(question, row)) for row in question.rows}
                value = {key: answer for key, answer in given.items() if answer}
            elif isinstance(question, Several):
                value = [option.key for option in question.options if option.key in (value or [])]
            if value not in (None, "", [], {}):
                found[question.key] = value
        return found


def is_screened_out(questions: QuestionSet, answers: Mapping[str, Any]) -> bool:
    """Whether one of the options chosen screens the participant out."""
    return any(
        option.screen_out and option.key in _chosen(answers.get(question.key))
        for question in questions.questions
        if isinstance(question, Choice | Several)
        for option in question.options
    )


def _chosen(given: Any) -> list[str]:
    return given if isinstance(given, list) else [given]


def _initial(questions: QuestionSet, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as first values of the fields, without those to a draft's question that was of another kind."""
    initial: dict[str, Any] = {}
    for question in questions.questions:
        given = answers.get(question.key)
        if isinstance(question, Matrix):
            rows = given if isinstance(given, dict) else {}
            initial |= {item_name(question, row): rows.get(row.key) for row in question.rows}
        elif not isinstance(given, dict) and isinstance(given, list) == isinstance(question, Several):
            initial[question.key] = given
    return initial


def _steps(question: Scale | Matrix) -> list[tuple[str, str]]:
    if isinstance(question, Matrix) and question.options:
        return _texts(question.options)
    return [(str(step), str(step)) for step in range(question.start, question.to + 1)]


def _texts(options: list[Any]) -> list[tuple[str, str]]:
    named: list[Answer] = options
    return [(option.key, localized(option.text)) for option in named]


def _one_of(question: Question, label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=question.required, choices=choices, widget=forms.RadioSelect)


def _field(question: Question) -> forms.Field:
    label, required = localized(question.text), question.required
    if isinstance(question, Choice):
        return _one_of(question, label, _texts(question.options))
    if isinstance(question, Scale | Matrix):
        return _one_of(question, label, _steps(question))
    if isinstance(question, Several):
        ticks = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(label=label, required=required, choices=_texts(question.options), widget=ticks)
    if isinstance(question, Number):
        return forms.FloatField(label=label, required=required, min_value=question.min, max_value=question.max)
    widget = forms.Textarea(attrs={"rows": 3}) if question.max_length > 120 else forms.TextInput()
    return forms.CharField(label=label, required=required, max_length=question.max_length, widget=widget)
