"""What the page “Questions” shows: the sets, screening, quotas and groups, with the forms to change them."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from study.ballots.table import counted_kind
from study.console.forms.question_page import GroupsForm, QuotasForm, TextsForm
from study.console.forms.questions import BUILT, kind_of
from study.console.forms.texts import own_name
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Study
from study.participants.answers_table import PARTS, question_columns
from study.participants.consent_and_questions import quota_counts
from study.participants.moderators import planned_moderators
from study.participants.question_form import QuestionForm
from study.participants.question_writing import is_own_layout, texts_missing
from study.participants.questions import (
    SHIPPED,
    Choice,
    Question,
    QuestionSet,
    QuestionSetError,
    Several,
    load_question_set,
    localized,
    shipped_question_set,
)
from study.setup import question_editing
from study.texts import languages_of, shipped_screen_out_text


def titles() -> dict[str, str]:
    return {"before": _("Before the clips"), "after": _("After the clips")}


def place_of(study: Study, part: str, key: str = "") -> str:
    """The address of a part or question on the page."""
    return f"{reverse('study_questions', args=[study.slug])}#{part}{'-' if key else ''}{key}"


class QuestionsPage:
    """The page of one study: its sets and forms, of which one may hold what was sent."""

    def __init__(self, study: Study, sender: Any) -> None:
        self.sender, self.status = sender, 200
        self.study, self.languages = study, languages_of(study)
        self.sets = {part: set_of(study, part) for part in PARTS}
        self.problem = ""
        self._make_forms("", None)

    def _make_forms(self, save: str, data: Any) -> None:
        study = self.study
        self.headings = {
            part: TextsForm(
                data if save == f"heading-{part}" else None,
                name=f"title_{part}",
                label=_("Heading of the page"),
                languages=_known(self.languages, found.title if found else {}),
                texts=found.title if found else {},
            )
            for part, found in self.sets.items()
        }
        told = _known(self.languages, study.screen_out_text)
        shown = {code: study.screen_out_text.get(code) or shipped_screen_out_text(code) for code in told}
        self.screening = TextsForm(
            data if save == "screening" else None,
            name="screen_out_text",
            label=_("What people read who are screened out"),
            languages=told,
            texts=shown,
            rows=3,
        )
        self.quotas = QuotasForm(study, self.sets["before"], data if save == "quotas" else None)
        self.groups = GroupsForm(study, data if save == "groups" else None)
        for part, form in self.headings.items():
            form.editing = editing(study, self.sender, "questions changed", part=part, change="heading")
        self.screening.editing = editing(study, self.sender, "text for people who are screened out changed")
        self.quotas.editing = editing(study, self.sender, "quotas saved")
        self.groups.editing = editing(study, self.sender, "groups of people saved")

    def form_named(self, save: str, data: Any = None) -> Any:
        """Return the form of a button, as it is shown, or with what was sent."""
        self._make_forms(save, data)
        return self._verbs()[save][0]

    def store(self, save: str) -> str:
        """Save the form of a button, which is valid; return what to say.

        Raises:
            StudyError: it cannot be saved.
        """
        _form, verb, done = self._verbs()[save]
        verb()
        return done

    def _verbs(self) -> dict[str, tuple[Any, Callable[[], Any], str]]:
        """Each form of the page by its button, with what saves it and what is said then."""
        verbs: dict[str, tuple[Any, Callable[[], Any], str]] = {
            "quotas": (
                self.quotas,
                lambda: question_editing.save_quotas(self.study, self.quotas.quotas(), actor=self.sender),
                _("The quotas are saved."),
            ),
            "groups": (
                self.groups,
                lambda: question_editing.save_groups(self.study, self.groups.moderators, actor=self.sender),
                _("The groups of people are saved."),
            ),
            "screening": (
                self.screening,
                lambda: question_editing.save_screen_out_text(
                    self.study, _own_texts(self.screening.texts()), actor=self.sender
                ),
                _("The text is saved."),
            ),
        } | {
            f"heading-{part}": (
                form,
                lambda part=part, form=form: question_editing.set_heading(
                    self.study, part, form.texts(), actor=self.sender
                ),
                _("The heading is saved."),
            )
            for part, form in self.headings.items()
        }
        return verbs

    def save(self, save: str, request: HttpRequest) -> str:
        """Save the form of a button; return what to say, empty if it was refused."""
        if save not in self._verbs():
            raise Http404
        form = self.form_named(save, request.POST)
        if not form.is_valid():
            self.status = form.refusal_status
            self.problem = _("Nothing was saved yet. Please look at the marked fields.")
            return ""
        try:
            done = self.store(save)
        except StudyError as error:
            self.status, self.problem = 400, str(error)
            return ""
        if kept := form.taken_in_words():
            messages.info(request, kept)
        return done

    def context(self) -> dict[str, Any]:
        study = self.study
        counts = _quota_counts(study)
        return {
            "study": study,
            "problem": self.problem,
            "parts": [self._part(part) for part in PARTS],
            "kinds": BUILT,
            "shipped": [_shipped(name) for name in SHIPPED],
            "screening": self.screening,
            "screening_options": _screening_options(self.sets["before"]),
            "quotas": self.quotas,
            "quota_rows": [_quota_row(self.sets["before"], quota, counts) for quota in study.quotas],
            "has_choices": any(isinstance(row, Choice) for row in questions_in(self.sets["before"])),
            "groups": self.groups,
        }

    def _part(self, part: str) -> dict[str, Any]:
        found, text = self.sets[part], getattr(self.study, f"questions_{part}").rstrip()
        return {
            "key": part,
            "title": titles()[part],
            "heading": self.headings[part],
            "rows": [self._row(part, question) for question in questions_in(found)],
            "broken": _fault(text) if text and found is None else "",
            "is_by_hand": found is not None and not is_own_layout(text),
        }

    def _row(self, part: str, question: Question) -> dict[str, Any]:
        names = {column.name for column in question_columns(part, question)}
        lacking = texts_missing(question, self.languages)
        return {
            "question": question,
            "text": localized(question.text),
            "kind": BUILT[kind_of(question)],
            "screens_out": part == "before"
            and isinstance(question, Choice | Several)
            and any(row.screen_out for row in question.options),
            "has_quota": part == "before" and any(row["question"] == question.key for row in self.study.quotas),
            "groups": any(row["column"] in names for row in planned_moderators(self.study)),
            "missing": [(own_name(code), n) for code, n in lacking.items()],
        }


def questions_in(found: QuestionSet | None) -> Sequence[Question]:
    return found.questions if found else []


def set_of(study: Study, part: str) -> QuestionSet | None:
    """The set of a part; None without questions, or if the text of a draft cannot be read."""
    try:
        return question_editing.stored_set(study, part)
    except QuestionSetError:
        return None


def _fault(text: str) -> str:
    try:
        load_question_set(text)
    except QuestionSetError as error:
        return str(error)
    return ""


def _known(languages: Sequence[str], used: Any) -> list[str]:
    """The study's languages, and others in which there is a text already."""
    return [*languages, *(code for code in used if code not in languages)]


def _own_texts(given: dict[str, str]) -> dict[str, str]:
    """The texts that are not those that ship."""
    return {code: text for code, text in given.items() if text != shipped_screen_out_text(code)}


def _screening_options(found: QuestionSet | None) -> list[tuple[str, str]]:
    return [
        (localized(question.text), localized(option.text))
        for question in questions_in(found)
        if isinstance(question, Choice | Several)
        for option in question.options
        if option.screen_out
    ]


def _quota_row(found: QuestionSet | None, quota: dict[str, Any], counts: Any) -> dict[str, Any]:
    named = {
        (question.key, option.key): (localized(question.text), localized(option.text))
        for question in questions_in(found)
        if isinstance(question, Choice)
        for option in question.options
    }
    key = (quota["question"], quota["answer"])
    question, answer = named.get(key, key)
    return {"question": question, "answer": answer, "limit": quota["limit"], "count": counts[key] if counts else 0}


def _shipped(name: str) -> dict[str, Any]:
    found = load_question_set(shipped_question_set(name))
    return {
        "name": name,
        "title": localized(found.title),
        "questions": [localized(row.text) for row in found.questions],
    }


def alone(question: Question) -> QuestionSet:
    """A set of this question only."""
    return QuestionSet.model_construct(title={}, questions=[question])


def as_participants_see(questions: QuestionSet, languages: Sequence[str]) -> list[dict[str, Any]]:
    """The questions as their page shows them in each language, without a form around them."""
    shown = []
    for code in languages:
        with override(code):
            form = QuestionForm(questions, auto_id=f"preview_{code}_%s", prefix=f"preview_{code}")
            html = render_to_string("survey/_questions.html", {"form": form})
            shown.append({"code": code, "name": own_name(code), "title": localized(questions.title), "html": html})
    return shown


def _quota_counts(study: Study) -> dict[tuple[str, str], int]:
    """Count who fills the quotas of the current stage; nobody does in a draft."""
    if not study.quotas or study.settings_can_change:
        return {}
    return quota_counts(study, counted_kind(study), study.stage)
